"""The rows of runs: what was asked for, how it went, what it cost."""
