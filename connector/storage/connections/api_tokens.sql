-- name: add
INSERT INTO tokens (name, role, digest, created, expires, scope, limit_daily)
VALUES (:name, :role, :digest, :created, :expires, :scope, :limit_daily)
ON CONFLICT DO NOTHING RETURNING name

-- name: add_first
INSERT INTO tokens (name, role, digest, created)
SELECT :name, :role, :digest, :created WHERE NOT EXISTS (SELECT 1 FROM tokens)
RETURNING name

-- name: remove
-- Without one that may manage and does not end, nobody could ever add another.
DELETE FROM tokens WHERE name = :name AND (
    role <> 'manage' OR expires IS NOT NULL
    OR EXISTS (SELECT 1 FROM tokens WHERE role = 'manage' AND expires IS NULL AND name <> :name)
) RETURNING name

-- name: list
SELECT * FROM tokens ORDER BY created, name

-- name: who
SELECT * FROM tokens WHERE digest = :digest AND (expires IS NULL OR expires > :now)

-- name: named
SELECT * FROM tokens WHERE name = :name

-- name: used
UPDATE tokens SET last_used = :now WHERE name = :name
