"""What is asked and sent: `/api`, `/v1` and MCP; never a rule of the library."""
