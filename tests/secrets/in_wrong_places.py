"""What is told of a key that somebody put where none belongs: as a word, an option, in another setting."""

from collections.abc import Mapping
from pathlib import Path

import httpx2

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from tests.cli.processes import PATIENCE, started
from tests.cli.wires import MODERN, OverHttp
from tests.secrets.in_commands import said
from tests.secrets.on_http import said_to
from tests.secrets.planting import GROUPS, KEY, OTHER_KEY, keyed, loudly, planted_world
from tests.secrets.searching import Capture, Collected, joined
from tests.secrets.talking import Client

STRAY = GROUPS["strays"]["a key put in a wrong place"]
LINES: Mapping[str, list[str]] = {
    "a word": [STRAY],
    "a word after a command": ["whoami", STRAY],
    "a client": ["install", STRAY],
    "--key KEY": ["--key", STRAY],
    "--api-key KEY": ["--api-key", STRAY],
    "--api-key=KEY": [f"--api-key={STRAY}"],
    "--apikey=KEY": ["serve", f"--apikey={STRAY}"],
    "--api-key where there is none": ["demo", "--api-key", STRAY],
    "--api-key-file KEY": ["whoami", "--api-key-file", STRAY],
    "doctor --api-key-file KEY": ["doctor", "--api-key-file", STRAY],
    "--output KEY": ["--output", STRAY],
    "--auth KEY": ["whoami", "--auth", STRAY],
    "--profile KEY": ["whoami", "--profile", f"{STRAY}/"],
    "--api-url with it": ["whoami", "--api-url", f"https://beam.example/?key={STRAY}"],
    "--api-url, user": ["doctor", "--api-url", f"https://{STRAY}@beam.example/"],
    "--api-url, no address": ["doctor", "--api-url", f"ftp://beam.example/?key={STRAY}"],
    "--api-url, path": ["doctor", "--api-url", f"https://beam.example/{STRAY}/v1"],
    "--api-url, path of no safe one": ["whoami", "--api-url", f"http://beam.example/{STRAY}"],
    "--api-url, port": ["doctor", "--api-url", f"https://beam.example:{STRAY}"],
    "--public-url with it": ["--public-url", f"https://beam.example/#{STRAY}"],
    "two words": [f"BEAM_API_KEY={STRAY} and more", "whoami"],
    "not in ASCII": [f"BEAM_API_KEY={STRAY}é", "doctor"],
}
# The same where a Beam answers, which a key in the place of a workspace's id is sent to; each setting stays set.
AT_BEAM: Mapping[str, list[str]] = {
    "login --workspace KEY": ["login", "--key-stdin", "--workspace", STRAY],
    "BEAM_WORKSPACE_ID, whoami": [f"BEAM_WORKSPACE_ID={STRAY}", "whoami"],
    "all at once, doctor": [
        *(f"BEAM_MCP_ALLOWED_HOSTS={STRAY} {STRAY}.{STRAY}", f"BEAM_MCP_OAUTH_SCOPES={STRAY}"),
        *(f"BEAM_MCP_{name}={STRAY}" for name in ("HOST", "FILES", "AUDIT", "PROFILE")),
        "doctor",
    ],
    "BEAM_MCP_AUDIT, receipts": ["receipts"],
    "BEAM_MCP_PROFILE, logout": ["logout"],
    "BEAM_MCP_HOST, serve": ["serve", "--transport", "http"],
}
# Headers that are neither for us nor for Beam, of a request to a server of ours.
HEADERS: tuple[dict[str, str], ...] = (
    {"origin": STRAY},
    {"origin": f"https://{STRAY}"},
    {"origin": f"https://{STRAY}:{STRAY}/"},
    {"host": STRAY},
    {"host": "elsewhere.example"},
    {"host": f"{STRAY}.example"},
    {"host": f"elsewhere.example:{STRAY}"},
)
HEADER, LOGGED = "Host and Origin, what is told", "Host and Origin, stderr, all logged"
CHANNELS = tuple(f"mistake: {name}" for name in (*LINES, *AT_BEAM, HEADER, LOGGED))
CONTROLS = {
    HEADER: "Invalid Host header",
    LOGGED: "Invalid Origin header: …",
    "BEAM_WORKSPACE_ID, whoami": "no UUID",
    "BEAM_MCP_AUDIT, receipts": "No receipts",
}


async def at_beam(folder: Path) -> dict[str, bytes]:
    """What is told where a Beam answers."""
    async with serving(planted_world()) as beam:
        return await said(AT_BEAM, cwd=folder, settings=keyed(beam, folder), stdin=KEY)


async def in_headers(folder: Path) -> dict[str, bytes]:
    """What a server over HTTP tells and logs, also where the host is one of its own, on a port that is a key."""
    world = planted_world(OTHER_KEY)
    line = ("serve", "--transport", "http", "--port", "0")
    async with serving(world) as beam:
        settings = loudly(folder, BEAM_API_URL=beam, BEAM_MCP_PROFILE="nobody", BEAM_MCP_ALLOWED_HOSTS="beam.example")
        async with (
            started(*line, cwd=folder, settings=settings) as server,
            httpx2.AsyncClient(base_url=await server.address(), trust_env=False, timeout=PATIENCE) as http,
        ):
            heard = [await http.post(path, json={}, headers=who) for path in ("/mcp", "/none") for who in HEADERS]
            assert {answer.status_code for answer in heard} == {403, 421}
            who = {"host": f"localhost:{STRAY}", "x-api-key": OTHER_KEY, "current-workspace-id": WORKSPACE_ID}
            await said_to(Client(OverHttp(http, who), MODERN), world)
            server.process.terminate()
            await server.ended()
            assert b"Invalid Host header: elsewhere.example" in server.errors  # the operator may have to allow it
            told = joined(piece for answer in heard for piece in (answer.content, repr(answer.headers).encode()))
            return {HEADER: told, LOGGED: bytes(server.errors)}


async def wrong_places(folder: Path) -> Collected:
    """What is told of all."""
    told = await said(LINES, cwd=folder, settings=loudly(folder)) | await at_beam(folder) | await in_headers(folder)
    captures = (
        Capture(f"mistake: {name}", text, CONTROLS.get(name, "beam-mcp" if b"beam-mcp" in text else "fail"))
        for name, text in told.items()
    )
    return Collected(tuple(captures), {"strays": GROUPS["strays"]})
