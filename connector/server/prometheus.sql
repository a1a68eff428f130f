-- name: queue
SELECT kind, state, count(*) AS count FROM runs
WHERE durable = 1 AND state IN ('queued', 'running') GROUP BY kind, state

-- name: ended
SELECT kind, coalesce(outcome, state) AS outcome, count(*) AS count FROM runs
WHERE durable = 1 AND state NOT IN ('queued', 'running') GROUP BY kind, coalesce(outcome, state)

-- name: batches
SELECT state, count(*) AS count FROM batches GROUP BY state

-- name: rows
SELECT state, count(*) AS count FROM batch_rows GROUP BY state

-- name: schedules
SELECT ticks.schedule, CASE WHEN ticks.state = 'begun' THEN coalesce(runs.state, ticks.state)
    ELSE ticks.state END AS outcome, 1 AS count
FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id
WHERE ticks.at = (SELECT max(at) FROM ticks AS others WHERE others.schedule = ticks.schedule)
