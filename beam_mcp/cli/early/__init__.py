"""Speaking before the SDK is imported: the handshake and the tool list, from what was prepared when it was built."""
