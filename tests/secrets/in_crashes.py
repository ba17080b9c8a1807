"""What a person sees and what the log holds when something fails as nobody foresaw, with all it knew in its words."""

import re
from pathlib import Path

import anyio
import httpx2

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from tests.cli.processes import PATIENCE, Started, started
from tests.cli.test_inbox_and_receipts import opened
from tests.cli.wires import MODERN, OverHttp, OverStdio
from tests.secrets.planting import GROUPS, OTHER_KEY, keyed, loudly, planted_world
from tests.secrets.searching import Capture, Collected, joined
from tests.secrets.talking import Client

# What sends fails once a file is there, its words full of what it was given: the worst that a traceback can hold.
CRASHING = """\
import pathlib, sys
from beam_mcp.beam.direct import Direct
sent = Direct.handle_async_request
async def send(self, request):
    key = request.headers.get("x-api-key")
    if pathlib.Path("crash").exists():
        given, own = request.headers, "" if "http" in sys.orig_argv else key
        words = f"{own} {list(given.items())} {dict(given)} {given.raw} {request.url}"
        raise ZeroDivisionError(f"nobody foresaw this: {words}")
    return await sent(self, request)
Direct.handle_async_request = send
import asyncio, importlib.util
loop = asyncio.BaseEventLoop
if importlib.util.find_spec("uvloop"):
    from uvloop import Loop as loop
begin = loop.__init__
def hasty(self, *given, **more):
    begin(self, *given, **more)
    self.slow_callback_duration = 0.0
loop.__init__ = hasty
"""
SEEN, LOGGED = "seen by a person", "log"
DOORS = ("stdio", "http", "pages")
REFUSED = "refusals, http"
CHANNELS = (*(f"crash, {door}: {what}" for door in DOORS for what in (SEEN, LOGGED)), REFUSED)
OWN_TOKEN, WRONG_TOKEN = GROUPS["own"].values()


def crashing(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """The same settings for a process that crashes on demand, and logs as it does by itself."""
    (folder / "loud" / "sitecustomize.py").write_text(CRASHING, encoding="utf-8")
    return settings | {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}


async def crashed(client: Client, folder: Path) -> bytes:
    """What is seen of crashes in a tool, in the card, in a resource and in a completion."""
    await client.greet()
    document = await client.ask("before", "resources/read", {"uri": "ui://beam/inbox"})
    word = re.search(r'data-word="([^"]+)"', str(document))
    await anyio.Path(folder / "crash").touch()
    await client.call("show_card", "seen", word=word[1] if word else "")
    for tool in ("list_agents", "get_account", "list_tasks"):
        await client.call(tool, "seen")
    await client.ask("seen", "resources/read", {"uri": "beam://inbox"})
    reference = {"type": "ref/resource", "uri": "beam://tasks/{task}"}
    await client.ask("seen", "completion/complete", {"ref": reference, "argument": {"name": "task", "value": ""}})
    return bytes(client.kept["seen"])


async def refused(http: httpx2.AsyncClient) -> bytes:
    """What those are told who are not let in."""
    own, wrong = (f"Bearer {token}" for token in (OWN_TOKEN, WRONG_TOKEN))
    strangers = (
        {"authorization": wrong, "x-api-key": OTHER_KEY},
        {"authorization": own, "x-api-key": f"{OTHER_KEY} {OTHER_KEY}"},
        {"authorization": own, "x-api-key": OTHER_KEY, "host": "elsewhere.example"},
        {"authorization": own, "x-api-key": OTHER_KEY, "origin": "https://elsewhere.example"},
        {"authorization": own, "x-api-key": OTHER_KEY * 2000},
        {"authorization": own},
    )
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    heard = [await http.post(path, json=message, headers=who) for path in ("/mcp", "/none") for who in strangers]
    assert {answer.status_code for answer in heard} >= {400, 401, 403, 421, 431}
    return joined([piece for answer in heard for piece in (answer.content, repr(answer.headers).encode())])


async def seen_on_pages(inbox: Started, folder: Path) -> bytes:
    """What a browser gets where the inbox crashes."""
    address = await opened(inbox)
    await anyio.Path(folder / "crash").touch()
    async with httpx2.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(address)
    assert (answer.status_code, "<h1>Not shown</h1>" in answer.text) == (500, True)
    return joined([answer.content, repr(answer.headers).encode()])


async def crashes(folder: Path) -> Collected:
    """What they all give."""
    said: dict[str, tuple[bytes, bytes]] = {}
    crash = folder / "crash"
    async with serving(planted_world()) as beam:
        own = crashing(folder, keyed(beam, folder))
        with anyio.fail_after(120):
            async with started(cwd=folder, settings=own) as server:
                seen = await crashed(Client(OverStdio(server), "2025-06-18", "cards"), folder)
                said["stdio"] = seen, await log_of(server, crash)
            async with started("inbox", "--no-browser", cwd=folder, settings=own) as server:
                seen = await seen_on_pages(server, folder)
                said["pages"] = seen, await log_of(server, crash)
            theirs = crashing(
                folder, loudly(folder, BEAM_API_URL=beam, BEAM_MCP_PROFILE="nobody", BEAM_MCP_TOKEN=OWN_TOKEN)
            )
            async with (
                started("serve", "--transport", "http", "--port", "0", cwd=folder, settings=theirs) as server,
                httpx2.AsyncClient(base_url=await server.address(), trust_env=False) as http,
            ):
                strangers = await refused(http)
                who = {"x-api-key": OTHER_KEY, "current-workspace-id": WORKSPACE_ID}
                who["authorization"] = f"Bearer {OWN_TOKEN}"
                seen = await crashed(Client(OverHttp(http, who), MODERN, "cards"), folder)
                said["http"] = seen, await log_of(server, crash)
    captures = [
        Capture(f"crash, {door}: {what}", text, control)
        for door, (seen, log) in said.items()
        for what, text, control in (
            (SEEN, seen, "beam-mcp made a mistake"),
            (LOGGED, log, "ZeroDivisionError: nobody foresaw this"),
        )
    ]
    captures.append(Capture(REFUSED, strangers, "Bearer realm"))
    return Collected(tuple(captures), {name: GROUPS[name] for name in ("key", "headers", "own", "fields")})


async def log_of(server: Started, crash: Path) -> bytes:
    """All that it has logged by its end."""
    await anyio.Path(crash).unlink()
    with anyio.fail_after(PATIENCE):
        while b"ZeroDivisionError: " not in server.errors:
            await server.wrote.wait()
            server.wrote = anyio.Event()
    server.process.terminate()
    await server.ended()
    assert b"Traceback (most recent call last)" in server.errors
    assert b"WARNING asyncio: Executing" in server.errors
    return bytes(server.errors)
