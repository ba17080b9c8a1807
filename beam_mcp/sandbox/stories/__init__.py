"""The stories agents live through, told as data."""
