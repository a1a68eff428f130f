"""The connector over HTTP: an API for everything the engine does, and the console beside it."""
