"""Connections, and the secrets that are kept for each."""
