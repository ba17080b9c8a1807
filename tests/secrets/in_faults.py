"""What is told when something goes wrong, and what went wrong says more than it should: errors, proxies, downloads."""

import base64
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import anyio.abc

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import started
from tests.cli.wires import OverStdio
from tests.faults.addresses import addresses, saying
from tests.secrets.in_commands import said
from tests.secrets.planting import GROUPS, KEY, LOUDLY, PROSE, keyed, planted_world
from tests.secrets.searching import Capture, Collected, joined
from tests.secrets.talking import Client

PASSWORD = GROUPS["proxy"]["password of a proxy"]
PACKED = base64.b64encode(KEY.encode()).decode()
# Of a message little is repeated: what is to be seen there comes first.
ECHO = f"{quote(KEY, safe='')} {PACKED} {PROSE % KEY}, x-api-key: {KEY}, Authorization: Bearer {KEY}"
PAGE = f"<html><body><h1>Bad Gateway</h1><pre>x-api-key: {KEY}\nAuthorization: Bearer {KEY}</pre></body></html>"
FAULTS: Mapping[str, Mapping[str, Any]] = {
    **{
        f"HTTP {code}": {"kind": "status", "code": code, "body": {"message": ECHO}}
        for code in (400, 401, 403, 404, 409)
    },
    **{f"HTTP {code}": {"kind": "status", "code": code, "body": ECHO} for code in (429, 500)},
    "cut long": {"kind": "status", "code": 400, "body": {"message": "x" * 140 + " " + ECHO}},
    "several messages": {"kind": "status", "code": 422, "body": {"message": [ECHO, ECHO]}},
    "HTML": {"kind": "status", "code": 502, "body": PAGE},
    "error in 200": {"kind": "error_in_200", "body": {"code": "X", "message": ECHO}},
    "not JSON": {"kind": "status", "code": 200, "body": ECHO},
    "half of JSON": {"kind": "status", "code": 200, "body": f'{{"data": [{{"id": "1", "customId": "{ECHO}'},
    "another kind": {"kind": "status", "code": 200, "body": [{"apiKey": KEY, "accessToken": KEY}]},
    "redirect": {"kind": "redirect", "to": f"https://elsewhere.example/?key={quote(KEY)}&X-Amz-Signature={KEY}"},
    "updates": {
        "kind": "status",
        "code": 200,
        "body": f"data: {ECHO}\n\n",
        "headers": {"content-type": "text/event-stream"},
    },
}
TOLD = tuple(f"errors: {name}" for name in FAULTS)
PROXIES: Mapping[str, str] = {
    "refuses": f"http://me:{PASSWORD}@127.0.0.1:1",
    "wants a password": f"http://me:{PASSWORD}@127.0.0.1:{{port}}",
    "no HTTP": f"socks5://me:{PASSWORD}@127.0.0.1:1",
    "broken": f"http://me:{PASSWORD}#x@127.0.0.1:1",
    "broken otherwise": f"http://me:{PASSWORD}/x@127.0.0.1:1",
}
UNTRUSTED = ("nobody trusts", "is another host's")
CHANNELS = (
    *TOLD,
    "download",
    "stderr, all logged",
    *(f"proxy {name}" for name in PROXIES),
    *(f"a certificate that {name}" for name in UNTRUSTED),
)


async def errors_told(client: Client, world: World) -> None:
    """What reads and writes say of every fault, and resources and completions."""
    task = next(task for task in world.tasks.values() if task.agent.name == "Payment Runner")
    for name, fault in FAULTS.items():
        world.faults.clear()
        path = "/updates" if name == "updates" else ".*"
        given: dict[str, Any] = {"headers": {"retry-after": "99"}, **fault}
        world.faults.add(path=path, times=None, **given)
        told = f"errors: {name}"
        await client.call("list_agents", told)
        await client.call("get_account", told)
        await client.call("create_task", told, agent=task.agent.id, query=name)
        await client.call("wait_for_tasks", told, tasks=[task.id], timeout_seconds=1)
        await client.ask(told, "resources/read", {"uri": f"beam://tasks/{task.id}/raw"})
    world.faults.clear()


async def downloaded(client: Client, world: World) -> dict[str, str]:
    """A file is fetched by its signed link, which is refused at first with all that the link says."""
    task = next(task for task in world.tasks.values() if task.files)
    (file,) = task.files
    refusal = f"<Error><Signature>{file.signature}</Signature></Error>"
    world.faults.add("status", f"{file.id}", after=1, code=403, body=refusal, times=1)
    for _ in range(2):
        await client.call("download_file", "download", task=task.id, file=file.name)
    return {"signature of a download": file.signature}


async def on_stdio(folder: Path) -> Collected:
    """One server that meets all faults one after another."""
    world = planted_world()
    async with serving(world) as beam:
        async with started(cwd=folder, settings=keyed(beam, folder, BEAM_MCP_FILES=str(folder))) as server:
            client = Client(OverStdio(server), "2025-06-18")
            with anyio.fail_after(120):
                await client.greet()
                await errors_told(client, world)
                signature = await downloaded(client, world)
                await server.hang_up()
                await server.ended()
        kept = {name: bytes(told) for name, told in client.kept.items()}
        assert re.search(r"Saved", kept["download"].decode()), kept["download"]
    captures = [Capture(name, told, "Beam") for name, told in kept.items() if name in CHANNELS and name != "download"]
    captures.append(Capture("download", kept["download"], "Saved"))
    captures.append(Capture("stderr, all logged", bytes(server.errors), LOUDLY))
    return Collected(tuple(captures), {"links": {**GROUPS["links"], **signature}, "key": GROUPS["key"]})


async def by_proxy(folder: Path) -> list[Capture]:
    """What commands and servers say where the way to Beam leads by such a proxy, or to such a certificate."""
    echo = b"HTTP/1.1 407 Who are you\r\nproxy-authenticate: Basic\r\nx-echo: " + PASSWORD.encode() + b"\r\n\r\n"
    told: dict[tuple[str, str], bytes] = {}
    async with addresses(folder) as strange, AsyncExitStack() as open_ones, anyio.create_task_group() as tasks:
        secure = strange["untrusted certificate"]
        listener = await open_ones.enter_async_context(await anyio.create_tcp_listener(local_host="127.0.0.1"))
        tasks.start_soon(listener.serve, saying(echo))
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's, not a database's
        lines = {
            (name, command): [f"HTTPS_PROXY={proxy.format(port=port)}", command, *more]
            for name, proxy in PROXIES.items()
            for command, *more in (["doctor"], ["whoami"], ["serve", "--late"])
        }
        name = secure.replace("127.0.0.1", "127.1")  # the same address, but no name of the certificate's
        trusted = f"SSL_CERT_FILE={folder / 'certificate 1.pem'}"
        lines = {
            (UNTRUSTED[0], "whoami"): ["HTTPS_PROXY=", f"BEAM_API_URL={secure}", "whoami"],
            (UNTRUSTED[1], "doctor"): [trusted, f"BEAM_API_URL={name}", "doctor"],
            (UNTRUSTED[1], "whoami"): ["whoami"],
            ("back", ""): ["SSL_CERT_FILE=", "BEAM_API_URL=https://beam.invalid", "receipts"],
        } | lines
        told = await said(lines, cwd=folder, settings=keyed("https://beam.invalid", folder, NO_PROXY=""))
        tasks.cancel_scope.cancel()
    words = dict.fromkeys(PROXIES, ("proxy", "proxy"))
    words |= dict.fromkeys(UNTRUSTED, ("a certificate that", "certificate"))
    return [
        Capture(f"{what} {name}", joined(text for line, text in told.items() if line[0] == name), control)
        for name, (what, control) in words.items()
    ]


async def faults(folder: Path) -> Collected:
    """What all of them give."""
    first = await on_stdio(folder)
    return Collected((*first.captures, *await by_proxy(folder)), {**first.secrets, "proxy": GROUPS["proxy"]})
