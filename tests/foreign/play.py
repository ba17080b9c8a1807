"""Attacks through every tool, resource, prompt, completion and form over the real protocol, and what is wrong then."""

import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference, TextContent, TextResourceContents

from beam_mcp.sandbox.world import World
from tests.foreign import checks
from tests.foreign.bodies import serve, serve_inbox, serve_lists, serve_turn, uid
from tests.foreign.corpus import Attack
from tests.tools.chat import Chat, Human, Said, chat_in, office_for

MANY = 10  # attacks in a list


@dataclass
class Play:
    """Attacks, a chat that cannot show forms, one that can, and what was found."""

    attacks: Sequence[Attack]
    world: World
    chat: Chat
    asking: Chat
    human: Human
    wrong: list[str] = field(default_factory=list[str])
    kept: dict[str, str] = field(default_factory=dict[str, str])
    channels: set[str] = field(default_factory=set[str])
    foreign: list[str] = field(default_factory=list[str])

    def found(self, where: str, problems: Iterable[str]) -> None:
        """Note what is wrong there."""
        self.channels.add(where.partition(" #")[0])
        self.wrong += [f"{where}: {problem}" for problem in problems]

    async def call(self, turn: int, tool: str, /, **arguments: Any) -> Said:
        """A tool, in words and as data."""
        said = await self.chat.call(tool, **arguments)
        about = f" {arguments['detail']}" if "detail" in arguments else " by agent" if "group_by" in arguments else ""
        where, data = f"{tool}{about}{' (error)' if said.is_error else ''}", said.result.structured_content
        step = str(data["next"]) if data and "next" in data else None
        self.found(f"{where} #{turn}", checks.in_answer(said.text, step, self.foreign))
        if data is not None:
            self.found(f"{where}, structured #{turn}", checks.in_data(data))
        return said

    async def turn(self, turn: int) -> None:
        """Everything that tells of one task or agent."""
        serve_turn(self.world, self.attacks, turn)
        asks, wants, done, failed = (uid(turn, state) for state in ("asks", "wants", "done", "failed"))
        for state in ("asks", "works", "odd", "broken"):
            await self.call(turn, "get_task", task=uid(turn, state))
        await self.call(turn, "get_pending_questions", task=wants)
        await self.call(turn, "answer_questions", task=asks, answers={"none of these": "x"})
        await self.call(turn, "approve_step", task=wants)
        await self.call(turn, "approve_step", task=wants, parameters={"none of these": 1})
        for detail in ("failure", "summary"):
            await self.call(turn, "get_task", task=failed, detail=detail)
        for detail in ("output", "steps"):
            await self.call(turn, "get_task", task=done, detail=detail)
        await self.call(turn, "wait_for_tasks", tasks=[done, failed], timeout_seconds=5)
        await self.call(turn, "download_file", task=done, file="none of these")
        await self.call(turn, "retry_task", task=failed, step="none of these")
        await self.call(turn, "get_agent", agent=uid("agent", turn))
        await self.call(turn, "get_agent_analytics", agent=uid("agent", turn))
        await self.call(turn, "get_account")
        await self._resources(turn)
        await self._forms(turn, asks, wants)

    async def _resources(self, turn: int) -> None:
        done, broken = uid(turn, "done"), uid(turn, "broken")
        for uri in (f"beam://tasks/{done}", f"beam://tasks/{broken}"):
            try:
                [found] = (await self.chat.client.read_resource(uri)).contents
            except MCPError as error:
                self.found(f"resource (error) #{turn}", checks.in_answer(str(error), None, self.foreign))
                continue
            assert isinstance(found, TextResourceContents)
            step = found.text.rpartition("\nNext: ")[2] if "\nNext: " in found.text else None
            self.found(f"resource #{turn}", checks.in_answer(found.text, step, self.foreign))
        [raw] = (await self.chat.client.read_resource(f"beam://tasks/{done}/raw")).contents
        assert isinstance(raw, TextResourceContents)
        json.loads(raw.text)
        hidden = [*checks.unseen(raw.text), *(["acts"] if checks.TOKENS.search(raw.text) else [])]
        self.found(f"resource, raw #{turn}", sorted(hidden))

    async def _forms(self, turn: int, asks: str, wants: str) -> None:
        self.human.seen.clear()
        await self.asking.call("answer_questions", task=asks)
        await self.asking.call("approve_step", task=wants)
        for form in self.human.seen:
            self.found(f"form, message #{turn}", checks.in_answer(form.message, None, self.foreign))
            schema = json.loads(json.dumps(form.requested_schema))
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
        [found] = (await self.chat.client.read_resource("beam://inbox")).contents
        assert isinstance(found, TextResourceContents)
        self.found(f"resource, inbox #{turns[0]}", checks.in_words(found.text))

    async def _completions(self, turn: int) -> None:
        agents = await self.chat.client.complete(PromptReference(name="delegate"), {"name": "agent", "value": ""})
        tasks = await self.chat.client.complete(
            ResourceTemplateReference(uri="beam://tasks/{task}"), {"name": "task", "value": ""}
        )
        for offered in (agents.completion.values, tasks.completion.values):
            self.found(f"completion #{turn}", (p for v in offered for p in [*checks.in_words(v), *_lines(v)]))
        for name in agents.completion.values:
            prompt = await self.chat.client.get_prompt("delegate", {"goal": "match it", "agent": name})
            for message in prompt.messages:
                assert isinstance(message.content, TextContent)
                self.found(f"prompt #{turn}", checks.in_answer(message.content.text, None, self.foreign))


def _lines(text: str) -> list[str]:
    return ["several lines"] if "\n" in text else []


async def play(attacks: Sequence[Attack], turns: Sequence[int]) -> Play:
    """These turns of all turns that there are: in each of them the attacks stand at the next place."""
    async with _chats(attacks) as played:
        for turn in turns:
            await played.turn(turn)
        for begin in range(0, len(turns), MANY):
            await played.lists(turns[begin : begin + MANY])
    return played


async def outputs(attacks: Sequence[Attack]) -> Mapping[str, str]:
    """What is said of each attack, whole, where it is the output of a task."""
    async with _chats(attacks) as played:
        for turn, attack in enumerate(attacks):
            task = {"id": uid(turn), "status": "COMPLETED", "taskSummary": attack.text}
            played.world.faults.clear()
            serve(played.world, f"^/agent-tasks/{uid(turn)}$", task)
            said = await played.call(turn, "get_task", task=uid(turn), detail="output")
            played.kept[attack.title] = str(said.data.get("output", ""))
    assert played.wrong == []
    return played.kept


@asynccontextmanager
async def _chats(attacks: Sequence[Attack]) -> AsyncGenerator[Play]:
    world, human = World(populated=False), Human("cancel")
    async with (
        office_for(world) as office,
        chat_in(office, world, output="both") as chat,
        chat_in(office, world, mode="legacy", human=human) as asking,
    ):
        foreign = sorted({piece for attack in attacks for piece in checks.pieces(attack.text)})
        yield Play(attacks, world, chat, asking, human, foreign=foreign)
