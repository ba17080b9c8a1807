"""Write the list of what an installation brings along: `python -m tests.supply`."""

from tests.supply.dependencies import LISTED, listing

LISTED.write_text(listing(), encoding="utf-8")
