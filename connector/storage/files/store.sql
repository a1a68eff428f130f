-- name: get
SELECT * FROM files WHERE id = :id AND (expires IS NULL OR expires > :now)

-- name: thumbnail
SELECT id FROM files WHERE thumbnail_of = :id

-- name: use
UPDATE files SET unused = 0, expires = :expires
WHERE id = :id AND unused = 1 OR thumbnail_of = (SELECT id FROM files WHERE id = :id AND unused = 1)

-- name: family
SELECT id FROM files WHERE id = :id OR thumbnail_of = :id

-- name: delete
DELETE FROM files WHERE id = :id OR thumbnail_of = :id

-- name: expired
SELECT id FROM files WHERE expires <= :now AND thumbnail_of IS NULL
