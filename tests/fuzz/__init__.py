"""The host is asked for whatever its own document allows, and for what it does not allow."""
