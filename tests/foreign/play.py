"""Attacks through every tool, resource, prompt, completion and form of a real process, and what is wrong then."""

import json
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.wires import Json
from tests.foreign import checks
from tests.foreign.bodies import serve, serve_inbox, serve_lists, serve_turn, serve_working, uid
from tests.foreign.corpus import Attack
from tests.foreign.talk import Heard, Listener, Way, asked, spoken

MANY = 10  # attacks in a list
AT_ONCE = 32  # tasks that are waited for at the same time
PATIENCE = 900.0  # seconds for all of it


@dataclass
class Play:
    """Attacks, a conversation that cannot show forms, perhaps one that can, and what was found."""

    attacks: Sequence[Attack]
    world: World
    client: Listener
    asking: Listener | None
    heard: Heard
    foreign: Set[str]
    wrong: list[str] = field(default_factory=list[str])
    channels: set[str] = field(default_factory=set[str])

    def found(self, where: str, problems: Iterable[str]) -> None:
        """Note what is wrong there, and on the wire since the last time."""
        self.channels.add(where.partition(" #")[0])
        self.wrong += [f"{where}: {problem}" for problem in (*problems, *self.heard.wrong)]
        self.heard.wrong.clear()

    async def call(self, turn: int, tool: str, /, **arguments: Any) -> Json:
        """A tool, in words and as data; the data."""
        answer = await self.client.ask(tool, "tools/call", {"name": tool, "arguments": arguments})
        result = answer["result"]
        about = f" {arguments['detail']}" if "detail" in arguments else " by agent" if "group_by" in arguments else ""
        where, data = f"{tool}{about}{' (error)' if result.get('isError') else ''}", result.get("structuredContent")
        step = str(data["next"]) if data and "next" in data else None
        [content] = result["content"]
        self.found(f"{where} #{turn}", checks.in_answer(content["text"], step, self.foreign))
        if data is not None:
            self.found(f"{where}, structured #{turn}", checks.in_data(data))
        return data or {}

    async def turn(self, turn: int, *, in_full: bool) -> None:
        """What tells of one task or agent: in few places, where each turn counts, and if `in_full` in many as well."""
        serve_turn(self.world, self.attacks, turn)
        asks, wants, done, failed = (uid(turn, state) for state in ("asks", "wants", "done", "failed"))
        await self.call(turn, "get_task", task=uid(turn, "broken"))
        await self.call(turn, "answer_questions", task=asks, answers={"none of these": "x"})
        await self.call(turn, "approve_step", task=wants, parameters={"none of these": 1})
        await self.call(turn, "download_file", task=done, file="none of these")
        await self.call(turn, "retry_task", task=failed, step="none of these")
        await self.call(turn, "get_account")
        if in_full:
            await self._in_full(turn, asks, wants, done, failed)

    async def _in_full(self, turn: int, asks: str, wants: str, done: str, failed: str) -> None:
        for state in ("asks", "works", "odd"):
            await self.call(turn, "get_task", task=uid(turn, state))
        await self.call(turn, "get_pending_questions", task=wants)
        await self.call(turn, "approve_step", task=wants)
        for detail in ("failure", "summary"):
            await self.call(turn, "get_task", task=failed, detail=detail)
        for detail in ("output", "steps"):
            await self.call(turn, "get_task", task=done, detail=detail)
        await self.call(turn, "wait_for_tasks", tasks=[done, failed], timeout_seconds=5)
        await self.call(turn, "get_agent", agent=uid("agent", turn))
        await self.call(turn, "get_agent_analytics", agent=uid("agent", turn))
        await self._resources(turn)
        if self.asking:
            await self._forms(self.asking, turn, asks, wants)

    async def _resources(self, turn: int) -> None:
        done, broken = uid(turn, "done"), uid(turn, "broken")
        for uri in (f"beam://tasks/{done}", f"beam://tasks/{broken}"):
            text, is_error = await self._read(uri)
            step = text.rpartition("\nNext: ")[2] if "\nNext: " in text else None
            where = f"resource{' (error)' if is_error else ''} #{turn}"
            self.found(where, checks.in_answer(text, None if is_error else step, self.foreign))
        raw, _ = await self._read(f"beam://tasks/{done}/raw")
        json.loads(raw)
        hidden = [*checks.unseen(raw), *(["acts"] if checks.TOKENS.search(raw) else [])]
        self.found(f"resource, raw #{turn}", sorted(hidden))

    async def _read(self, uri: str) -> tuple[str, bool]:
        answer = await self.client.ask("resource", "resources/read", {"uri": uri})
        is_error = "error" in answer
        return answer["error"]["message"] if is_error else answer["result"]["contents"][0]["text"], is_error

    async def _forms(self, asking: Listener, turn: int, asks: str, wants: str) -> None:
        asking.forms.clear()
        await asking.call("answer_questions", task=asks)
        await asking.call("approve_step", task=wants)
        for form in asking.forms:
            self.found(f"form, message #{turn}", checks.in_answer(form["message"], None, self.foreign))
            schema = form["requestedSchema"]
            presets = [properties.pop("default", "") for properties in schema["properties"].values()]
            self.found(f"form, fields #{turn}", checks.in_data(schema))
            self.found(f"form, presets #{turn}", sorted(checks.unseen("".join(map(str, presets)))))

    async def lists(self, turns: Sequence[int]) -> None:
        """Everything that tells of many at once."""
        serve_lists(self.world, self.attacks, turns)
        await self.call(turns[0], "list_tasks", page_size=20)
        await self.call(turns[0], "list_tasks", group_by="agent", page_size=20)
        await self.call(turns[0], "list_agents")
        await self.call(turns[0], "get_agent", agent="none of these")
        await self.call(turns[0], "get_task", task="INV-1007")
        await self._completions(turns[0])
        serve_inbox(self.world, self.attacks, turns)
        await self.call(turns[0], "get_pending_questions")
        inbox, _ = await self._read("beam://inbox")
        self.found(f"resource, inbox #{turns[0]}", checks.in_words(inbox))

    async def _completions(self, turn: int) -> None:
        prompt: Json = {"type": "ref/prompt", "name": "delegate"}
        agents = await self._completed(turn, prompt, "agent")
        await self._completed(turn, {"type": "ref/resource", "uri": "beam://tasks/{task}"}, "task")
        for name in agents:
            params = {"name": "delegate", "arguments": {"goal": "match it", "agent": name}}
            [message] = (await self.client.ask("prompt", "prompts/get", params))["result"]["messages"]
            self.found(f"prompt #{turn}", checks.in_answer(message["content"]["text"], None, self.foreign))

    async def _completed(self, turn: int, reference: Json, name: str) -> list[str]:
        params: Json = {"ref": reference, "argument": {"name": name, "value": ""}}
        offered = (await self.client.ask("completion", "completion/complete", params))["result"]["completion"]["values"]
        lines = ["several lines" for value in offered if "\n" in value]
        self.found(f"completion #{turn}", [*lines, *(p for value in offered for p in checks.in_words(value))])
        return offered

    async def progress(self, asking: Listener, turns: Sequence[int]) -> None:
        """What is said while a task is waited for."""
        serve_working(self.world, self.attacks, turns)
        asking.progress.clear()
        calls = [
            await asking.begin("wait_for_tasks", {"tasks": [uid(turn, "works")], "timeout_seconds": 60})
            for turn in turns
        ]
        await asking.until_progress(len(turns))
        for words in asking.progress:
            self.found(f"progress #{turns[0]}", checks.in_answer(words, None, self.foreign))
        for call in calls:
            await asking.give_up(call)


async def play(attacks: Sequence[Attack], turns: Sequence[int], every: int, way: Way = "stdio") -> Play:
    """These turns of all turns that there are, one of `every` so many in full; in each the attacks are a place on."""
    async with _played(attacks, way) as played:
        for turn in turns:
            await played.turn(turn, in_full=turn % every == 0)
        for begin in range(0, len(turns), MANY):
            await played.lists(turns[begin : begin + MANY])
        for begin in range(0, len(turns), AT_ONCE):
            if played.asking:
                await played.progress(played.asking, turns[begin : begin + AT_ONCE])
        assert played.client.others == []  # nothing is logged to a client
    return played


async def outputs(attacks: Sequence[Attack]) -> Mapping[str, str]:
    """What is said of each attack, whole, where it is the output of a task."""
    kept: dict[str, str] = {}
    async with _played(attacks, "stdio") as played:
        for turn, attack in enumerate(attacks):
            task = {"id": uid(turn), "status": "COMPLETED", "taskSummary": attack.text}
            played.world.faults.clear()
            serve(played.world, f"^/agent-tasks/{uid(turn)}$", task)
            said = await played.call(turn, "get_task", task=uid(turn), detail="output")
            kept[attack.title] = str(said.get("output", ""))
    assert played.wrong == []
    return kept


@asynccontextmanager
async def _played(attacks: Sequence[Attack], way: Way) -> AsyncGenerator[Play]:
    world, heard = World(populated=False), Heard()
    foreign = {piece for attack in attacks for piece in checks.pieces(attack.text)}
    with tempfile.TemporaryDirectory() as place, anyio.fail_after(PATIENCE):
        folder = Path(place)
        async with serving(world) as beam, spoken(way, beam, folder, heard) as client:
            if way == "http":  # its answers come whole, so that nothing can be answered on the way
                yield Play(attacks, world, client, None, heard, foreign)
                return
            async with asked(beam, folder, heard) as asking:
                yield Play(attacks, world, client, asking, heard, foreign)
