"""`python -m tests.browser`: draw every attack at every place of an inbox, on the page and in the card; for minutes."""

import sys

import anyio

from tests.browser.browsing import browsing
from tests.browser.drawn import DRAWN, in_card, on_page, turns


async def _sweep() -> list[str]:
    found: list[str] = []
    apart = turns(DRAWN, 0).step
    async with browsing() as browser:
        for first in range(apart):
            by_place = {
                "page": await on_page(browser, DRAWN, first, script=True),
                "page without script": await on_page(browser, DRAWN, first, script=False),
                "card": await in_card(browser, DRAWN, first),
            }
            found += [f"{place}, from turn {first}: {what}" for place, wrong in by_place.items() for what in wrong]
    print(f"{len(DRAWN)} attacks in {3 * apart} documents: {len(found)} found", *found, sep="\n")  # noqa: T201 - it is a command
    return found


if __name__ == "__main__":
    sys.exit(1 if anyio.run(_sweep) else 0)
