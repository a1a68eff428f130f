-- name: add
INSERT INTO tokens (name, role, digest, created) VALUES (:name, :role, :digest, :created)
ON CONFLICT DO NOTHING RETURNING name

-- name: add_first
INSERT INTO tokens (name, role, digest, created)
SELECT :name, :role, :digest, :created WHERE NOT EXISTS (SELECT 1 FROM tokens)
RETURNING name

-- name: remove
-- Without one that may manage, nobody could ever add another.
DELETE FROM tokens WHERE name = :name AND (
    role <> 'manage' OR EXISTS (SELECT 1 FROM tokens WHERE role = 'manage' AND name <> :name)
) RETURNING name

-- name: list
SELECT * FROM tokens ORDER BY created, name

-- name: who
SELECT * FROM tokens WHERE digest = :digest
