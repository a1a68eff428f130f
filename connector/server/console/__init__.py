"""The host's web page: server-rendered pages, plain scripts, and nothing from elsewhere."""
