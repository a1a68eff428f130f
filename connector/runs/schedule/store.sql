-- name: get
SELECT * FROM schedules WHERE name = :name

-- name: list
SELECT * FROM schedules ORDER BY name

-- name: pause
UPDATE schedules SET paused = :paused, updated = :now WHERE name = :name

-- name: resume
-- What came meanwhile is nothing that was missed.
UPDATE schedules SET paused = 0, updated = :now, since = :now WHERE name = :name AND paused = 1

-- name: settled
UPDATE schedules SET since = :since WHERE name = :name AND since < :since

-- name: ticks
SELECT ticks.*, runs.state AS run_state, runs.credits, runs.billed, runs.seconds
FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id
WHERE ticks.schedule = :name AND ticks.at < :before ORDER BY ticks.at DESC LIMIT :limit

-- name: tick
INSERT INTO ticks (schedule, at, updated, why, state, message)
VALUES (:name, :at, :now, :why, :state, :message) ON CONFLICT (schedule, at) DO NOTHING
