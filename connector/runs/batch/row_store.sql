-- name: replace
UPDATE batch_rows
SET inputs = :inputs, digest = :digest, label = :label, estimate = :estimate, state = 'pending',
    outcome = NULL, message = NULL, files = NULL, updated = :updated
WHERE batch = :batch AND number = :number AND state IN ('pending', 'failed', 'cancelled')

-- name: price
UPDATE batch_rows SET estimate = :estimate WHERE batch = :batch AND number = :number AND state = 'pending'

-- name: drop
DELETE FROM batch_rows WHERE batch = :batch AND number = :number
AND state IN ('pending', 'failed', 'cancelled') AND billed = 'no' RETURNING number

-- name: last
SELECT max(number) AS last FROM batch_rows WHERE batch = :batch

-- name: digests
SELECT number, digest, state FROM batch_rows
WHERE batch = :batch AND number BETWEEN :first AND :last ORDER BY number

-- name: pending
SELECT * FROM batch_rows WHERE batch = :batch AND state = 'pending' AND number > :after
ORDER BY number LIMIT :limit

-- name: begin
UPDATE batch_rows SET state = 'running', run_id = :run_id, updated = :updated
WHERE batch = :batch AND number = :number AND state = 'pending'

-- name: refuse
UPDATE batch_rows
SET state = 'failed', outcome = :outcome, billed = 'no', credits = 0, message = :message, updated = :updated
WHERE batch = :batch AND number = :number AND state = 'pending'

-- name: ended_runs
SELECT batch_rows.number, batch_rows.estimate,
    runs.state, runs.outcome, runs.credits, runs.billed, runs.seconds, runs.error
FROM batch_rows JOIN runs ON runs.id = batch_rows.run_id
WHERE batch_rows.batch = :batch AND batch_rows.state = 'running'
AND runs.state NOT IN ('queued', 'running')
ORDER BY batch_rows.number

-- name: later_runs
SELECT batch_rows.number, max(runs.id) AS run_id
FROM batch_rows JOIN runs ON runs.batch = batch_rows.batch AND runs.row = batch_rows.number
WHERE batch_rows.batch = :batch AND batch_rows.state <> 'running' AND batch_rows.state <> 'succeeded'
AND (
    runs.id > coalesce(batch_rows.run_id, '')
    OR (
        runs.id = batch_rows.run_id AND batch_rows.state IN ('unknown', 'cancelled')
        AND runs.state <> batch_rows.state
    )
)
GROUP BY batch_rows.number

-- name: follow
UPDATE batch_rows SET state = 'running', run_id = :run_id, files = NULL, updated = :updated
WHERE batch = :batch AND number = :number

-- name: end
UPDATE batch_rows
SET state = :state, outcome = :outcome, credits = :credits, billed = :billed, seconds = :seconds,
    message = :message, files = NULL, updated = :updated
WHERE batch = :batch AND number = :number AND state = 'running'

-- name: ended_since
SELECT count(*) AS count FROM batch_rows
WHERE batch = :batch AND state <> 'pending' AND state <> 'running' AND updated >= :moment

-- name: count_if
SELECT count(*) AS count FROM batch_rows WHERE batch = :batch AND {condition}

-- name: left_if
SELECT count(*) AS count, coalesce(sum(estimate), 0) AS estimate FROM batch_rows
WHERE batch = :batch AND (state = 'pending' OR {condition})

-- name: outside
SELECT outcome FROM batch_rows WHERE batch = :batch AND state = 'failed' AND billed = 'no'
AND outcome IN ({outside}) ORDER BY number LIMIT 1

-- name: to_deliver
SELECT * FROM batch_rows
WHERE batch = :batch AND files IS NULL AND state <> 'pending' AND state <> 'running'
ORDER BY number LIMIT :limit

-- name: deliver
UPDATE batch_rows SET files = :files WHERE batch = :batch AND number = :number

-- name: failed
SELECT * FROM batch_rows WHERE batch = :batch AND state IN ('failed', 'unknown')
ORDER BY number LIMIT :limit

-- name: rows
SELECT * FROM batch_rows WHERE batch = :batch AND number > :after ORDER BY number LIMIT :limit

-- name: counts
SELECT state, count(*) AS count, sum(estimate) AS estimate
FROM batch_rows WHERE batch = :batch GROUP BY state

-- name: spent
-- Runs rather than rows: one that was tried again has cost each time. What nobody knows counts as paid.
SELECT runs.billed, sum(coalesce(runs.credits, batch_rows.estimate)) AS credits
FROM runs JOIN batch_rows ON batch_rows.batch = runs.batch AND batch_rows.number = runs.row
WHERE runs.batch = :batch AND runs.billed <> 'no' AND runs.state NOT IN ('queued', 'running')
AND (batch_rows.state <> 'running' OR runs.id <> batch_rows.run_id)
GROUP BY runs.billed

-- name: broken_off
SELECT run_id FROM batch_rows
WHERE batch = :batch AND state = 'cancelled' AND billed <> 'no' AND run_id IS NOT NULL

-- name: running
SELECT number, run_id, estimate FROM batch_rows WHERE batch = :batch AND state = 'running'

-- name: again_if
UPDATE batch_rows
SET state = 'pending', outcome = NULL, message = NULL, files = NULL, credits = NULL, billed = 'no',
    updated = :updated
WHERE batch = :batch AND {condition} RETURNING number
