"""A conversation: a real client, our server, and a world behind it over real HTTP."""

import re
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import anyio
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.extension import ClientExtension
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp_types import (
    CallToolResult,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    ListRootsResult,
    Root,
    TextContent,
)
from pydantic import FileUrl

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import Act, World
from beam_mcp.server.build import build
from beam_mcp.tools.office import Office
from beam_mcp.tools.toolset import Output

Era = Literal["legacy", "auto"]

PATIENCE = 60.0  # seconds; a call that takes longer hangs, however busy the machine
PERSON = Identity(SANDBOX_KEY, WORKSPACE_ID)
_CLOCK = re.compile(r"\d\d:\d\d UTC")
_FENCE = re.compile(r"(?<=[</]data-)\d{9}(?=>)")


@dataclass(frozen=True)
class Said:
    """What a tool answered."""

    result: CallToolResult

    @property
    def text(self) -> str:
        """Its words."""
        return "\n".join(part.text for part in self.result.content if isinstance(part, TextContent))

    @property
    def words(self) -> str:
        """Its words, the same at any time of day, in any sandbox and any process."""
        return _FENCE.sub("0" * 9, _CLOCK.sub("12:00 UTC", self.text))

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return bool(self.result.is_error)

    @property
    def data(self) -> dict[str, Any]:
        """Its structured content."""
        assert self.result.structured_content is not None
        return self.result.structured_content

    def __contains__(self, words: str) -> bool:
        return words in self.text


def asked(world: World, ending: str, method: str = "GET") -> bool:
    """Whether Beam was asked for a path that ends like this."""
    return any(seen.path.endswith(ending) and seen.method == method for seen in world.requests)


@dataclass
class Progress:
    """The progress sentences that arrived."""

    sentences: list[str] = field(default_factory=list[str])
    began: anyio.Event = field(default_factory=anyio.Event)

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        """Take note of one."""
        assert total is None or progress <= total + 1
        self.sentences.append(message or "")
        self.began.set()


@dataclass
class Chat:
    """One conversation with our server."""

    client: Client
    world: World
    office: Office

    async def call(self, tool: str, /, **arguments: Any) -> Said:
        """Call a tool and return what it answered, whatever that is."""
        return await self.hear(None, tool, **arguments)

    async def hear(self, progress: Progress | None, tool: str, /, **arguments: Any) -> Said:
        """The same while listening to progress."""
        with anyio.fail_after(PATIENCE):
            return Said(await self.client.call_tool(tool, arguments, progress_callback=progress))

    async def give_up(self, tool: str, /, when: Callable[[], bool], **arguments: Any) -> None:
        """Call a tool, and give up as soon as so much was asked of Beam or done there."""
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.client.call_tool, tool, arguments)
                await self.world.until(when)
                tasks.cancel_scope.cancel()

    async def ask(self, tool: str, /, **arguments: Any) -> str:
        """The words of an answer that is no error."""
        said = await self.call(tool, **arguments)
        assert not said.is_error, said.text
        return said.words

    async def fail(self, tool: str, /, **arguments: Any) -> str:
        """The words of an answer that is an error."""
        said = await self.call(tool, **arguments)
        assert said.is_error, said.text
        return said.words

    def acts(self, kind: str = "") -> list[Act]:
        """What Beam really did so far."""
        return [act for act in self.world.acts if act.kind.startswith(kind)]


@dataclass
class Clock:
    """The office's clock: it stands still until it is pushed, however busy the machine."""

    shown: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """What it shows."""
        return self.shown

    def push(self, seconds: float) -> None:
        """Let time pass."""
        self.shown += timedelta(seconds=seconds)


@dataclass
class Human:
    """A person who answers forms as they were told to after `seconds`, and remembers what they saw."""

    action: Literal["accept", "decline", "cancel"] = "accept"
    content: dict[str, Any] = field(default_factory=dict[str, Any])
    seen: list[ElicitRequestFormParams] = field(default_factory=list[ElicitRequestFormParams])
    seconds: float = 5.0
    clock: Clock | None = None

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        """Look at the form and answer it."""
        assert context
        assert isinstance(params, ElicitRequestFormParams)
        self.seen.append(params)
        if self.clock:
            self.clock.push(self.seconds)
        await self.meanwhile()
        return ElicitResult(action=self.action, content=dict(self.content) if self.action == "accept" else None)

    async def meanwhile(self) -> None:
        """What happens while the form is open: nothing."""


class DrawsCards(ClientExtension):
    """What a client declares that renders MCP Apps."""

    identifier = EXTENSION_ID

    def settings(self) -> dict[str, Any]:
        """Which documents it renders."""
        return {"mimeTypes": [APP_MIME_TYPE]}


@asynccontextmanager
async def office_for(
    world: World, *, folders: Iterable[Path] = (), decides_in_chat: bool = False, patience: float = 10.0
) -> AsyncGenerator[Office]:
    """An office whose Beam is this world, served."""
    async with serving(world) as url:
        http = Http(url, timeout=patience)
        try:
            yield Office(http, PERSON, folders=tuple(folders), decides_in_chat=decides_in_chat, clock=Clock())
        finally:
            await http.aclose()


@asynccontextmanager
async def chat_in(
    office: Office,
    world: World,
    *,
    mode: Era = "auto",
    human: Human | None = None,
    roots: Iterable[Path] | None = None,
    toolsets: Iterable[str] | None = None,
    read_only: bool = False,
    output: Output = "text",
    draws_cards: bool = False,
) -> AsyncGenerator[Chat]:
    """A conversation in this office."""
    server = build(office, toolsets=toolsets, read_only=read_only, output=output)
    if human and isinstance(office.clock, Clock):
        human.clock = office.clock
    known = None if roots is None else ListRootsResult(roots=[Root(uri=FileUrl(path.as_uri())) for path in roots])

    async def list_roots(context: ClientRequestContext) -> ListRootsResult:
        assert known is not None
        assert context
        return known

    listing = None if known is None else list_roots
    cards = [DrawsCards()] if draws_cards else None
    async with Client(
        server, mode=mode, elicitation_callback=human, list_roots_callback=listing, extensions=cards
    ) as client:
        yield Chat(client, world, office)


@asynccontextmanager
async def chatting(
    world: World,
    *,
    mode: Era = "auto",
    human: Human | None = None,
    roots: Iterable[Path] | None = None,
    folders: Iterable[Path] = (),
    decides_in_chat: bool = False,
    toolsets: Iterable[str] | None = None,
    read_only: bool = False,
    output: Output = "text",
    draws_cards: bool = False,
) -> AsyncGenerator[Chat]:
    """A conversation of its own with this world."""
    async with (
        office_for(world, folders=folders, decides_in_chat=decides_in_chat) as office,
        chat_in(
            office,
            world,
            mode=mode,
            human=human,
            roots=roots,
            toolsets=toolsets,
            read_only=read_only,
            output=output,
            draws_cards=draws_cards,
        ) as chat,
    ):
        yield chat
