"""The server, through real clients."""
