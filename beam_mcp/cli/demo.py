"""`beam-mcp demo`: the main job through the real server on stdio, shown as the chat would have it."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio import TemporaryDirectory
from mcp import Client, StdioServerParameters
from mcp_types import TextContent
from rich.console import Console
from rich.table import Table
from rich.text import Text

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.views.cleaning import clean
from beam_mcp.views.text import tokens

AGENT = "Invoice Matcher"
WORK = "Match the invoice that came in this morning to its purchase order and book it"
ANSWER = "PO-2291"
PATIENCE = 15  # seconds that one wait may take; the sandbox's agents need a few


def demo(*, ask: bool) -> int:
    """Show the main job; with `ask` the person types the answer. Returns the exit code: 0 when the job was done."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="replace")  # a pipe on Windows knows neither every name nor every sign
    console = Console(highlight=False)
    prompt = _typed if ask else _given
    done = False
    try:
        done = anyio.run(_run, console, prompt)
    except* SystemExit:
        done = False  # so rich leaves when nobody reads the pipe any more, as behind `head`
    return 0 if done else 1


async def _run(console: Console, prompt: "Prompt") -> bool:
    world = World(populated=False)
    async with serving(world) as url, TemporaryDirectory() as nowhere:
        title = "[bold]beam-mcp demo[/]: a chat hands work to a Beam agent (pretend Beam, real server and client).\n"
        console.print(title, soft_wrap=True)
        async with Client(_server(url, nowhere)) as client:
            chat = Chat(console, client)
            done = await _converse(chat, prompt)
    console.rule(style="dim", characters="─" if console.encoding.startswith("utf") else "-")
    console.print(
        f"Beam sent [bold]{world.bytes_sent:,} bytes[/] of JSON in {len(world.requests)} answers; "
        f"the model read [bold]about {chat.tokens:,} tokens[/] in {chat.calls} answers.",
        soft_wrap=True,
    )
    return done


def _server(url: str, nowhere: str) -> StdioServerParameters:
    """Our own, started in an empty folder: a `.env` or a module of the person's own would change what is shown."""
    settings = {"BEAM_API_URL": url, "BEAM_API_KEY": SANDBOX_KEY, "BEAM_WORKSPACE_ID": WORKSPACE_ID}
    modules = os.pathsep.join(str(Path(place).absolute()) for place in sys.path)
    return StdioServerParameters(
        command=sys.executable, args=["-m", "beam_mcp.cli"], env=settings | {"PYTHONPATH": modules}, cwd=nowhere
    )


async def _converse(chat: "Chat", prompt: "Prompt") -> bool:
    chat.person("Who can match invoices here?")
    await chat.call("list_agents", query="invoice")
    chat.person(f"Have the {AGENT} do this: {WORK}.")
    started = await chat.call("create_task", agent=AGENT, query=WORK)
    task = started.split()[1]
    await chat.call("wait_for_tasks", tasks=[task], timeout_seconds=PATIENCE)
    chat.person("What is it waiting for from me?")
    asked = await chat.call("get_pending_questions")
    answer = await prompt(chat, asked)
    chat.person(f"Tell it {answer}.")
    await chat.call("answer_questions", task=task, answers={"purchase_order": answer})
    result = await chat.call("wait_for_tasks", tasks=[task], timeout_seconds=PATIENCE)
    return f"{task}, agent {AGENT}, done" in result


Prompt = Callable[["Chat", str], Awaitable[str]]


async def _given(_chat: "Chat", _asked: str) -> str:
    return ANSWER


async def _typed(chat: "Chat", _asked: str) -> str:
    question = f"[bold cyan]you[/]   your answer ({ANSWER} if you just press Enter): "
    try:
        typed = await anyio.to_thread.run_sync(lambda: chat.console.input(question), abandon_on_cancel=True)
    except EOFError:
        chat.console.print()
        return ANSWER
    return clean(typed).strip() or ANSWER


@dataclass
class Chat:
    """A conversation on the screen: what the person says, what the model calls, what it reads back."""

    console: Console
    client: Client
    tokens: int = 0
    calls: int = 0
    _said: list[str] = field(default_factory=list[str])

    def person(self, words: str) -> None:
        """Show what the person says."""
        self._show("you", "bold cyan", words)

    async def call(self, tool: str, **arguments: Any) -> str:
        """Call a tool as the model would, show progress as it comes and the answer as the model gets it."""
        shown = ", ".join(f"{name}={json.dumps(given, ensure_ascii=False)}" for name, given in arguments.items())
        self._show("model", "bold magenta", f"{tool}({shown})")
        result = await self.client.call_tool(tool, arguments, progress_callback=self._progress)
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        self.tokens += tokens(text)
        self.calls += 1
        for number, words in enumerate(text.splitlines()):
            self._show("beam" if number == 0 else "", "green", words)
        self.console.print()
        return text

    def _show(self, speaker: str, style: str, words: str, *, said: str = "") -> None:
        """A line of the conversation: wrapped beside the speaker in a terminal, whole in a pipe."""
        if not self.console.is_terminal:
            self.console.print(f"{speaker:<5} {words}", markup=False, soft_wrap=True)
            return
        row = Table.grid(padding=(0, 1))
        row.add_column(width=5, style=style)
        row.add_column(overflow="fold", style=said)
        row.add_row(speaker, Text(words))
        self.console.print(row)

    async def _progress(self, progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG002
        if message and message not in self._said:
            self._said.append(message)
            self._show("  …", "dim", message, said="dim")
