-- name: spent
SELECT coalesce(sum(credits), 0) AS spent FROM spending
WHERE day = :day AND connection = :connection AND environment = :environment

-- name: token
-- The limit of the token for whose run it is, where that has one, and what it has spent. Ids sort by time.
SELECT tokens.name, tokens.limit_daily AS cap, (
    SELECT coalesce(sum(past.counted), 0) FROM invocations AS past
    JOIN runs AS others ON others.id = past.origin AND others.token_name = tokens.name
    WHERE past.id >= :since AND past.day = :day
        AND past.connection = :connection AND past.environment = :environment
) AS spent
FROM runs JOIN tokens ON tokens.name = runs.token_name
WHERE runs.id = :origin AND tokens.limit_daily IS NOT NULL

-- name: summary
SELECT day, connection, environment, action, count(*) AS invocations,
    sum(counted) AS credits,
    sum(CASE WHEN billed = 'unknown' THEN counted ELSE 0 END) AS uncertain
FROM invocations
WHERE day >= :first AND day <= :last
GROUP BY day, connection, environment, action
ORDER BY day, connection, environment, action

-- name: get
SELECT * FROM invocations WHERE id = :id OR upstream_id = :id ORDER BY id DESC LIMIT 1

-- name: of_origin
-- At most one has not failed, and it is the last: ids are no proof of it where the clock was set back.
SELECT * FROM invocations WHERE origin = :origin ORDER BY state = 'failed', id DESC LIMIT 1

-- name: writer
SELECT state, writer FROM invocations WHERE id = :id

-- name: entries
SELECT * FROM invocations WHERE created >= :since ORDER BY id DESC LIMIT :limit

-- name: entries_in_state
SELECT * FROM invocations WHERE state = :state AND created >= :since ORDER BY id DESC LIMIT :limit

-- name: unknown
-- What was tried once more is decided upon. A filtered answer came, whatever it cost.
SELECT * FROM invocations
WHERE (state = 'unknown'
        OR (state IN ('failed', 'cancelled') AND billed = 'unknown' AND outcome <> 'filtered'))
    AND NOT EXISTS (SELECT 1 FROM runs WHERE retry_of = invocations.origin)
ORDER BY id DESC LIMIT :limit

-- name: left_open
SELECT id, created, state, writer FROM invocations WHERE state IN ('intended', 'sent')

-- name: sent
-- Who is about to send must be the only one. The same process may send again, what was refused unread.
UPDATE invocations SET state = 'sent', writer = :writer
WHERE id = :id AND (state = 'intended' OR (state = 'sent' AND writer = :writer))
RETURNING id

-- name: unrun
UPDATE invocations SET state = 'intended' WHERE id = :id AND state = 'sent' AND writer = :writer

-- name: running
UPDATE invocations
SET state = 'running', upstream_id = :upstream_id, "fetch" = :fetch,
    next_poll = :next_poll, deadline = :deadline
WHERE id = :id
RETURNING id

-- name: poll_turn
UPDATE invocations SET next_poll = :until
WHERE id = :id AND coalesce(next_poll, 0) NOT BETWEEN :now AND :furthest
RETURNING state

-- name: polled
UPDATE invocations SET next_poll = :next_poll WHERE id = :id RETURNING id

-- name: settle
-- Who woke up late and knows nothing does not undo what a person has decided.
UPDATE invocations
SET state = :state, outcome = :outcome, billed = :billed, credits = coalesce(:credits, credits),
    request_id = coalesce(:request_id, request_id), message = :message, next_poll = NULL
WHERE id = :id AND (:state <> 'unknown' OR state <> 'failed')
RETURNING id

-- name: saved
UPDATE invocations SET files = :files WHERE id = :id RETURNING id

-- name: cancel
UPDATE invocations
SET billed = CASE WHEN state = 'intended' THEN 'no' ELSE billed END,
    state = 'cancelled', outcome = 'job_cancelled', next_poll = NULL
WHERE id = :id AND state IN ('intended', 'running', 'cancelled')
RETURNING id

-- name: not_sent
UPDATE invocations
SET state = 'failed', billed = 'no', outcome = 'not_sent',
    message = 'it ended before the request left; it can be invoked again'
WHERE id = :id AND state = 'intended'

-- name: lost
UPDATE invocations
SET state = 'unknown', outcome = 'unknown',
    message = 'the process ended before the answer came; see at the upstream whether it ran'
WHERE id = :id AND state = 'sent'
