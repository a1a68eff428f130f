-- name: get
SELECT * FROM batches WHERE id = :id OR name = :id

-- name: list
SELECT * FROM batches WHERE :before = '' OR id < :before ORDER BY id DESC LIMIT :limit

-- name: end
UPDATE batches SET state = :state, message = :message, updated = :updated
WHERE id = :id AND state = 'feeding'

-- name: count
UPDATE batches SET total = (SELECT count(*) FROM batch_rows WHERE batch = :id) WHERE id = :id
