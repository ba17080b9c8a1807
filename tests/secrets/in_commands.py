"""What every command says and writes, wherever the key is: on stdin, in a key store, in files, in the environment."""

import json
import subprocess
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TypeVar

import anyio

from beam_mcp.cli.clients import CLIENTS
from beam_mcp.cli.clients_places import Machine
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from tests.cli.key_stores import FILE, home
from tests.cli.processes import PATIENCE, surroundings
from tests.secrets.planting import GROUPS, KEY, LOUDLY, TOKENS, keyed, loudly, of_tokens, planted_world
from tests.secrets.searching import Capture, Collected, joined

Lines = Mapping[str, list[str]]
Name = TypeVar("Name", bound=Hashable)

HOMES = {FILE, "key-store.json", ".env", "key.txt", "sitecustomize.py"}  # files in which a key is kept on purpose
CONTROLS: Mapping[str, str] = {
    "login": "Signed in as",
    "whoami, login": "profile default",
    "login, key store": "Test Store",
    "whoami, key store": "Test Store",
    "logout": "default",
    "whoami, key file": "BEAM_API_KEY_FILE",
    "whoami, .env": "by .env",
    "doctor": "Accepted",
    "doctor --json": '"said": "Accepted',
    "install": "added office",
    "install --print": "mcpServers",
    "manifests --bundle": ".mcpb",
    "demo": "INV-",
    "receipts": "No receipts",
    "receipts --json": "ended 0",
    "files written": "beam-mcp",
}
CHANNELS = tuple(CONTROLS)
# Several commands one after another, as `beam-mcp` runs each: most of what one costs is starting Python. What stands
# before a command as NAME=text is its environment.
RUN = """
import json, os, sys
from beam_mcp.cli.main import main
for number, line in enumerate(json.loads(sys.argv[1])):
    sys.stdout.flush()
    sys.stderr.flush()
    print("\\n== command", number, flush=True)
    while line and line[0].partition("=")[0].isupper():
        name, _, text = line.pop(0).partition("=")
        os.environ[name] = text
    try:
        print("ended", main(line))
    except SystemExit as ended:
        print("ended", ended.code)
"""


async def said(
    lines: Mapping[Name, list[str]], *, cwd: Path, settings: Mapping[str, str], stdin: str = ""
) -> dict[Name, bytes]:
    """All that these commands say on stdout and stderr, by name."""
    with anyio.fail_after(4 * PATIENCE):
        done = await anyio.run_process(
            [sys.executable, "-c", RUN, json.dumps([*lines.values()])],
            input=stdin.encode(),
            cwd=cwd,
            env=surroundings(**settings),
            stderr=subprocess.STDOUT,
            check=False,
        )
    assert b"Traceback" not in done.stdout, done.stdout.decode()
    loud, *parts = done.stdout.split(b"\n== ")
    assert LOUDLY.encode() in loud
    return dict(zip(lines, parts, strict=True))


async def with_logins(folder: Path, beam: str) -> dict[str, bytes]:
    """Commands of somebody who logs in, once with a key store and once without."""
    own, stored = folder / "own", folder / "stored"
    login = ["login", "--key-stdin", "--api-url", beam, "--workspace", WORKSPACE_ID]
    lines: Lines = {"login": login, "whoami, login": ["whoami"]}
    more: Lines = {"login, key store": login, "whoami, key store": ["whoami"], "logout": ["logout"]}
    found: dict[str, bytes] = {}
    for place, store, told in ((own, "", lines), (stored, "Working", more)):
        place.mkdir()
        settings = loudly(place) | home(place, store) | {"BEAM_AUTH": "token"}
        found |= await said(told, cwd=place, settings=settings, stdin=KEY)
    if sys.platform != "win32":
        assert not (own / "beam-mcp" / FILE).stat().st_mode & 0o077
        assert not (own / "beam-mcp").stat().st_mode & 0o077
    return found


async def with_files(folder: Path, beam: str) -> dict[str, bytes]:
    """A command of somebody whose key is in a file, or in `.env`."""
    settings = loudly(folder, BEAM_API_URL=beam, BEAM_WORKSPACE_ID=WORKSPACE_ID)
    (folder / "key.txt").write_text(KEY + "\n", encoding="utf-8")
    there = folder / "elsewhere"
    there.mkdir()
    lines = f"BEAM_API_KEY='{KEY}'\nBEAM_API_URL={beam}\nBEAM_WORKSPACE_ID={WORKSPACE_ID}\n"
    (there / ".env").write_text(lines, encoding="utf-8")
    by_file: Lines = {"whoami, key file": ["whoami", "--api-key-file", "key.txt"]}
    found = await said(by_file, cwd=folder, settings=settings)
    return found | await said({"whoami, .env": ["whoami"]}, cwd=there, settings=loudly(there))


async def with_environment(folder: Path, beam: str) -> dict[str, bytes]:
    """Every other command, of somebody whose key is in the environment."""
    settings = keyed(beam, folder, PATH="")
    here = Machine(sys.platform, folder, folder, settings)
    for client in CLIENTS:
        client.user(here).parent.mkdir(parents=True, exist_ok=True)
    options = ["--sandbox", "--profile", "office", "--workspace-id", WORKSPACE_ID]
    lines: Lines = {
        "install --print": ["install", "--all", "--print", *options],
        "install": ["install", "--all", "--name", "office"],
        "doctor": ["doctor"],
        "doctor --json": ["doctor", "--json", "--auth", "token"],
        "manifests --bundle": ["manifests", "--bundle"],
        "demo": ["demo"],
        "receipts": ["receipts"],
        "receipts --json": ["receipts", "--json"],
    }
    return await said(lines, cwd=folder, settings=settings)


def written(folder: Path) -> bytes:
    """All that is in all files below, with their names, without those that keep a key on purpose."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in HOMES]
    return joined(piece for path in files for piece in (str(path).encode(), path.read_bytes()))


async def commands(folder: Path) -> Collected:
    """What they all give."""
    world = planted_world()
    async with serving(world) as beam:
        found = await with_logins(folder, beam) | await with_files(folder, beam)
        found |= await with_environment(folder, beam)
    assert KEY in (folder / "own" / "beam-mcp" / FILE).read_text(encoding="utf-8")
    found["files written"] = written(folder)
    captures = tuple(Capture(name, text, CONTROLS[name]) for name, text in found.items())
    return Collected(captures, {"fields": GROUPS["fields"], "key": GROUPS["key"], TOKENS: of_tokens(world)})
