-- name: current
SELECT * FROM workflow_versions AS one WHERE integration = :integration AND text IS NOT NULL AND version = (
    SELECT max(version) FROM workflow_versions
    WHERE integration = one.integration AND workflow = one.workflow
) ORDER BY workflow

-- name: history
SELECT * FROM workflow_versions WHERE integration = :integration AND workflow = :workflow
ORDER BY version DESC LIMIT 200

-- name: add
INSERT INTO workflow_versions (integration, workflow, version, created, token_name, text)
VALUES (:integration, :workflow, :version, :created, :token_name, :text)
