-- name: one
SELECT ticks.*, runs.state AS run_state, runs.credits, runs.billed, runs.seconds
FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id WHERE ticks.schedule = :name AND ticks.at = :at

-- name: under_way
-- A run that is about to be written down is under way, too.
SELECT ticks.run_id FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id
WHERE ticks.schedule = :name AND ticks.at <> :at AND ticks.state = 'begun'
AND (runs.state IS NULL OR runs.state IN ('queued', 'running')) LIMIT 1

-- name: before
SELECT count(*) AS count FROM ticks WHERE schedule = :name AND at < :at AND state = 'due'

-- name: spent
-- What may have been paid for counts: at its price, or at its estimate until that is known.
SELECT coalesce(sum(
    CASE WHEN runs.state IS NULL OR runs.state IN ('queued', 'running') THEN coalesce(ticks.estimate, 0)
    WHEN runs.billed = 'no' THEN 0 ELSE coalesce(runs.credits, ticks.estimate, 0) END
), 0) AS credits
FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id
WHERE ticks.schedule = :name AND ticks.at <> :at AND ticks.state = 'begun' AND ticks.updated >= :midnight

-- name: decide
UPDATE ticks SET state = :state, message = :message, estimate = :estimate, updated = :now
WHERE schedule = :name AND at = :at AND state = 'due'

-- name: run
UPDATE ticks SET run_id = :run_id WHERE schedule = :name AND at = :at AND run_id IS NULL

-- name: refused
UPDATE ticks SET state = 'refused', message = :message, updated = :now WHERE schedule = :name AND at = :at
