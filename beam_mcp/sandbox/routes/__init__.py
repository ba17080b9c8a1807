"""What Beam answers on each of its paths, one file a noun."""
