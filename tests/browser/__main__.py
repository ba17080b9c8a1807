"""`python -m tests.browser`: draw all attacks but the floods in inboxes, on the page and in the card: many minutes."""

import sys
from itertools import product

import anyio

from tests.browser.browsing import browsing
from tests.browser.drawn import DRAWN, in_card, on_page, turns

KINDS = 3  # of waiting


async def _sweep() -> list[str]:
    found: list[str] = []
    apart = turns(DRAWN, 0).step
    async with browsing() as browser:
        for first, kind in product(range(apart), range(KINDS)):
            by_place = {
                "page": await on_page(browser, DRAWN, first, kind, script=True),
                "page without script": await on_page(browser, DRAWN, first, kind, script=False),
                "card": await in_card(browser, DRAWN, first, kind),
            }
            found += [f"{p}, from turn {first}, {kind}: {what}" for p, wrong in by_place.items() for what in wrong]
    print(f"{len(DRAWN)} attacks in {3 * KINDS * apart} documents: {len(found)} found", *found, sep="\n")  # noqa: T201 - it is a command
    return found


if __name__ == "__main__":
    sys.exit(1 if anyio.run(_sweep) else 0)
