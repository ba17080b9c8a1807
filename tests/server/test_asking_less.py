"""A request may ask for fewer tools than the server offers: everything it then hears goes by these, at every door."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from beam_mcp.server.card import BOUND, NAMES
from beam_mcp.tools.toolsets import TOOLSETS
from tests.cli.wires import MODERN, OverHttp, Speaker

from .sharing import ANNA, DISCOVER, MODERN_HEADERS, Shared, dashed, said_by, shared
from .test_transports_web import DOORS, entering

pytestmark = pytest.mark.anyio

TOOLS = {toolset.name: {tool.name for tool in toolset.tools} for toolset in TOOLSETS}
EVERY = set[str]().union(*TOOLS.values())
READING = {tool.name for toolset in TOOLSETS for tool in toolset.tools if tool.reads_only}
SWITCHED_OFF = "is switched off here"


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Shared]:
    async with shared() as found:
        yield found


@pytest.fixture(scope="module")
async def narrow() -> AsyncIterator[Shared]:
    """A server whose operator leaves only the reading tools of two toolsets."""
    async with shared(offering={"toolsets": ["agents", "tasks"], "read_only": True}) as found:
        yield found


async def instructions(speaker: Speaker) -> str:
    return (await speaker.greet())["instructions"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({}, EVERY),
        ({"x_mcp_readonly": "true"}, READING),
        ({"x_mcp_readonly": "false", "x_mcp_toolsets": ""}, EVERY),
        ({"x_mcp_toolsets": "agents, tasks"}, TOOLS["agents"] | TOOLS["tasks"]),
        ({"x_mcp_toolsets": "tasks inbox", "x_mcp_readonly": "1"}, (TOOLS["tasks"] | TOOLS["inbox"]) & READING),
        ({"x_mcp_toolsets": "account"}, TOOLS["account"]),
    ],
)
async def test_a_request_lists_and_calls_only_what_it_asked_for(
    site: Shared, door: str, asked: dict[str, str], left: set[str]
) -> None:
    async with entering(site.http, door, x_api_key=ANNA, **asked) as (speaker, _):
        assert set(await speaker.tools()) == left
        for tool in ("create_task", "get_account"):
            refused = SWITCHED_OFF in await speaker.call(tool, **({"agent": "x"} if tool == "create_task" else {}))
            assert refused is (tool not in left), tool
        assert not site.world.acts
        told = await instructions(speaker)
        assert {name for name in EVERY if name in told} <= left
        prompts = {prompt["name"] for prompt in (await speaker.ask("prompts/list"))["prompts"]}
        assert ("explain_failure" in prompts, "triage_inbox" in prompts) == ("get_task" in left, "approve_step" in left)
        unknown = await speaker.answer("prompts/get", {"name": "triage_inbox"})
        assert ("error" in unknown) is ("approve_step" not in left)


@pytest.mark.parametrize("door", DOORS)
async def test_greeting_next_steps_resources_and_completions_name_only_what_was_asked_for(
    site: Shared, door: str
) -> None:
    task = site.world.add_task("Invoice Matcher")
    uri, argument = f"beam://tasks/{task.custom_id}", {"name": "agent", "value": "inv"}
    completing = {"ref": {"type": "ref/prompt", "name": "delegate"}, "argument": argument}
    heard = dict[str, Any]()
    for asked in ("agents", "account", "agents,tasks,inbox"):
        async with entering(site.http, door, x_api_key=ANNA, x_mcp_toolsets=asked) as (speaker, _):
            listed = (await speaker.ask("resources/list"))["resources"]
            templates = (await speaker.ask("resources/templates/list"))["resourceTemplates"]
            heard[asked] = (
                {resource["uri"] for resource in [*listed]} | {template["name"] for template in templates},
                "result" in await speaker.answer("resources/read", {"uri": uri}),
                bool((await speaker.ask("completion/complete", completing))["completion"]["values"]),
                "Next: create_task" in await speaker.call("list_agents"),
            )
    everything = {"beam://inbox", "task", "task_raw", "agent", "agent_raw"}
    assert heard == {
        "agents": ({"agent", "agent_raw"}, False, True, False),
        "account": (set(), False, False, False),
        "agents,tasks,inbox": (everything, True, True, True),
    }


async def test_the_greeting_instructs_for_the_tools_of_its_own_request(site: Shared) -> None:
    for greeted in (site.greet, site.discover):
        few, all_of_them = [
            (await greeted(x_api_key=ANNA, **asked)).text for asked in ({"x_mcp_readonly": "true"}, dict[str, str]())
        ]
        assert ("create_task" in few, "create_task" in all_of_them) == (False, True)
        assert ("get_pending_questions" in few, "get_pending_questions" in all_of_them) == (True, True)


@pytest.mark.parametrize("readonly", ["true", "false"])
async def test_the_card_is_for_those_alone_who_can_decide(site: Shared, readonly: str) -> None:
    """A client that draws cards, and may decide or not."""
    wire = OverHttp(site.http, dashed({"x_api_key": ANNA, "x_mcp_readonly": readonly}))
    ui = {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}
    meta = DISCOVER["params"]["_meta"] | {"io.modelcontextprotocol/clientCapabilities": {"extensions": ui}}
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    await wire.send(listing)
    tools = {tool["name"]: tool for tool in (await wire.receive())["result"]["tools"]}
    may_decide = readonly == "false"
    assert {name for name, tool in tools.items() if "_meta" in tool and "ui" in tool["_meta"]} == (
        BOUND | NAMES if may_decide else set()
    )
    wire.headers["mcp-name"] = "ui://beam/inbox"
    reading = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "resources/read",
        "params": {"uri": "ui://beam/inbox", "_meta": meta},
    }
    answer = await site.http.post("/mcp", json=reading, headers=_headers(wire, "resources/read"))
    assert ("<html" in answer.text) is may_decide


def _headers(wire: OverHttp, method: str) -> dict[str, str]:
    return wire.headers | MODERN_HEADERS | {"mcp-method": method, "accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("door", DOORS)
async def test_no_header_adds_what_the_operator_left_out(narrow: Shared, door: str) -> None:
    offered = (TOOLS["agents"] | TOOLS["tasks"]) & READING
    for asked in ({"x_mcp_readonly": "false"}, {"x_mcp_toolsets": "agents,tasks,inbox,account,files"}):
        async with entering(narrow.http, door, x_api_key=ANNA, **asked) as (speaker, _):
            assert set(await speaker.tools()) == offered
            for tool in EVERY - offered:
                assert SWITCHED_OFF in await speaker.call(tool)
    async with entering(narrow.http, door, x_api_key=ANNA, x_mcp_toolsets="inbox") as (speaker, _):
        assert await speaker.tools() == []


async def test_a_header_that_comes_twice_narrows_twice(site: Shared) -> None:
    for first, second, left in [
        (("x-mcp-toolsets", "agents,tasks"), ("x-mcp-toolsets", "tasks,inbox"), TOOLS["tasks"]),
        (("x-mcp-readonly", "true"), ("x-mcp-readonly", "false"), READING),
    ]:
        headers = [("x-api-key", ANNA), first, second]
        async with httpx2.AsyncClient(base_url=site.http.base_url, headers=headers, trust_env=False) as http:
            assert set(await Speaker(OverHttp(http), MODERN).tools()) == left


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"x_mcp_toolsets": "agents,gadgets,tolls"},
            '"gadgets", "tolls" are no toolsets here; there are: agents, tasks,',
        ),
        ({"x_mcp_toolsets": "*"}, '"*" is no toolset here; there are: agents, tasks, inbox, account, files.'),
        ({"x_mcp_toolsets": "Agents"}, '"Agents" is no toolset here'),
        ({"x_mcp_readonly": "perhaps"}, 'X-MCP-Readonly: "perhaps" is neither true nor false.'),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_with_what_can(
    site: Shared, asked: dict[str, str], words: str
) -> None:
    for answer in (
        await site.greet(x_api_key=ANNA, **asked),
        await site.discover(x_api_key=ANNA, **asked),
        await site.http.get("/sse", headers=dashed({"x_api_key": ANNA, **asked})),
        await site.http.post("/messages/", headers=dashed({"x_api_key": ANNA, **asked})),
    ):
        assert (answer.status_code, words in said_by(answer)) == (400, True)


async def test_only_what_the_operator_offers_is_said_to_be_there(narrow: Shared) -> None:
    said = said_by(await narrow.discover(x_api_key=ANNA, x_mcp_toolsets="gadgets"))
    assert said.endswith("there are: agents, tasks. Without this header you get them all.")
