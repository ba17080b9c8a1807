"""The pages on a port of their own, and a person who reads and sends their forms without a browser."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import anyio
import httpx2

from beam_mcp.cli.listener import listen, shown
from beam_mcp.cli.page_server import PageServer
from beam_mcp.sandbox.stories.plot import CONSENT, DONE, Beat, Plan, Story, tool_data
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from beam_mcp.server.links import Links
from beam_mcp.server.pages import Pages
from beam_mcp.tools.office import Caller, Office
from tests.tools.chat import PATIENCE, PERSON, Clock, office_for

HELD = ("USER_CONSENT_REQUIRED", "USER_INPUT_REQUIRED")


@dataclass
class Form:
    """One form of a page, with what would be sent if nobody changed anything."""

    action: str
    fields: dict[str, str] = field(default_factory=dict[str, str])
    buttons: list[str] = field(default_factory=list[str])
    options: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


class Reading(HTMLParser):
    """The forms of a page, read as a browser reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._area: str | None = None
        self._select: str | None = None
        self._option = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        known = {name: text or "" for name, text in attrs}
        if tag == "form":
            self.forms.append(Form(known["action"]))
        if not self.forms or (tag == "input" and "name" not in known):
            return
        fields = self.forms[-1].fields
        if tag == "input":
            fields[known["name"]] = known["value"]
        elif tag == "button" and "name" in known:
            self.forms[-1].buttons.append(known["value"])
        elif tag == "textarea":
            self._area = known["name"]
            fields[self._area] = ""
        elif tag == "select":
            self._select = known["name"]
            self.forms[-1].options[self._select] = []
        elif tag == "option" and self._select and "value" not in known:
            self._option = True

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._option and self._select:
            self.forms[-1].options[self._select].append(" ".join(data.split()))
        if self._area is not None:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self._option = False
        if tag == "textarea" and self._area is not None:
            self.forms[-1].fields[self._area] = self.forms[-1].fields[self._area].removeprefix("\n")
            self._area = None


@dataclass
class Seen:
    """A page that was fetched."""

    answer: httpx2.Response

    @property
    def html(self) -> str:
        """Its source."""
        return self.answer.text

    @property
    def status(self) -> int:
        """Its status."""
        return self.answer.status_code

    @property
    def forms(self) -> list[Form]:
        """Its forms."""
        reading = Reading()
        reading.feed(self.html)
        return reading.forms

    @property
    def form(self) -> Form:
        """Its only form."""
        (only,) = self.forms
        return only

    def __contains__(self, words: str) -> bool:
        return words in self.html


@dataclass
class Paged:
    """Pages that are served, and who may decide on them."""

    world: World
    office: Office
    caller: Caller
    links: Links
    base: str
    http: httpx2.AsyncClient

    @property
    def clock(self) -> Clock:
        """The office's clock."""
        assert isinstance(self.office.clock, Clock)
        return self.office.clock

    def decision(self, task: TaskState) -> str:
        """The address of a new link to what this task waits for."""
        node = next(node for node in task.nodes.values() if node.status in HELD)
        return f"{self.base}/decide/{self.links.to_decision(self.caller, task.id, node.id).token}"

    def inbox(self) -> str:
        """The address of a new link to the inbox."""
        return f"{self.base}/inbox/{self.links.to_inbox(self.caller).token}"

    async def see(self, address: str) -> Seen:
        """Fetch a page."""
        return Seen(await self.http.get(address))

    async def send(self, page: Seen, choice: str, at: int = 0, /, **edits: str) -> Seen:
        """Send a form of a page, as a browser without script does, and follow where it leads."""
        form = page.forms[at]
        address = urljoin(str(page.answer.url), form.action or str(page.answer.url))
        data = {name: "\r\n".join(text.split("\n")) for name, text in (form.fields | edits).items()}
        headers = {"origin": self.base, "sec-fetch-site": "same-origin"}
        return Seen(
            await self.http.post(address, data=data | {"choice": choice}, headers=headers, follow_redirects=True)
        )

    def acts(self) -> list[tuple[str, Any]]:
        """What Beam really did."""
        return [(act.kind, act.payload) for act in self.world.acts]


@asynccontextmanager
async def paged(world: World, *, patience: float = 30.0) -> AsyncGenerator[Paged]:
    """The pages of a person whose Beam is this world."""
    listener, links = listen("127.0.0.1", 0), Links()
    server, base = PageServer(Pages(links, patience)), shown(listener, "127.0.0.1")
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        with anyio.fail_after(PATIENCE):
            await server.is_up.wait()
        async with office_for(world) as office, httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            name = PERSON.fingerprint
            beam, desks = office.http.acting_as(office.identity), office.desks
            caller = Caller(beam, desks.person(name), desks.conversation(name, "page"), office)
            yield Paged(world, office, caller, links, base, http)
    finally:
        server.should_exit = True
        await serving


def wanting(
    world: World,
    parameters: Mapping[str, Any],
    *,
    tool: str = "Write order",
    describes: str = "Writes an order.",
    why: str = "The order is complete",
) -> TaskState:
    """A task whose only step waits to run with these parameters."""
    data = tool_data(required_parameters=dict(parameters), reasoning=why)
    plan = Plan("go", "Write the order", tool, describes, consent=True, on={CONSENT: {"toolData": data}})
    opening, resumed = (Beat(0, CONSENT, {"go": CONSENT}),), (Beat(0, DONE, {"go": DONE}),)
    story = Story((plan,), opening, "Book an order", "Book orders", "Booked.", resumed=resumed)
    return world.add_task(world.add_agent("Order Desk", story=story).name, age=60)


def required(task: TaskState, key: str) -> dict[str, Any]:
    """The parameters with which a step of the world would run, to change them."""
    return task.nodes[key].detail["toolData"]["required_parameters"]
