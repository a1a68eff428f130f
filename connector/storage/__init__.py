"""What a machine, or many that share a database, keep: connections, files, ledger, runs."""
