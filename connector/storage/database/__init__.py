"""The database: one SQLite file, or a PostgreSQL server that many machines share."""
