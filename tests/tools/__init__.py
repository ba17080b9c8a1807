"""The tools as a model meets them: through a real client, with the sandbox behind the server."""
