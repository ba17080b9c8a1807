"""What is remembered between two calls of one conversation: pure data."""
