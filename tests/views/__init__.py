"""How foreign words become safe, short ones."""
