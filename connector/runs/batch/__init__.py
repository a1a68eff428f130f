"""Batches: rows of inputs become runs, and runs become files."""
