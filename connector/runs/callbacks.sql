-- name: add
INSERT INTO callbacks (subject, kind, url, state) VALUES (:subject, :kind, :url, 'pending')
ON CONFLICT (subject) DO NOTHING

-- name: get
SELECT * FROM callbacks WHERE subject = :subject

-- name: enter
UPDATE callbacks SET state = :state, message = :message WHERE subject = :subject

-- name: ended
SELECT callbacks.subject FROM callbacks
LEFT JOIN runs ON callbacks.kind = 'run' AND runs.id = callbacks.subject
LEFT JOIN batches ON callbacks.kind = 'batch' AND batches.id = callbacks.subject
WHERE callbacks.state = 'pending' AND (
    runs.state NOT IN ('queued', 'running') OR batches.state NOT IN ('written', 'feeding', 'paused')
)
