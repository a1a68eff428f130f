"""Durable runs as they are asked for: submitted, executed, resumed, settled."""
