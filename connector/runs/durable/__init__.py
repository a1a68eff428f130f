"""The durable engine (DBOS), and what it needs of a database: queues, leases, patience with outages."""
