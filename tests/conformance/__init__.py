"""What the official conformance suite of MCP needs to find in a server, beside what our server offers by itself."""
