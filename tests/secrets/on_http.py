"""What a server over HTTP says to callers who bring their own key or token, on its pages too, and what it logs."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import anyio
import anyio.lowlevel
import httpx2

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, Started, started
from tests.cli.test_inbox_and_receipts import form_of
from tests.cli.wires import MODERN, OverHttp, over_sse
from tests.secrets.on_stdio import everything_called
from tests.secrets.planting import (
    GROUPS,
    LOUDLY,
    MARKER,
    OTHER_KEY,
    PAGE_LINKS,
    TOKENS,
    loudly,
    of_tokens,
    planted,
    planted_world,
)
from tests.secrets.searching import Capture, Collected, joined
from tests.secrets.talking import Client

HOME = frozenset({PAGE_LINKS})  # who asks for an approval is given the link
CALLERS = ("results, 2025", "results, 2026", "results, SSE", "results, by token")
CONTROLS = {"page of an unknown link": "not good any more", "results, a key as workspace": "no UUID"}
# Who brings a token alone does not say whose key it stands for, so nobody here could know it.
HOMES = {"results, by token": HOME | {"headers"}}
STRANGE = "results, a key as workspace"
CHANNELS = (*CALLERS, STRANGE, "headers", "decision page", "page of an unknown link", "card", "stderr, all logged")
AT_HOME = {name: HOMES.get(name, HOME) for name in CHANNELS if not name.startswith("stderr")}


class Heard:
    """The headers of every answer."""

    def __init__(self) -> None:
        self.headers: list[bytes] = []

    async def __call__(self, response: httpx2.Response) -> None:
        """Keep them, with the status."""
        told = [b"%b: %b" % pair for pair in response.headers.raw]
        self.headers.append(joined([str(response.status_code).encode(), *told]))


def waiting_in(world: World) -> TaskState:
    """A task that waits for an approval."""
    return next(task for task in world.current() if task.status == "USER_CONSENT_REQUIRED")


async def said_to(client: Client, world: World, *, whole: bool = False) -> tuple[bytes, str]:
    """All that a caller hears, and a link to a decision."""
    await client.greet()
    waiting = waiting_in(world)
    offered = await client.call("approve_step", task=waiting.id)
    await client.call("get_pending_questions")
    await client.call("get_account")
    if whole:
        await everything_called(client, world)
    found = re.search(r"http://\S+/decide/[\w-]+", offered)
    return joined(map(bytes, client.kept.values())), found[0] if found else ""


async def decided(http: httpx2.AsyncClient, link: str, task_id: str) -> bytes:
    """What a person sees who opens the link, and who approves there."""
    page = await http.get(link)
    action, mark = form_of(page.text, task_id)
    done = await http.post(urljoin(link, action), data={"mark": mark, "choice": "approve"}, follow_redirects=True)
    return joined([page.content, done.content])


async def card(http: httpx2.AsyncClient, who: dict[str, str], world: World) -> bytes:
    """The card's document and what it shows."""
    client = Client(OverHttp(http, dict(who)), "2025-06-18", "cards")
    await client.greet()
    document = await client.ask("card", "resources/read", {"uri": "ui://beam/inbox"})
    word = re.search(r'data-word="([^"]+)"', str(document))
    shown: dict[str, Any] = {"word": word[1] if word else ""}
    await client.call("show_card", "card", **shown)
    await client.call("show_card", "card", **shown, task=next(iter(world.tasks)))
    return bytes(client.kept["card"])


async def strange(http: httpx2.AsyncClient, world: World) -> bytes:
    """What a caller hears who sends a key where the workspace belongs, also where Beam repeats it."""
    stray = GROUPS["strays"]["a key put in a wrong place"]
    client = Client(OverHttp(http, {"x-api-key": OTHER_KEY, "current-workspace-id": stray}), MODERN)
    await client.greet()
    for _ in range(2):
        for tool in ("get_account", "list_agents", "list_tasks", "get_pending_questions"):
            await client.call(tool)
        await client.call("create_task", agent="Nobody", query=MARKER)
        world.faults.add("status", "agent", code=403, body={"message": f"{stray} is none"}, times=None)
    world.faults.clear()
    return joined(map(bytes, client.kept.values()))


async def ended_in_between(server: Started, http: httpx2.AsyncClient, world: World) -> None:
    """A signal comes while Beam is asked on a caller's behalf."""
    world.faults.add("latency", seconds=1.0, times=None)
    before = len(world.requests)
    async with anyio.create_task_group() as tasks:
        who = {"x-api-key": OTHER_KEY, "current-workspace-id": WORKSPACE_ID}
        tasks.start_soon(Client(OverHttp(http, who), MODERN).call, "list_agents")
        while len(world.requests) == before:
            await anyio.lowlevel.checkpoint()
        server.process.terminate()
    await server.ended()


async def callers(http: httpx2.AsyncClient, world: World) -> tuple[dict[str, bytes], list[str]]:
    """What each caller hears, and the links they were given."""
    token = str((world.access.exchange(OTHER_KEY) or {})["idToken"])
    by_key, by_token = (
        {**proof, "current-workspace-id": WORKSPACE_ID}
        for proof in ({"x-api-key": OTHER_KEY}, {"authorization": f"Bearer {token}"})
    )
    said: dict[str, bytes] = {}
    links = ["", "", "", ""]
    said["card"] = await card(http, by_key, world)
    said[STRANGE] = await strange(http, world)
    said[CALLERS[3]], links[3] = await said_to(Client(OverHttp(http, dict(by_token)), MODERN), world)
    said[CALLERS[0]], links[0] = await said_to(Client(OverHttp(http, dict(by_key)), "2025-06-18"), world)
    async with over_sse(http, by_key) as wire:
        said[CALLERS[2]], links[2] = await said_to(Client(wire, "2024-11-05"), world)
    waiting = waiting_in(world)
    said["decision page"] = await decided(http, links[0], waiting.id)
    said["page of an unknown link"] = (await http.get(links[0][:-3] + "zzz?token=")).content
    planted(world, "Payment Runner", "USER_CONSENT_REQUIRED", OTHER_KEY)
    said[CALLERS[1]], links[1] = await said_to(Client(OverHttp(http, dict(by_key)), MODERN), world, whole=True)
    return said, [link for link in links if link]


async def over_http(folder: Path) -> Collected:
    """What one such server gives."""
    world = planted_world(OTHER_KEY)
    async with serving(world) as beam:
        settings = loudly(folder, BEAM_API_URL=beam, BEAM_MCP_PROFILE="nobody", BEAM_MCP_AUDIT=str(folder / "r.jsonl"))
        arguments = ("serve", "--transport", "http", "--port", "0")
        async with started(*arguments, cwd=folder, settings=settings) as server:
            heard = Heard()
            said, links = await _visited(server, world, heard)
            errors = bytes(server.errors)
    captures = [
        *(Capture(name, text, CONTROLS.get(name, MARKER), HOMES.get(name, HOME)) for name, text in said.items()),
        Capture("headers", joined(heard.headers), "content-type", HOME),
        Capture("stderr, all logged", errors, LOUDLY),
    ]
    groups = {name: GROUPS[name] for name in ("fields", "links", "headers", "strays")}
    words = {f"link {number}": link.rpartition("/")[2] for number, link in enumerate(dict.fromkeys(links))}
    return Collected(tuple(captures), {**groups, TOKENS: of_tokens(world), PAGE_LINKS: words})


async def _visited(server: Started, world: World, heard: Heard) -> tuple[dict[str, bytes], list[str]]:
    hooks: Any = {"response": [heard]}
    with anyio.fail_after(6 * PATIENCE):
        async with httpx2.AsyncClient(
            base_url=await server.address(), trust_env=False, event_hooks=hooks, timeout=PATIENCE
        ) as http:
            found = await callers(http, world)
            await ended_in_between(server, http, world)
            return found
