-- The first slot that somebody of the background gave up unawares.

ALTER TABLE budgets ADD COLUMN owed DOUBLE PRECISION NOT NULL DEFAULT 0

-- Of two who take a run for theirs, one may send.

CREATE UNIQUE INDEX invocations_of_run ON invocations (origin)
WHERE origin IS NOT NULL AND state <> 'failed'
