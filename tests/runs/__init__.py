"""Durable runs: what they promise, and what becomes of them when their workers are killed."""
