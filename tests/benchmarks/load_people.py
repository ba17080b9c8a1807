"""The people of the load: many clients in either era, who call as people do, in a process of its own.

As a module: `PORT SECONDS CLIENTS HANGING`, where so many more calls are made by the one whose Beam hangs. It prints
what became of all calls as JSON.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from beam_mcp.sandbox.access import WORKSPACE_ID
from tests.benchmarks.load_beam import SLOW_KEY, key_of
from tests.benchmarks.web import Client, Era

THINKS = (0.5, 2.5)  # seconds between two calls
WINDOWS = 12  # of a run: in every other one somebody hangs, so that one speed of the machine is beside the same
IDLE = 3.0  # seconds after which a client trusts its connection no more; the server's patience is five
WAITS = 2  # seconds that wait_for_tasks is given
# One in four asks a question. None answers in megabytes: packing those would take all that this machine can, and the
# run would show how fast the pretended Beam is.
AGENTS = ("Invoice Matcher", "Belegprüfung", "Belegprüfung", "Follow-up Scheduler")
# What an error of Beam's is told as. Whatever else is an error is one of ours: a crash, a refusal, a broken answer.
BEAMS = re.compile(
    r"Beam (did not (answer|show)|could not be reached|says there were too many|has a problem of its own)"
    r"|Beam's answer|connection to Beam was cut|waiting for Beam already|Too many calls to Beam"
)
RIGHT = {
    "list_agents": r"Invoice Matcher",
    "list_tasks": r"\b[A-Z]{3}-\d+",
    "get_pending_questions": r"wait for you|[Nn]othing|waits",
    "create_task": r"^(Started|Not started again)",
    "get_task": r"\b[A-Z]{3}-\d+, agent",
    "wait_for_tasks": r"\b[A-Z]{3}-\d+",
    "answer_questions": r"^Answered|asks no question now|nothing more was sent",
}


@dataclass
class Found:
    """What became of the calls: by tool when each began and the seconds it took, how many ended how, what was wrong."""

    seconds: dict[str, list[tuple[float, float]]] = field(default_factory=dict[str, list[tuple[float, float]]])
    right: int = 0
    told: int = 0
    ours: list[str] = field(default_factory=list[str])

    def judge(self, tool: str, text: str, *, is_error: bool) -> None:
        """Right, Beam's fault said in words, or ours."""
        if re.search(RIGHT[tool], text, re.MULTILINE):
            self.right += 1
        elif is_error and BEAMS.search(text):
            self.told += 1
        else:
            self.ours.append(f"{tool}: {text[:300]}")


def said(raw: bytes) -> tuple[str, bool]:
    """The words of an answer, and whether they are an error."""
    lines = [line.removeprefix(b"data:") for line in raw.splitlines() if line.strip().startswith((b"data:", b"{"))]
    messages = [json.loads(line) for line in lines if line.strip()]
    result: dict[str, Any] = next(message["result"] for message in messages if "result" in message)
    return "\n".join(part["text"] for part in result["content"]), bool(result.get("isError"))


@dataclass
class Person:
    """One client; its calls come one after the other."""

    number: int
    client: Client
    found: Found
    since: float
    until: float
    chance: random.Random
    begun: int = 0
    used: float = 0.0

    async def live(self) -> None:
        """Call, think, call."""
        await asyncio.sleep(self.chance.uniform(0, THINKS[1]))
        while time.monotonic() < self.until:
            async for _ in self.errand():
                await asyncio.sleep(self.chance.uniform(*THINKS))
                if time.monotonic() > self.until:
                    return

    async def leave(self) -> None:
        """End the session, where there is one."""
        await self.client.reconnect()
        await self.client.close()

    async def errand(self) -> AsyncIterator[None]:
        """A look around, or a piece of work from its start to its answer; it rests between two calls."""
        if self.chance.random() < 0.5:
            for tool in self.chance.sample(("list_agents", "list_tasks", "get_pending_questions"), 2):
                yield await self.call(tool)
            return
        self.begun += 1
        work = {"agent": self.chance.choice(AGENTS), "query": f"work {self.begun} of client {self.number}"}
        if not (task := await self.start(work)):
            yield
            task = await self.start(work)  # as a model does which was told that it may not have happened
        yield
        if task:
            yield await self.call("get_task", task=task)
            yield await self.call("wait_for_tasks", tasks=[task], timeout_seconds=WAITS)
            yield await self.call("answer_questions", task=task, answers={"1": "PO-2291"})

    async def start(self, work: dict[str, Any]) -> str:
        """The name of the task that was started."""
        name = re.search(r"\b[A-Z]{3}-\d+", await self.call("create_task", **work) or "")
        return name[0] if name else ""

    async def call(self, tool: str, **arguments: Any) -> Any:
        """One call, timed and judged; its words."""
        if time.monotonic() > self.used + IDLE:
            await self.client.reconnect()
        begun = time.monotonic()
        try:
            text, is_error = said(await self.client.answer(tool, **arguments))
        except (AssertionError, OSError, EOFError, ValueError, StopIteration) as broken:
            self.found.ours.append(f"{tool}: {type(broken).__name__} {str(broken)[:300]}")
            self.client = await Client(self.client.port, self.client.era, own=self.client.own).open()
            return ""
        finally:
            self.used = time.monotonic()
        self.found.seconds.setdefault(tool, []).append((begun - self.since, time.monotonic() - begun))
        self.found.judge(tool, text, is_error=is_error)
        return text


def is_hung(at: float, seconds: float) -> bool:
    """Whether somebody hangs at this moment of a run of so many seconds."""
    return int(at * WINDOWS / seconds) % 2 == 1


async def hang(port: int, since: float, seconds: float) -> None:
    """Somebody whose Beam does not answer, and who calls again and again, in every other part of the run."""
    own = {"x-api-key": SLOW_KEY, "current-workspace-id": WORKSPACE_ID}
    client = await Client(port, "modern", own=own).open()
    window = seconds / WINDOWS
    while True:
        at = time.monotonic() - since
        with suppress(TimeoutError):
            async with asyncio.timeout(window - at % window):
                while is_hung(at, seconds):
                    await client.answer("list_agents")
                await asyncio.sleep(window)
        await client.reconnect()


async def live(port: int, seconds: float, clients: int, hanging: int) -> Found:
    """All of them at once, half of them in each era, until they say goodbye."""
    found, people = Found(), list[Person]()
    for number in range(clients):
        era: Era = "modern" if number % 2 else "legacy"
        own = {"x-api-key": key_of(number), "current-workspace-id": WORKSPACE_ID}
        client = await Client(port, era, own=own).open()
        people.append(Person(number, client, found, 0.0, 0.0, random.Random(number)))  # noqa: S311 - the same each time
    since = time.monotonic()
    others = [asyncio.create_task(hang(port, since, seconds)) for _ in range(hanging)]
    for person in people:
        person.since, person.until = since, since + seconds
    await asyncio.gather(*(person.live() for person in people))
    await asyncio.gather(*(person.leave() for person in people))
    for other in others:
        other.cancel()
    return found


if __name__ == "__main__":
    seen = asyncio.run(live(*map(int, sys.argv[1:])))
    print(json.dumps(vars(seen)))  # noqa: T201 - for the process that started this one
