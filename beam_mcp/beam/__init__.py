"""The Beam API as Python: one noun a file, its shapes and its calls together; it has never heard of MCP."""
