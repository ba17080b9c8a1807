"""The same answers as data, for clients that take those: small, checked against the published schema, nothing more."""

import re
from typing import Any, cast

import jsonschema
import pytest

from beam_mcp.sandbox.world import World
from beam_mcp.tools.toolset import Output

from .chat import Chat, Era, chatting
from .test_secrets import STATES, calls_on

pytestmark = pytest.mark.anyio

HOUR = 3600.0


def empties(data: Any, path: str = "") -> list[str]:
    """Where data holds nothing."""
    if data in (None, [], {}):
        return [path]
    if isinstance(data, dict):
        entries = cast("dict[str, Any]", data)
        return [found for key, inner in entries.items() for found in empties(inner, f"{path}/{key}")]
    if isinstance(data, list):
        items = cast("list[Any]", data)
        return [found for index, inner in enumerate(items) for found in empties(inner, f"{path}/{index}")]
    return []


async def every_answer(chat: Chat, world: World, most: int = len(STATES)) -> list[tuple[str, Any]]:
    """What every tool says of every kind of task of `most` agents."""
    said: list[tuple[str, Any]] = []
    for agent, states in list(STATES.items())[:most]:
        for state in states:
            task = world.add_task(agent, status=state, age=HOUR).custom_id
            said += [(tool, await chat.call(tool, **arguments)) for tool, arguments in calls_on(task, agent)]
    others: list[tuple[str, dict[str, Any]]] = [
        ("list_agents", {}),
        ("list_agents", {"query": "zebra"}),
        ("get_agent", {"agent": "payment"}),
        ("get_agent_analytics", {"agent": "payment"}),
        ("get_account", {}),
        ("list_tasks", {"search": "nothing at all"}),
    ]
    return said + [(tool, await chat.call(tool, **arguments)) for tool, arguments in others]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_data_fits_the_published_schema_and_holds_no_nulls(world: World, mode: Era) -> None:
    async with chatting(world, mode=mode, output="both") as chat:
        schemas = {tool.name: tool.output_schema for tool in (await chat.client.list_tools()).tools}
        assert all(schemas.values())
        for tool, said in await every_answer(chat, world, len(STATES) if mode == "auto" else 1):
            if said.is_error:
                assert said.result.structured_content is None
                continue
            jsonschema.validate(said.data, schemas[tool] or {})
            assert empties(said.data) == []
            assert said.text


async def test_text_alone_publishes_no_schema_and_sends_no_data(world: World) -> None:
    async with chatting(world, output="text") as chat:
        assert not [tool.name for tool in (await chat.client.list_tools()).tools if tool.output_schema]
        for _, said in await every_answer(chat, world, 1):
            assert said.result.structured_content is None
            assert len(said.result.content) == 1


async def test_data_alone_sends_no_text_except_in_errors(world: World) -> None:
    async with chatting(world, output="structured") as chat:
        for _, said in await every_answer(chat, world, 1):
            assert bool(said.text) == said.is_error


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_task", {"task": "PAY-101"}),
        ("get_task", {"task": "INV-101"}),
        ("get_task", {"task": "CON-101"}),
        ("get_pending_questions", {}),
        ("list_agents", {}),
    ],
)
async def test_data_says_no_more_than_the_text(world: World, tool: str, arguments: dict[str, Any]) -> None:
    for agent in ("Payment Runner", "Invoice Matcher", "Contract Reviewer"):
        world.add_task(agent, age=HOUR)
    async with chatting(world, output="both") as chat:
        said = await chat.call(tool, **arguments)
    words = set(re.findall(r"\w+", said.text))
    unsaid = {
        word
        for value in leaves(said.data)
        for word in re.findall(r"\w+", value)
        if word not in words and value not in {"approval", "question", chat.office.identity.workspace}
    }
    assert unsaid <= {"1"}  # the first page is not said in words


@pytest.mark.parametrize("output", ["both", "structured"])
async def test_the_last_step_in_data_names_only_tools_that_are_loaded(world: World, output: Output) -> None:
    for agent in ("Payment Runner", "Invoice Matcher", "CRM Sync"):
        world.add_task(agent, age=HOUR)
    async with chatting(world, output=output, read_only=True) as chat:
        said = await chat.call("get_pending_questions")
        assert not re.search(r"(approve_step|answer_questions|retry_task)\(", str(said.data))


def leaves(data: Any) -> list[str]:
    """Every text and number in some data."""
    if isinstance(data, dict):
        return [leaf for inner in cast("dict[str, Any]", data).values() for leaf in leaves(inner)]
    if isinstance(data, list):
        return [leaf for inner in cast("list[Any]", data) for leaf in leaves(inner)]
    return [str(data)]
