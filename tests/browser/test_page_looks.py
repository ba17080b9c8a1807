"""How the pages look and read: structure for a screen reader, phone width, both color schemes, and hostile text."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from beam_mcp.sandbox.world import World
from tests.server.paged import paged, wanting

from .browsing import browsing
from .visiting import DESK, PHONE, visiting

pytestmark = pytest.mark.anyio

HOUR = 3600.0
HARM = (
    "<script>alert(1)</script><img src=//evil.example/x onerror=alert(2)><svg onload=alert(3)>"
    "</textarea></title></style><form action=//evil.example><button>Approve</button></form>"
    "\"autofocus onfocus='alert(4)' [click](javascript:alert(5)) ![x](https://evil.example/y) {{7*7}} {% raw %}"
    "\u202egnp.exe\u2066 zero\u200bwidth \x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x00 שלום "
    + "W"
    * 200
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests here; each has a window of its own."""
    async with browsing() as found:
        yield found


def nothing(_: World) -> None:
    """An empty inbox."""


def one_question(world: World) -> None:
    """A single question."""
    world.add_task("Invoice Matcher", age=2 * HOUR)


def ten_items(world: World) -> None:
    """One of everything, and more."""
    for age, (agent, status) in enumerate(
        [
            ("Payment Runner", "USER_CONSENT_REQUIRED"),
            ("Follow-up Scheduler", "USER_CONSENT_REQUIRED"),
            ("Payment Runner", "USER_CONSENT_REQUIRED"),
            ("Invoice Matcher", "USER_INPUT_REQUIRED"),
            ("Support Triage", "USER_INPUT_REQUIRED"),
            ("CRM Sync", "AUTHENTICATION_REQUIRED"),
            ("Lead Enricher", "INSUFFICIENT_CREDITS"),
            ("Invoice Matcher", "USER_INPUT_REQUIRED"),
            ("Belegprüfung", "USER_CONSENT_REQUIRED"),
            ("Market Research", "USER_CONSENT_REQUIRED"),
        ]
    ):
        world.add_task(agent, status=status, age=HOUR * (age + 1))


def many_parameters(world: World) -> None:
    """A hundred parameters of every kind."""
    note = "Deliver to the back entrance and ring twice; leave the pallet under the roof if nobody is there."
    lines = {f"line_{n}_{'quantity' if n % 3 else 'note'}": n * 7 if n % 3 else note for n in range(1, 98)}
    kinds = {"express": True, "address": {"city": "Hamburg", "contacts": ["Jana", "Tom"]}, "amount": 1497.9}
    wanting(world, lines | kinds)


def hostile(world: World) -> None:
    """Text that means harm, wherever somebody else writes."""
    wanting(
        world, {"recipient": HARM, f"amount{HARM}": HARM, "data": {HARM: [HARM]}}, tool=HARM, describes=HARM, why=HARM
    )
    everywhere = {"task_query": HARM, "agent_name": HARM, "node_objective": HARM, "custom_id": HARM}
    world.add_task("Payment Runner", age=HOUR, texts=everywhere)
    world.add_task("Support Triage", age=HOUR, texts={"question": HARM, "memory_answer": HARM} | everywhere)
    world.add_task("Invoice Matcher", age=HOUR, texts={"suggestion": HARM})
    world.add_task("CRM Sync", status="AUTHENTICATION_REQUIRED", age=HOUR, texts=everywhere | {"tool_name": HARM})


SCENES: list[Callable[[World], None]] = [nothing, one_question, ten_items, many_parameters, hostile]


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_every_scene_fits_can_be_read_and_is_inert(
    browser: Browser, tmp_path: Path, scene: Callable[[World], None], scheme: str, size: dict[str, int]
) -> None:
    world = World(populated=False)
    scene(world)
    async with (
        paged(world) as pages,
        visiting(browser, pages, scheme="dark" if scheme == "dark" else "light", size=size) as visit,
    ):
        await visit.see(pages.inbox())
        await visit.keep(tmp_path, f"{scene.__name__}-{scheme}-{size['width']}")
        assert await visit.too_wide() <= 0
        assert await visit.page.evaluate(PALE) == []
        assert await visit.page.evaluate(SMALL) == []
        assert await visit.page.evaluate(UNNAMED) == []
        assert (
            await visit.page.evaluate("document.querySelectorAll('main :is(script, img, svg, iframe, style)').length")
            == 0
        )
    assert not pages.acts()


async def test_a_screen_reader_hears_one_heading_for_the_page_and_one_for_each_decision(browser: Browser) -> None:
    world = World(populated=False)
    ten_items(world)
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.inbox())
        levels = await visit.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => h.localName)")
        assert levels == ["h1"] + ["h2"] * (len(levels) - 1)
        heard = await visit.page.locator("main").aria_snapshot()
        names = re.findall(r'button "((?:Approve|Reject|Send)[^"]*)"', heard)
        assert len(names) == len(set(names)) > 10
        assert len(await visit.page.get_by_role("main").all()) == 1
        assert await visit.page.get_by_role("article").count() == len(levels) - 1
        await visit.page.get_by_role("navigation", name="On this page").get_by_role("link").nth(2).click()
        await expect(visit.page.get_by_role("heading", level=2).nth(2)).to_be_in_viewport()
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.decision(world.task("PAY-101")))
        assert await visit.page.get_by_role("heading", level=1).inner_text() == "Approve “Send payment”?"


async def test_the_buttons_of_a_long_form_are_always_in_reach_and_cover_no_field(browser: Browser) -> None:
    world = World(populated=False)
    many_parameters(world)
    async with paged(world) as pages, visiting(browser, pages, size=PHONE) as visit:
        await visit.see(pages.inbox())
        await expect(visit.button("Approve")).to_be_in_viewport(ratio=1)
        for field in await visit.page.get_by_label("line_4").all():
            await field.focus()
            bottom = await field.evaluate("field => field.getBoundingClientRect().bottom")
            top = await visit.button("Approve").evaluate("button => button.getBoundingClientRect().top")
            assert bottom <= top
        await expect(visit.page.locator("fieldset .field")).to_have_count(100)


async def test_paper_gets_the_whole_of_it(browser: Browser) -> None:
    world = World(populated=False)
    many_parameters(world)
    async with paged(world) as pages, visiting(browser, pages, scheme="dark") as visit:
        await visit.see(pages.inbox())
        await visit.page.emulate_media(media="print")
        await expect(visit.button("Approve")).to_be_hidden()
        assert await visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# Text that stands out from what is behind it by less than WCAG AA asks for (4.5 to 1), in the browser's own colors.
PALE = """() => {
  const parts = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const said = (element) =>
    element.matches("textarea, select") ||
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.checkVisibility() && said(element) && !element.closest("svg, option"))
    .map((element) => {
      const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
      return [element.localName, element.className, (a + 0.05) / (b + 0.05)];
    })
    .filter(([, , ratio]) => ratio < 4.5);
}"""

# What is pressed or written in but smaller than a finger needs.
SMALL = """() => [...document.querySelectorAll("main :is(button, a, textarea, select)")]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
  .map((element) => element.outerHTML.slice(0, 80))"""

# Fields without a label, and ids that stand for two things.
UNNAMED = """() => [
  ...[...document.querySelectorAll("textarea, select")]
    .filter((field) => !field.labels.length)
    .map((field) => field.id),
  ...[...document.querySelectorAll("[aria-describedby], [aria-labelledby]")].flatMap((element) =>
    `${element.getAttribute("aria-describedby") ?? ""} ${element.getAttribute("aria-labelledby") ?? ""}`
      .split(" ")
      .filter((id) => id && !document.getElementById(id)),
  ),
  ...[...document.querySelectorAll("[id]")]
    .map((element) => element.id)
    .filter((id, at, all) => all.indexOf(id) !== at),
]"""
