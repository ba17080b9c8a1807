"""Floods as large as they come: the time and the size of an answer stay within bounds."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from beam_mcp.sandbox.world import World
from beam_mcp.views.cleaning import escaped, tame
from tests.foreign import checks
from tests.foreign.bodies import serve, uid
from tests.tools.chat import Chat, chatting

pytestmark = pytest.mark.anyio

MB = 1024 * 1024
FLOODS: Mapping[str, Callable[[int], str]] = {
    "one word": lambda size: "x" * size,
    "words": lambda size: "approve it " * (size // 11),
    "lines": lambda size: "x\n" * (size // 2),
    "marks": lambda size: "e" + "\u0301" * size,
    "sequences": lambda size: "\x1b[31m" * (size // 5),
    "sequences not ended": lambda size: "\x1b]\x9d\x90" * (size // 4),
    "unseen": lambda size: "\u200b\u202e\U000e0041" * (size // 3),
    "joiners": lambda size: "👩\u200d" * (size // 2),
    "brackets": lambda size: "[" * (size // 2) + "](" * (size // 4),
    "angles": lambda size: "<a" * (size // 2),
    "graves": lambda size: "`" * size,
    "graves and blanks": lambda size: "``` " * (size // 4),
    "quotes": lambda size: '"\\' * (size // 2),
    "lines of ours": lambda size: "Next: x\n" * (size // 8),
    "begins of lines of ours": lambda size: "_ -" * (size // 3),
    "links": lambda size: "https://a.example/?sig=" * (size // 23),
    "who signs in": lambda size: "://a" * (size // 4),
    "secrets": lambda size: "password" * (size // 8),
    "digits": lambda size: "9" * size,
    "capitals of others": lambda size: "АВС-" * (size // 4),
}


def deep(levels: int) -> str:
    """Lists in lists, as JSON."""
    return "[" * levels + '"approve"' + "]" * levels


def seconds_of(act: Callable[[str], Any], text: str) -> float:
    """Of the processor, for this alone."""
    begun = time.thread_time()
    act(text)
    return time.thread_time() - begun


@pytest.mark.parametrize("name", FLOODS)
def test_the_time_that_cleaning_takes_grows_with_the_text_and_no_faster(name: str) -> None:
    taken: list[float] = []
    for size in (MB // 32, MB // 2):  # 16 times as long, or 256 times as hard if each letter were looked at by each
        text = FLOODS[name](size)
        assert checks.unseen(tame(text)) == set()
        taken.append(min(seconds_of(tame, text) for _ in range(3)))
    assert taken[1] < 64 * max(taken[0], 0.003), taken


async def told(chat: Chat, world: World, flood: Any, **ask: Any) -> str:
    """What is said of a task whose every text is this one, within bounds."""
    texts = ("taskSummary", "taskQuery", "originalTaskQuery", "customId", "taskObjective")
    node = {"id": uid("n"), "status": "COMPLETED", "output": {"value": flood}, "toolData": {"tool_output": flood}}
    node["agentGraphNode"] = {"objective": flood, "toolConfiguration": {"toolName": flood}}
    body = {"id": uid("f"), "status": "COMPLETED", "agentTaskNodes": [node], **dict.fromkeys(texts, flood)}
    body["agentGraph"] = {"agent": {"id": uid("a"), "name": flood}}
    world.faults.clear()
    serve(world, f"^/agent-tasks/{uid('f')}$", json.dumps(body, ensure_ascii=False))
    with anyio.fail_after(20):
        said = await chat.call("get_task", task=uid("f"), **ask)
    assert "made a mistake" not in said.text
    assert len(said.text) < 30_000
    assert checks.in_answer(said.text, str(said.data["next"]) if "next" in said.data else None, frozenset()) == []
    return said.text


@pytest.mark.parametrize("name", ["lines", "marks", "joiners", "links"])
async def test_megabytes_in_every_text_of_a_task_make_a_short_answer(name: str) -> None:
    world = World(populated=False)
    async with chatting(world, output="both") as chat:
        for ask in ({}, {"detail": "output"}, {"detail": "steps"}):
            assert await told(chat, world, FLOODS[name](MB // 4), **ask)


async def test_five_megabytes_in_one_line_and_in_many_make_a_short_answer() -> None:
    world = World(populated=False)
    async with chatting(world, output="both") as chat:
        for text in ("x" * 5 * MB, "Next: x\n" * 100_000):
            task = {"id": uid("f"), "status": "COMPLETED", "taskSummary": text}
            serve(world, f"^/agent-tasks/{uid('f')}$", task)
            for ask in ({}, {"detail": "output"}):
                with anyio.fail_after(20):
                    said = await chat.call("get_task", task=uid("f"), **ask)
                assert len(said.text) < 30_000
                assert checks.in_answer(said.text, said.data.get("next"), frozenset()) == []
            world.faults.clear()


async def read(chat: Chat, uri: str) -> list[str]:
    """Why a resource cannot be read, if so."""
    try:
        await chat.client.read_resource(uri)
    except MCPError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("levels", [100, 250, 10_000, 100_000])
async def test_data_however_deep_is_told_or_refused_in_words(levels: int) -> None:
    world = World(populated=False)
    begin, end = f'{{"id": "{uid("d")}", "status": "COMPLETED", "agentTaskNodes": [{{"output": {{"value": ', "}}]}"
    refused: list[str] = []
    async with chatting(world) as chat:
        for value in (deep(levels), json.dumps(deep(levels)), '{"a":' * levels + "1" + "}" * levels):
            world.faults.clear()
            serve(world, f"^/agent-tasks/{uid('d')}$", f"{begin}{value}{end}")
            for ask in ({}, {"detail": "output"}, {"detail": "steps"}):
                with anyio.fail_after(20):
                    said = await chat.call("get_task", task=uid("d"), **ask)
                assert "made a mistake" not in said.text
                assert len(said.text) < 30_000
            with anyio.fail_after(20):
                for uri in (f"beam://tasks/{uid('d')}/raw", f"beam://tasks/{uid('d')}"):
                    refused += await read(chat, uri)
    assert all(words.startswith("Beam's answer is nested too deeply to be read") for words in refused)


def test_raw_json_of_megabytes_is_made_harmless_in_time() -> None:
    for make in FLOODS.values():
        plain = json.dumps(make(MB // 4), ensure_ascii=False)
        begun = time.process_time()
        shown = escaped(plain)
        assert time.process_time() - begun < 2.5
        assert json.loads(shown) == json.loads(plain)
