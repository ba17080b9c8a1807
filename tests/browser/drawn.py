"""The page and the card as a browser draws them of what others wrote, and what in them is not of our templates."""

from typing import Any

from playwright.async_api import Browser

from beam_mcp.sandbox.world import World
from tests.browser.host import hosting
from tests.browser.visiting import visiting
from tests.foreign import checks
from tests.foreign.bodies import serve_inbox
from tests.foreign.corpus import CORPUS, LONG
from tests.server.paged import paged

DRAWN = [attack for attack in CORPUS if len(attack.text) < LONG]
FEWEST = 6  # tasks of an inbox that have to be there
# What our templates are made of. A picture is the one sign in the page's head bar.
OURS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "script",
        "style",
        "body",
        "header",
        "svg",
        "circle",
        "path",
        "main",
        "h1",
        "h2",
        "nav",
        "ol",
        "li",
        "a",
        "article",
        "p",
        "span",
        "bdi",
        "form",
        "button",
        "input",
        "label",
        "dl",
        "div",
        "dt",
        "dd",
        "fieldset",
        "legend",
        "textarea",
        "select",
        "option",
        "q",
        "footer",
        "noscript",
    ]
)
LOOK = """() => {
  const all = [...document.querySelectorAll('*')];
  const shown = (e) => e.localName === 'textarea' || e.localName === 'input' ? e.value : '';
  return {
    tags: [...new Set(all.map((e) => e.localName))],
    attributes: [...new Set(all.flatMap((e) => e.getAttributeNames()))],
    links: [...new Set(all.flatMap((e) => [e.href, e.src, e.action].filter((a) => typeof a === 'string' && a)))],
    scripts: document.scripts.length,
    text: document.body.innerText + all.map(shown).join('\\n'),
    hit: String(window.hit),
    base: document.baseURI,
  };
}"""


def wrong(seen: dict[str, Any], home: str) -> list[str]:
    """What is in a document that our templates did not put there."""
    found = [f"element {tag}" for tag in seen["tags"] if tag not in OURS]
    found += [f"attribute {name}" for name in seen["attributes"] if name.startswith("on") or name in {"ping", "srcdoc"}]
    found += [f"link {link}" for link in seen["links"] if not link.startswith((home, "about:"))]
    found += [f"unseen {odd}" for odd in sorted(checks.unseen(seen["text"]))]
    found += ["marks heaped"] if checks.heaped(seen["text"]) else []
    return found + ([f"hit: {seen['hit']}"] if seen["hit"] != "undefined" else [])


def turns(attacks: list[Any], page: int) -> range:
    """Ten turns, so far from each other that together they bring every attack before the person."""
    return range(page, len(attacks), max(1, len(attacks) // 9))[:10]


async def on_page(browser: Browser, attacks: list[Any], first: int, kind: int = 0, *, script: bool) -> list[str]:
    """What is wrong with the page of an inbox whose tasks begin with this turn, and with this kind of waiting."""
    world = World(populated=False)
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        serve_inbox(world, attacks, turns(attacks, first), kind)
        await visit.see(address := pages.inbox())
        seen = await visit.page.evaluate(LOOK)
        found = wrong(seen, pages.base)
        found += [] if seen["scripts"] == 2 else [f"{seen['scripts']} scripts"]
        found += [f"at {place}" for place in {visit.page.url, seen["base"]} - {address}]
        return found + _missing(seen, await visit.page.locator("article").count(), world)


async def in_card(browser: Browser, attacks: list[Any], first: int, kind: int = 0) -> list[str]:
    """What is wrong with the card of such an inbox."""
    world = World(populated=False)
    async with hosting(browser, world) as host:
        serve_inbox(world, attacks, turns(attacks, first), kind)
        await host.draw("get_pending_questions")
        await host.settled()
        await host.card.locator("article").nth(FEWEST - 1).wait_for()
        seen: dict[str, Any] = await host.card.locator("body").evaluate(LOOK)
        found = wrong(seen, "data:")
        found += [] if seen["scripts"] == 1 else [f"{seen['scripts']} scripts"]
        return found + _missing(seen, await host.card.locator("article").count(), world)


def _missing(seen: dict[str, Any], drawn: int, world: World) -> list[str]:
    """No inbox to look at, no attack in it, or something that was done to it."""
    found = [] if drawn >= FEWEST else [f"{drawn} tasks drawn"]
    found += [] if "window.hit" in seen["text"] else ["no attack shown"]
    return found + [f"done: {act}" for act in world.acts]
