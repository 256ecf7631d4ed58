"""`serve`, `mcp` and `token`; never a request."""
