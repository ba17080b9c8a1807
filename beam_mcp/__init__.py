"""beam-mcp: hand work to your Beam agents from the chat you are already in."""

__version__ = "0.3.0"
