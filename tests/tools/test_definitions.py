"""What clients see of the tools before they call one: names, titles, descriptions, schemas, hints."""

import json
import os
import re
from pathlib import Path
from typing import Any, cast

import pytest
from mcp_types import Tool

from beam_mcp.sandbox.world import World
from beam_mcp.tools.toolset import Verb
from beam_mcp.tools.toolsets import TOOLSETS

from .chat import Chat, Era, chatting

pytestmark = pytest.mark.anyio

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
REWRITE = "BEAM_MCP_REWRITE_SNAPSHOTS"

VERBS: dict[str, Verb] = {verb.name: verb for toolset in TOOLSETS for verb in toolset.tools}
READING = {
    "list_agents",
    "get_agent",
    "get_agent_analytics",
    "list_tasks",
    "get_task",
    "wait_for_tasks",
    "get_pending_questions",
    "get_account",
}
CREATING = {"create_task", "rate_task", "download_file"}


def defined(tool: Tool) -> dict[str, Any]:
    """A definition as it is kept."""
    shown = tool.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: shown[key] for key in ("name", "title", "description", "inputSchema", "annotations")}


def places(schema: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every object inside a schema, with where it is."""
    found: list[tuple[str, dict[str, Any]]] = []
    if isinstance(schema, dict):
        entries = cast("dict[str, Any]", schema)
        found.append((path, entries))
        for key, inner in entries.items():
            found += places(inner, f"{path}/{key}")
    if isinstance(schema, list):
        for index, inner in enumerate(cast("list[Any]", schema)):
            found += places(inner, f"{path}/{index}")
    return found


@pytest.fixture
async def tools(chat: Chat) -> dict[str, Tool]:
    return {tool.name: tool for tool in (await chat.client.list_tools()).tools}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_both_eras_see_the_same_tools_in_the_same_order(world: World, mode: Era) -> None:
    async with chatting(world, mode=mode) as chat:
        assert [tool.name for tool in (await chat.client.list_tools()).tools] == list(VERBS)


@pytest.mark.parametrize("name", VERBS)
async def test_a_tool_is_defined_as_it_is_kept(tools: dict[str, Tool], name: str) -> None:
    kept, seen = SNAPSHOTS / f"{name}.json", defined(tools[name])
    if os.environ.get(REWRITE):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(seen, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    hint = f"Hosts keep tool definitions. If {name} was meant to change, run the tests once with {REWRITE}=1."
    assert kept.exists(), hint
    assert seen == json.loads(kept.read_text("utf-8")), hint


async def test_no_definition_is_kept_of_a_tool_that_is_gone() -> None:
    assert {kept.stem for kept in SNAPSHOTS.glob("*.json")} == set(VERBS)


async def test_all_four_hints_are_said_and_agree_with_what_the_tool_does(tools: dict[str, Tool]) -> None:
    for name, tool in tools.items():
        hints = tool.annotations
        assert hints is not None
        said = (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
        reading, creating, changing = (True, False, True, True), (False, False, False, True), (False, True, False, True)
        assert said == (reading if name in READING else creating if name in CREATING else changing)
        assert tool.title == hints.title
        assert tool.title


async def test_a_schema_is_plain_and_strict(tools: dict[str, Tool]) -> None:
    for tool in tools.values():
        schema = tool.input_schema
        assert schema["additionalProperties"] is False
        assert "anyOf" not in json.dumps(schema)
        assert "$ref" not in json.dumps(schema)
        for path, inner in places(schema):
            assert path.endswith("/properties") or "title" not in inner, path
            assert "default" not in inner or inner["default"] is not None, path
        required = schema.get("required", [])
        assert list(schema.get("properties", {}))[: len(required)] == required


async def test_a_description_is_one_to_three_sentences(tools: dict[str, Tool]) -> None:
    for tool in tools.values():
        words = tool.description or ""
        sentences = re.findall(r"[^.]+\.(?:\s|$)", words)
        assert 1 <= len(sentences) <= 3, words
        assert words == words.strip()
        assert "\n" not in words
        assert not re.search(r"IMPORTANT|MUST|NEVER", words)


async def test_every_argument_a_description_names_exists(tools: dict[str, Tool]) -> None:
    for tool in tools.values():
        for named in re.findall(r"\b([a-z]+_[a-z_]+)\b", tool.description or ""):
            assert named in tools or named in tool.input_schema["properties"], (tool.name, named)


async def test_no_definition_names_another_tool(tools: dict[str, Tool]) -> None:
    for name, tool in tools.items():
        told = f"{tool.description} {json.dumps(tool.input_schema)}"
        assert set(re.findall(r"\w+", told)) & set(VERBS) <= {name}, name


async def test_the_instructions_are_short_and_name_only_tools_there_are(chat: Chat) -> None:
    words = chat.client.instructions or ""
    assert 0 < len(words) <= 1900
    assert set(re.findall(r"\b([a-z]+_[a-z_]+)\b", words)) <= set(VERBS)


async def test_an_office_that_only_reads_shows_only_tools_that_read(world: World) -> None:
    async with chatting(world, read_only=True) as chat:
        assert {tool.name for tool in (await chat.client.list_tools()).tools} == READING


async def test_toolsets_that_are_switched_off_are_not_shown(world: World) -> None:
    async with chatting(world, toolsets=["inbox", "account"]) as chat:
        shown = [tool.name for tool in (await chat.client.list_tools()).tools]
        assert shown == ["get_pending_questions", "answer_questions", "approve_step", "reject_step", "get_account"]
        assert "is switched off here" in await chat.fail("create_task", agent="crm", query="Hi")
