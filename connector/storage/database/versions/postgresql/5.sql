-- Whether a run was tried once more, and how many ended in which way, however many there are.

CREATE INDEX runs_by_retry ON runs (retry_of) WHERE retry_of IS NOT NULL

CREATE INDEX runs_counted ON runs (kind, state, outcome) WHERE durable = 1
