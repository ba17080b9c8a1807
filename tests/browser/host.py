"""A host that draws the card as the Apps specification says, for a real client of our server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp_types import TextResourceContents
from playwright.async_api import Browser, Dialog, Frame, FrameLocator, Page, Request, expect

from beam_mcp.sandbox.world import World
from beam_mcp.server.card import URI
from tests.tools.chat import Chat, Era, chatting

ABLE: dict[str, Any] = {
    "serverTools": {},
    "serverResources": {},
    "updateModelContext": {"text": {}},
    "message": {"text": {}},
}
PATIENCE = 60_000  # milliseconds; nothing in a browser takes longer
STRICTEST = "allow-scripts"  # what a card can count on: it need not be allowed to submit forms


@dataclass
class Host:
    """A page that draws the card, and the chat beside it; `strange` is whatever the card did that no card may do."""

    page: Page
    chat: Chat
    strange: list[str] = field(default_factory=list[str])
    called: list[str] = field(default_factory=list[str])
    old_document: str | None = None

    @property
    def card(self) -> FrameLocator:
        """What the card shows."""
        return self.page.frame_locator("iframe#card")

    async def draw(
        self,
        tool: str,
        able: dict[str, Any] | None = None,
        *,
        sandbox: str = STRICTEST,
        context: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        """Call a tool as the model does, and draw the card for its answer."""
        await self.open(able, sandbox=sandbox, context=context)
        await self.say("ui/notifications/tool-input", {"arguments": arguments})
        said = await self.chat.call(tool, **arguments)
        await self.say("ui/notifications/tool-result", said.result.model_dump(mode="json", by_alias=True))

    async def open(
        self,
        able: dict[str, Any] | None = None,
        *,
        sandbox: str = STRICTEST,
        context: dict[str, Any] | None = None,
    ) -> None:
        """Draw the card before anything is known about the call."""
        html = self.old_document or await self.document()
        drawn: dict[str, Any] = {
            "html": html,
            "capabilities": ABLE if able is None else able,
            "context": context or {},
            "sandbox": sandbox,
        }
        await self.page.evaluate("(drawn) => host.draw(drawn)", drawn)
        await self.page.evaluate("() => host.initialised")

    async def document(self) -> str:
        """The card's document, read from the server."""
        (found,) = (await self.chat.client.read_resource(URI)).contents
        assert isinstance(found, TextResourceContents)
        return found.text

    async def say(self, method: str, params: dict[str, Any]) -> None:
        """Notify the card."""
        await self.page.evaluate("([method, params]) => host.notify(method, params)", [method, params])

    async def ask(self, method: str) -> dict[str, Any]:
        """Send the card a request, and return its whole answer."""
        return await self.page.evaluate("(method) => host.request(method)", method)

    async def deny(self, method: str) -> None:
        """Answer this method of the card's with an error from now on."""
        await self.page.evaluate("(method) => void host.denied.add(method)", method)

    async def heard(self, method: str, least: int = 1) -> list[dict[str, Any]]:
        """The parameters of every such message of the card, once there are this many."""
        known = "(method) => host.heard.filter((message) => message.method === method).map(({ params }) => params)"
        await self.page.wait_for_function(
            f"([method, least]) => ({known})(method).length >= least", arg=[method, least]
        )
        return await self.page.evaluate(known, method)

    async def settled(self) -> None:
        """Wait until the card has nothing under way."""
        await expect(self.card.locator("body")).not_to_have_attribute("inert", "")

    async def nothing_strange(self) -> None:
        """Prove that the card kept to what a card may do."""
        broken = await self.page.evaluate("() => host.broken")
        assert broken == [], broken
        assert self.strange == [], self.strange

    async def forward(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """What the card asks of the server, over the client's connection; tools that are not for apps are refused."""
        if method == "resources/read":
            return (await self.chat.client.read_resource(params["uri"])).model_dump(mode="json", by_alias=True)
        tools = {tool.name: (tool.meta or {}).get("ui", {}) for tool in (await self.chat.client.list_tools()).tools}
        if "app" not in tools.get(params["name"], {}).get("visibility", ["model", "app"]):
            self.strange.append(f"calls {params['name']}")
        self.called.append(params["name"])
        with anyio.fail_after(PATIENCE / 1000):
            result = await self.chat.client.call_tool(params["name"], params["arguments"])
        return result.model_dump(mode="json", by_alias=True)

    async def begin(self) -> None:
        """Get the page ready, and watch what happens on it."""
        self.page.set_default_timeout(PATIENCE)
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)
        self.page.on("pageerror", lambda error: self.strange.append(f"error {error}"))
        self.page.on("framenavigated", self._navigated)
        self.page.on("console", lambda said: self.strange.append(f"says {said.text}"))
        await self.page.expose_function("forward", self.forward)  # pyright: ignore[reportUnknownMemberType] - Playwright says no more
        await self.page.set_content("<!doctype html><title>Host</title><body>")
        await self.page.add_script_tag(content=Path(__file__).with_name("host.js").read_text(encoding="utf-8"))

    async def _dialog(self, dialog: Dialog) -> None:
        self.strange.append(f"dialog {dialog.message}")
        await dialog.dismiss()

    def _request(self, request: Request) -> None:
        self.strange.append(f"request {request.url}")

    def _navigated(self, frame: Frame) -> None:
        if not frame.url.startswith("about:"):
            self.strange.append(f"navigates to {frame.url}")


@asynccontextmanager
async def hosting(browser: Browser, world: World, *, mode: Era = "auto", **options: Any) -> AsyncGenerator[Host]:
    """A host in a browser whose chat is about this world; at the end the card must have done nothing strange."""
    async with chatting(world, mode=mode, draws_cards=True) as chat, await browser.new_context(**options) as context:
        host = Host(await context.new_page(), chat)
        await host.begin()
        yield host
        await host.nothing_strange()
