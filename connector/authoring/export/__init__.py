"""What other platforms register: descriptions of the host's HTTP API, made of specs. Pure but for writing."""
