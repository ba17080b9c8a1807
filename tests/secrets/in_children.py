"""What the programs that we start can see, and others of this machine see of them: their words, their variables."""

import json
import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2

from beam_mcp.sandbox.serve import serving
from tests.cli.processes import PATIENCE, Started, started
from tests.cli.test_inbox_and_receipts import opened
from tests.secrets.in_commands import said
from tests.secrets.planting import GROUPS, KEY, PAGE_LINKS, keyed, planted_world
from tests.secrets.searching import Capture, Collected, joined

# A program that writes down how it was started, as anybody on this machine could see it, and with which environment.
NOTE = """\
import json, os, sys, pathlib
seen = pathlib.Path(%r)
seen.write_text(json.dumps({"words": sys.orig_argv, "variables": dict(os.environ)}))
"""
STORE = """\
import runpy
from tests.cli.key_stores import Working
class Noting(Working):
    def get_password(self, service, username):
        runpy.run_path(%r)
        return super().get_password(service, username)
"""
PROGRAMS = ("claude", "code")
CHANNELS = ("key store's process", "browser", "clients' own commands", "our command line", "what the browser opened")


def program(folder: Path, name: str) -> Path:
    """A program of this name that notes how it was started; where it notes it."""
    seen = folder / f"{name}.seen"
    (folder / f"{name}.py").write_text(NOTE % str(seen), encoding="utf-8")
    script = folder / "bin" / name
    script.parent.mkdir(exist_ok=True)
    run = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(folder / name))}.py "$@"\n'
    script.write_text(run, encoding="utf-8")
    script.chmod(0o755)
    return seen


async def noted(seen: Path) -> bytes:
    """What a program noted, as soon as it has."""
    note = anyio.Path(seen)
    with anyio.fail_after(PATIENCE):
        while not await note.exists() or not (text := await note.read_bytes()).endswith(b"}}"):
            await anyio.lowlevel.checkpoint()
    return text


async def started_by_install(folder: Path, settings: Mapping[str, str]) -> bytes:
    """What clients' own commands are started with."""
    notes = [program(folder, name) for name in PROGRAMS]
    lines = {name: ["install", name] for name in ("claude-code", "vscode")}
    told = await said(lines, cwd=folder, settings=settings)
    assert all(b"ended 0" in text for text in told.values()), told
    return joined([await noted(note) for note in notes])


async def started_by_key_store(folder: Path, settings: Mapping[str, str]) -> bytes:
    """What the process that asks the key store is started with: it has the login of another profile to read."""
    seen = program(folder, "store")
    (folder / "loud" / "noting.py").write_text(STORE % str(folder / "store.py"), encoding="utf-8")
    kept = dict(settings) | {"PYTHON_KEYRING_BACKEND": "noting.Noting", "BEAM_MCP_PROFILE": ""}
    login = ["login", "--key-stdin", "--api-url", settings["BEAM_API_URL"]]
    told = await said({"login": login}, cwd=folder, settings=kept, stdin=KEY)
    assert b"Test Store" in told["login"], told
    return await noted(seen)


async def opened_by_browser(inbox: Started, seen: Path) -> tuple[bytes, bytes, str]:
    """What a browser is started with; what it finds there, once; and the word of the inbox's own address."""
    address = await opened(inbox)
    started_with = await noted(seen)
    once = re.search(r"http://[\w.:]+/open/[\w-]+", started_with.decode())
    assert once, started_with
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as browser:
        page = await browser.get(once[0])
        assert (page.status_code, str(page.url)) == (200, address)
        again = await browser.get(once[0])
        assert again.status_code == 404
        assert "was opened before" in again.text
    return started_with, again.content, address.rpartition("/")[2]


def command_line(server: Started) -> bytes:
    """What `ps` shows of a process of ours."""
    if sys.platform == "linux":
        return Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    return json.dumps(["beam_mcp.cli"]).encode()


async def children(folder: Path) -> Collected:
    """What they all see; the key is in our own environment."""
    async with serving(planted_world()) as beam:
        settings = keyed(beam, folder, PATH=os.pathsep.join((str(folder / "bin"), os.environ["PATH"])))
        store = await started_by_key_store(folder, settings)
        clients = await started_by_install(folder, settings)
        seen = program(folder, "browser")
        with_browser = settings | {"BROWSER": str(folder / "bin" / "browser")}
        async with started("inbox", cwd=folder, settings=with_browser) as inbox:
            ours = command_line(inbox)
            browser, page, word = await opened_by_browser(inbox, seen)
    captures = (
        Capture("key store's process", store, "credentials_keyring"),
        Capture("clients' own commands", clients, "beam"),
        Capture("browser", browser, "/open/"),
        Capture("what the browser opened", page, "was opened before"),
        Capture("our command line", ours, "beam_mcp.cli"),
    )
    return Collected(captures, {"key": GROUPS["key"], PAGE_LINKS: {"word of the inbox": word}})
