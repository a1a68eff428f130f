-- name: strays
SELECT runs.id, flow.status FROM runs LEFT JOIN {table} AS flow ON flow.workflow_uuid = runs.id
WHERE runs.durable = 1 AND runs.state IN ('queued', 'running') AND runs.updated < :before
AND (
    flow.status IS NULL OR flow.status NOT IN ('ENQUEUED', 'DELAYED', 'PENDING')
    OR (flow.status = 'PENDING' AND flow.executor_id = :executor)
)
ORDER BY runs.id

-- name: elsewhere
SELECT DISTINCT executor_id FROM {table} WHERE status = 'PENDING' AND executor_id <> :executor

-- name: left_there
SELECT workflow_uuid, queue_name FROM {table} WHERE status = 'PENDING' AND executor_id = :executor
