"""The commands, each a module: its options, what it does, what it shows."""
