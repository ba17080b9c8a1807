"""How fast and how light it is, beside what else there is."""
