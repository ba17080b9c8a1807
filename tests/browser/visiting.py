"""A person with a browser on our pages, and whatever a page did there that no page may do."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, ConsoleMessage, Dialog, Error, Locator, Page, Request

from tests.server.paged import Paged

PATIENCE = 60_000  # milliseconds; nothing in a browser takes longer
PHONE = {"width": 320, "height": 640}
DESK = {"width": 900, "height": 800}


@dataclass
class Visit:
    """One browser window; `strange` is what should never happen there."""

    page: Page
    pages: Paged
    requests: list[Request] = field(default_factory=list[Request])
    strange: list[str] = field(default_factory=list[str])

    async def see(self, address: str) -> None:
        """Open a page."""
        await self.page.goto(address)

    def button(self, name: str) -> Locator:
        """The first button of this name."""
        return self.page.get_by_role("button", name=name).first

    async def focused(self) -> str:
        """What has the focus: a field's name, or a button's words."""
        there = self.page.locator(":focus")
        name = await there.get_attribute("name")
        return name if name and name != "choice" else " ".join((await there.inner_text()).split())

    async def too_wide(self) -> int:
        """By how many pixels one has to scroll sideways."""
        return await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    async def keep(self, folder: Path, name: str) -> None:
        """A picture of the whole page."""
        await self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def heard_dialog(self, dialog: Dialog) -> None:
        """A dialog opened."""
        self.strange.append(f"dialog: {dialog.message}")

    def heard_console(self, message: ConsoleMessage) -> None:
        """Something was written to the console; that a refused form was refused is no news."""
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.strange.append(f"console: {message.text}")

    def heard_error(self, error: Error) -> None:
        """A script failed."""
        self.strange.append(f"script: {error}")

    def heard_request(self, request: Request) -> None:
        """Something was fetched."""
        self.requests.append(request)
        if not request.url.startswith(self.pages.base + "/"):
            self.strange.append(f"request: {request.url}")


@asynccontextmanager
async def visiting(
    browser: Browser,
    pages: Paged,
    *,
    script: bool = True,
    scheme: Literal["light", "dark"] = "light",
    size: dict[str, int] | None = None,
    **more: Any,
) -> AsyncGenerator[Visit]:
    """A browser window of its own; at its end nothing strange may have happened."""
    width, height = (size or DESK).values()
    context = await browser.new_context(
        java_script_enabled=script,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        **more,
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    visit = Visit(page, pages)
    page.on("dialog", visit.heard_dialog)
    page.on("console", visit.heard_console)
    page.on("pageerror", visit.heard_error)
    page.on("request", visit.heard_request)
    try:
        yield visit
    finally:
        await context.close()
    assert not visit.strange
