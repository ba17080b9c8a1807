"""The doors: the commands a person types."""
