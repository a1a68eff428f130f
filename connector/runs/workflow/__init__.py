"""Workflows: what they declare, how they are read and checked, and what each step is given."""
