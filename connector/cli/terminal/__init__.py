"""The terminal: columns, colour, bars, progress, pictures."""
