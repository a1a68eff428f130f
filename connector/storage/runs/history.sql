-- In them {shown} are the columns of a run, {open} its states before its end, {deleted} the writer of what was
-- deleted: that stays for the sums and keys that it is part of, and is shown nowhere.

-- name: insert
INSERT INTO runs ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING

-- name: by_key
SELECT {shown} FROM runs WHERE token_name = :token_name AND idempotency_key = :idempotency_key

-- name: get
SELECT {shown} FROM runs WHERE id = :id AND writer <> {deleted}

-- name: durations
-- Rows of batches and steps wait for others, which says nothing of how long they take.
SELECT seconds FROM (SELECT * FROM runs WHERE action = :action ORDER BY id DESC LIMIT 100) AS latest
WHERE environment = :environment AND state = 'succeeded' AND batch IS NULL AND parent IS NULL

-- name: children
SELECT id, place, state, credits, billed FROM runs WHERE parent = :parent ORDER BY id

-- name: event
INSERT INTO run_events (run_id, seq, at, kind, data)
SELECT :run_id, coalesce(max(seq), 0) + 1, :at, :kind, :data FROM run_events WHERE run_id = :run_id
RETURNING seq

-- name: first_event
-- What a run begins with needs no look at what came before.
INSERT INTO run_events (run_id, seq, at, kind, data) VALUES (:run_id, :seq, :at, :kind, :data)

-- name: events
SELECT * FROM run_events WHERE run_id = :run_id AND seq > :after ORDER BY seq

-- name: left_open
-- What is durable is a worker's, and never a host's to end or to take over.
SELECT {shown} FROM runs WHERE {open} AND durable = 0 ORDER BY id

-- name: take_over
-- Of several hosts that start at once, one takes a run over.
UPDATE runs SET writer = :writer WHERE id = :id AND writer = :before AND {open} RETURNING {shown}

-- name: take
UPDATE runs SET writer = :writer WHERE id = :id AND {open} RETURNING {shown}

-- name: delete
UPDATE runs SET writer = {deleted}, title = '', inputs = '{}', options = '{}', result = NULL,
    error = NULL, file = NULL, thumbnail = NULL, definition = NULL, updated = :updated
WHERE id = :id AND state NOT IN ('queued', 'running') AND billed <> 'unknown'

-- name: delete_events
DELETE FROM run_events WHERE run_id = :id

-- name: uses
SELECT 1 FROM runs WHERE file = :id OR inputs LIKE :like OR result LIKE :like
UNION ALL SELECT 1 FROM schedules WHERE inputs LIKE :like
UNION ALL SELECT 1 FROM batches WHERE defaults LIKE :like
UNION ALL SELECT 1 FROM batch_rows WHERE inputs LIKE :like LIMIT 1

-- name: list
SELECT {shown} FROM runs WHERE {condition} ORDER BY id {order} LIMIT :limit

-- name: count
SELECT count(*) AS count FROM (SELECT 1 FROM runs WHERE {condition} LIMIT :most) AS found

-- name: having
SELECT id, inputs, result FROM
    (SELECT id, inputs, result FROM runs WHERE {condition} ORDER BY id DESC LIMIT :most) AS newest
WHERE {words} ORDER BY id DESC

-- name: has_word
(lower(inputs) LIKE :{word} OR lower(coalesce(result, '')) LIKE :{word} OR id LIKE :{word})

-- name: seen
SELECT DISTINCT {column} FROM (SELECT {column} FROM runs ORDER BY id DESC LIMIT :most) AS newest
WHERE {column} <> '' ORDER BY {column}
