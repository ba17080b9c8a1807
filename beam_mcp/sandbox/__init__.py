"""A Beam of our own on loopback: raw JSON with all its oddities, in real time, importing nothing else of ours."""
