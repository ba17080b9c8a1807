"""The MCP face: composing the server, its error boundary and its transports."""
