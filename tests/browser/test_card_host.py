"""The card and its host: the handshake, what each may not do, looks and size, and text that means harm."""

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .host import ABLE, Host, hosting

pytestmark = pytest.mark.anyio

HOUR = 3600.0
HARM = (
    '<img src=x onerror="alert(1)"><script>alert(2)</script><a href="https://evil.example/">here</a>'
    '</textarea></form><form action="https://evil.example/"><button>Approve</button>'
    '<iframe src="https://evil.example/"></iframe>" onfocus="alert(3)" autofocus x="{{7*7}}'
)
FITS = """() => {
    const { scrollHeight, scrollWidth } = document.documentElement;
    return scrollHeight <= innerHeight && scrollWidth <= innerWidth;
}"""
LESS: dict[str, Any] = {"serverTools": {}}
REFUSED = (
    "<p>Fine</p><img src='data:,'>",
    "<p onclick='alert(1)'>Press</p>",
    "<a href='https://evil.example/'>Out</a>",
    "<a href='javascript:alert(1)'>Out</a>",
    "<a href='/'>Out</a>",
    "<form action='https://evil.example/'></form>",
    "<button formaction='https://evil.example/'>Out</button>",
    "<script>alert(1)</script>",
    "<style>p { background: url(https://evil.example/) }</style>",
    "<p style='background: url(https://evil.example/)'>Out</p>",
    "<meta http-equiv='refresh' content='0;url=https://evil.example/'>",
    "<svg><script>alert(1)</script></svg>",
    "<template><img src=x onerror=alert(1)></template>",
)


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=HOUR)


async def test_the_card_begins_as_the_specification_says(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world) as host:
        await host.open()
        sent = await host.page.evaluate("() => host.heard.slice(0, 2)")
        await expect(host.card.get_by_text("One moment")).to_be_visible()
        await host.say("ui/notifications/tool-input-partial", {"arguments": {"task": "PAY-9"}})
        await host.say("ui/notifications/tool-input", {"arguments": {"task": payment.custom_id}})
        assert await host.ask("ping") == {"jsonrpc": "2.0", "id": "host-1", "result": {}}
        assert not host.called
        await host.say("ui/notifications/tool-result", {"content": []})
        await expect(host.card.locator("form")).to_have_count(1)
        assert host.called == ["show_card"]
    initialize, initialized = sent
    assert initialize["method"] == "ui/initialize"
    assert initialize["params"]["protocolVersion"] == "2026-01-26"
    assert initialize["params"]["appInfo"]["name"] == "beam-card"
    assert initialize["params"]["appCapabilities"] == {"availableDisplayModes": ["inline", "fullscreen"]}
    assert initialized == {"jsonrpc": "2.0", "method": "ui/notifications/initialized", "params": {}}


async def test_the_card_ends_as_the_specification_says(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await host.settled()
        assert (await host.ask("ui/resource-teardown"))["result"] == {}
        assert (await host.ask("tools/list"))["error"]["code"] == -32601
        assert (await host.ask("constructor"))["error"]["code"] == -32601


async def test_a_host_that_cannot_call_tools_is_told_of_where_to_decide(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", {}, task=payment.custom_id)
        await expect(host.card.get_by_role("alert")).to_have_text(
            "This chat cannot pass on what you decide here. Decide in the Beam app, or ask in the chat."
        )
        await expect(host.card.get_by_text("One moment")).to_have_count(0)
        assert not host.called


async def test_a_host_that_refuses_a_call_is_quoted(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await host.settled()
        await host.deny("tools/call")
        await host.card.get_by_label("Words for the agent").fill("Kept")
        await host.card.get_by_role("button", name="Approve").click()
        await expect(host.card.get_by_role("alert")).to_have_text(
            "Whether this was done is not known; Refresh shows how it stands: This host does not allow it"
        )
        await expect(host.card.get_by_label("Words for the agent")).to_have_value("Kept")
    assert not world.acts


async def test_a_call_that_was_stopped_is_said(browser: Browser, world: World) -> None:
    async with hosting(browser, world) as host:
        await host.open()
        await host.say("ui/notifications/tool-cancelled", {"reason": "<b>user action</b>"})
        await expect(host.card.get_by_role("alert")).to_have_text("The call was stopped: <b>user action</b>.")


@pytest.mark.parametrize("able", [ABLE, LESS])
async def test_a_document_from_an_earlier_session_is_read_anew_or_said_to_be_old(
    browser: Browser, world: World, payment: TaskState, able: dict[str, Any]
) -> None:
    async with hosting(browser, world) as earlier:
        document = await earlier.document()
    async with hosting(browser, world) as host:
        host.old_document = document
        await host.draw("approve_step", able, task=payment.custom_id)
        await host.settled()
        if able == ABLE:
            await host.card.get_by_role("button", name="Approve").click()
            await host.heard("ui/update-model-context")
        else:
            await expect(host.card.get_by_role("alert")).to_contain_text("This card is from an earlier session")
    assert len(world.acts) == (1 if able == ABLE else 0)


async def test_it_looks_as_the_host_does_and_follows_it(browser: Browser, world: World, payment: TaskState) -> None:
    looks = {"--color-background-primary": "rgb(1, 2, 3)", "--color-text-primary": "rgb(250, 251, 252)"}
    async with hosting(browser, world) as host:
        context = {"theme": "dark", "styles": {"variables": looks}, "locale": "en-GB"}
        await host.draw("approve_step", context=context, task=payment.custom_id)
        root, body = host.card.locator("html"), host.card.locator("body")
        await expect(root).to_have_css("color-scheme", "dark")
        await expect(body).to_have_css("color", "rgb(250, 251, 252)")
        await host.say("ui/notifications/host-context-changed", {"theme": "light"})
        await expect(root).to_have_css("color-scheme", "light")
        await expect(body).to_have_css("color", "rgb(250, 251, 252)")
        insets = {"top": 11, "right": 12, "bottom": 13, "left": 14}
        await host.say("ui/notifications/host-context-changed", {"safeAreaInsets": insets})
        await expect(root).to_have_css("padding", "11px 12px 13px 14px")
        await expect(root).to_have_css("color-scheme", "light")


async def test_the_frame_is_as_high_as_the_card(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world, viewport={"width": 360, "height": 800}) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await host.settled()
        await expect(host.card.locator("form")).to_have_count(1)
        high = (await host.heard("ui/notifications/size-changed", least=2))[-1]["height"]
        frame = host.page.frames[1]
        await frame.wait_for_function(FITS)
        await host.card.get_by_role("button", name="Reject").click()
        await host.settled()
        sizes = await host.heard("ui/notifications/size-changed", least=3)
        await frame.wait_for_function(FITS)
        assert sizes[-1]["height"] < high
        assert len(sizes) < 12


async def test_hostile_text_is_text(browser: Browser, world: World) -> None:
    places = ("task_query", "agent_name", "node_objective", "tool_name", "tool_description", "tool_parameter")
    world.add_task("Payment Runner", age=HOUR, texts=dict.fromkeys(places, HARM))
    asking = ("question", "memory_answer", "suggestion", "node_objective", "agent_name")
    world.add_task("Invoice Matcher", age=HOUR, texts=dict.fromkeys(asking, HARM))
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions", sandbox="allow-scripts allow-forms allow-modals allow-popups")
        await expect(host.card.locator("form")).to_have_count(2)
        for foreign in ("img", "main script", "iframe", "a[href^='https:']", "form[action]:not([action=''])"):
            await expect(host.card.locator(foreign)).to_have_count(0)
        for field in await host.card.locator("textarea").all():
            await field.focus()
        await host.card.get_by_role("button", name="Approve").first.click()
        await host.heard("ui/update-model-context")
        await host.settled()


async def test_what_no_card_may_hold_is_not_shown_even_if_the_server_sends_it(browser: Browser, world: World) -> None:
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions")
        await host.page.evaluate("() => void (host.result = after(host.result))")
        for html in REFUSED:
            await host.page.evaluate("(html) => void (host.html = html)", html)
            await host.card.get_by_role("button", name="Refresh").click()
            await expect(host.card.get_by_role("alert")).to_contain_text("holds what a card must not")
            await host.page.evaluate("() => void (host.html = '<p>Fine</p>')")
            await host.card.get_by_role("button", name="Refresh").click()
            await expect(host.card.locator("main")).to_have_text("Fine")


async def test_only_the_host_is_listened_to(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await host.settled()
        await intrude(host, "ui/notifications/tool-cancelled")
        await host.say("ui/notifications/host-context-changed", {"theme": "dark"})
        await expect(host.card.locator("html")).to_have_css("color-scheme", "dark")
        await expect(host.card.get_by_role("alert")).to_have_count(0)


async def intrude(host: Host, method: str) -> None:
    """Have another frame of the host's page speak to the card as if it were the host, and wait until it has."""
    script = f"""
        parent.frames[0].postMessage({{ jsonrpc: "2.0", method: "{method}", params: {{}} }}, "*");
        parent.intruded();
    """
    await host.page.evaluate(
        """(script) => new Promise((resolve) => {
            window.intruded = resolve;
            const other = document.createElement("iframe");
            other.srcdoc = `<script>${script}</script>`;
            document.body.append(other);
        })""",
        script,
    )


async def test_a_card_that_is_seen_again_is_read_anew_unless_something_is_written_in_it(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with hosting(browser, world) as host:
        await host.page.clock.install()
        await host.draw("approve_step", task=payment.custom_id)
        await host.settled()
        await seen_again(host, after=10_000)
        assert host.called == ["show_card"]
        await seen_again(host, after=30_000)
        await host.settled()
        assert host.called == ["show_card"] * 2
        await host.card.get_by_label("Words for the agent").fill("Kept")
        await seen_again(host, after=60_000)
        await expect(host.card.get_by_label("Words for the agent")).to_have_value("Kept")
        assert host.called == ["show_card"] * 2


async def seen_again(host: Host, *, after: int) -> None:
    """Let milliseconds pass, and have the browser say that the card is visible again."""
    await host.page.clock.fast_forward(after)
    await host.card.locator("html").evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
