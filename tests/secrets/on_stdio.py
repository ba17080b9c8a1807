"""What a server on stdio says: each tool, resource, prompt and form, its log at the most, its receipts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import Started, started
from tests.cli.wires import MODERN, OverStdio
from tests.secrets.planting import (
    GROUPS,
    HOOK,
    LOUDLY,
    MARKER,
    TOKENS,
    TYPED,
    asking_for_a_password,
    keyed,
    of_tokens,
    planted,
    planted_world,
)
from tests.secrets.searching import Capture, Collected
from tests.secrets.talking import Client
from tests.tools.test_secrets import calls_on

CONTROLS: Mapping[str, str] = {
    "greeting": "beam",
    "forms": MARKER,
    "notifications": "progress",
    "tool get_account": "Sam Sandbox",
    "tool create_task": "PAY-1",
    "tool rate_task": "ated",
    "tool download_file": "file",
    "tool stop_task": "topped",
    "tool reject_step": "Rejected",
    "tool retry_task": "step",
    "tool get_agent_analytics": "Invoice Matcher",
    "completions": "INV-1",
    "definitions": "get_task",
}
RESOURCES = ("resource inbox", "resource task", "resource task raw", "resource agent", "resource agent raw")
CHANNELS = (
    *CONTROLS,
    *(f"tool {name}" for name in ("list_agents", "get_agent", "list_tasks", "get_task", "wait_for_tasks")),
    *(f"tool {name}" for name in ("get_pending_questions", "answer_questions", "approve_step")),
    *RESOURCES,
    *("prompts", "receipts", "stderr, all logged"),
)
# The newest protocol asks inside an answer; its resources and prompts are those of the others.
IN_DATA = tuple(
    name for name in CHANNELS if name.startswith(("tool", "greeting", "notifications", "receipts", "stderr"))
)


async def everything_asked(client: Client, world: World) -> None:
    """Every resource, prompt and completion, then every tool about every task."""
    tasks = list(world.tasks.values())
    await client.ask("resource inbox", "resources/read", {"uri": "beam://inbox"})
    for uri in [f"tasks/{task.id}" for task in tasks] + [f"agents/{agent.id}" for agent in world.agents.values()]:
        name = "resource task" if uri.startswith("tasks") else "resource agent"
        await client.ask(name, "resources/read", {"uri": f"beam://{uri}"})
        await client.ask(f"{name} raw", "resources/read", {"uri": f"beam://{uri}/raw"})
    for task in tasks:
        explain = {"name": "explain_failure", "arguments": {"task": task.custom_id}}
        await client.ask("prompts", "prompts/get", explain)
    await client.ask("prompts", "prompts/get", {"name": "delegate", "arguments": {"goal": MARKER}})
    await completed(client)
    for name in ("tools/list", "resources/list", "resources/templates/list", "prompts/list"):
        await client.ask("definitions", name)
    await everything_called(client, world)


async def everything_called(client: Client, world: World) -> None:
    """Every tool; those that change something last."""
    working = planted(world, "Market Research", "IN_PROGRESS", world.access.key)
    await client.call("wait_for_tasks", tasks=[working.id], timeout_seconds=1)
    del world.tasks[working.id]
    for tool in ("list_agents", "get_account"):
        await client.call(tool)
    for agent in ("Leaky", "Invoice Matcher"):
        await client.call("get_agent", agent=agent)
        await client.call("get_agent_analytics", agent=agent)
    for task in list(world.tasks.values()):
        for tool, arguments in calls_on(task.id, task.agent.name):
            await client.call(tool, **arguments)
    await client.call("create_task", agent="Payment Runner", query="Pay it", webhook_url=HOOK)


async def completed(client: Client) -> None:
    """What is offered where a task or an agent is to be named."""
    for name in ("task", "agent"):
        reference = {"type": "ref/resource", "uri": f"beam://{name}s/{{{name}}}"}
        asked = {"ref": reference, "argument": {"name": name, "value": ""}}
        await client.ask("completions", "completion/complete", asked)


async def refused(client: Client, world: World) -> None:
    """Beam repeats the tokens that it does not take any more, and the key that it gives no other for."""
    for number, token in enumerate(list(world.access.tokens)):
        world.faults.add("status", "agent", code=400, body={"message": f"{token} is over"}, times=1)
        await client.call("list_agents", query=f"{number}")
    if world.access.tokens:
        world.access.tokens = dict.fromkeys(world.access.tokens, datetime.now(UTC) - timedelta(days=1))
        world.faults.add("status", "/auth/", code=400, body={"message": f"{world.access.key} is over"}, times=2)
        await client.call("list_agents", query="again")


async def talk(server: Started, world: World, version: str, abilities: str) -> Client:
    """The whole conversation on a process's own streams."""
    client = Client(OverStdio(server), version, abilities)
    with anyio.fail_after(120):
        await client.greet()
        await (everything_called if version == MODERN else everything_asked)(client, world)
        await refused(client, world)
        secret = asking_for_a_password(world)
        await client.call("answer_questions", "answered", task=secret.id, answers={"1": TYPED})
        await server.hang_up()
        await server.ended()
    return client


async def stdio(folder: Path, output: str, auth: str, version: str, abilities: str) -> Collected:
    """What one such server gives, whose key is in the environment."""
    world, receipts = planted_world(), folder / "receipts.jsonl"
    if auth == "token":
        world.access.reads = world.access.writes = {"token"}
    async with serving(world) as beam:
        settings = keyed(beam, folder, BEAM_MCP_OUTPUT=output, BEAM_AUTH=auth, BEAM_MCP_AUDIT=str(receipts))
        async with started(cwd=folder, settings=settings) as server:
            client = await talk(server, world, version, abilities)
    assert any("E4nary" in str(seen.headers) for seen in world.requests) or world.access.exchanges
    kept: dict[str, bytes] = {name: bytes(said) for name, said in client.kept.items() if name != "answered"}
    kept |= {"receipts": receipts.read_bytes(), "stderr, all logged": bytes(server.errors)}
    controls = {**CONTROLS, "stderr, all logged": LOUDLY}
    captures = tuple(Capture(name, said, controls.get(name, MARKER)) for name, said in kept.items())
    groups = {name: GROUPS[name] for name in ("fields", "links", "key", "typed")}
    return Collected(captures, groups | ({TOKENS: of_tokens(world)} if auth == "token" else {}))


async def both_by_key(folder: Path) -> Collected:
    """Words and data, over the key, from a client that shows forms."""
    return await stdio(folder, "both", "key", "2025-06-18", "forms")


async def data_by_token(folder: Path) -> Collected:
    """Data, over tokens, in the newest protocol."""
    return await stdio(folder, "structured", "token", MODERN, "forms")
