"""The worker: what executes durable runs until it is stopped."""
