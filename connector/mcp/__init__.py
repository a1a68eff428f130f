"""The connector as MCP tools: every action is one, whose results can be looked at and read."""
