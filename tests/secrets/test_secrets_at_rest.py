"""Secrets that stay inside: in what is printed of our objects, in files while they are written, in what we start."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from beam_mcp.beam.auth import Identity, TokenPair
from beam_mcp.beam.http import Http
from beam_mcp.cli.credentials import Profile
from beam_mcp.cli.credentials_own import Signed
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.server.links import Links
from beam_mcp.server.protection import ByToken
from beam_mcp.settings import Settings
from beam_mcp.tools.brought import Brought
from beam_mcp.tools.office import Caller
from beam_mcp.views.whole import ROOM
from tests.cli.key_stores import FILE, home
from tests.cli.processes import ROOT, surroundings
from tests.secrets.planting import GROUPS, KEY, OTHER_KEY
from tests.secrets.searching import Capture, Collected, leaks
from tests.tools.chat import office_for

# Who looks while a config is replaced or copied sees what it holds only where it may be read: at each step of ours that
# Python announces, the modes of what is there are noted.
WATCHED = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
os.umask(0)
seen = []
def look(event, arguments):
    if event in {"shutil.copymode", "shutil.copystat", "shutil.copyfile", "os.rename"}:
        seen.extend((event, path.name, oct(path.stat().st_mode & 0o777)) for path in folder.iterdir())
sys.addaudithook(look)
from beam_mcp.cli.install_files import back_up, replace
config = folder / "config.json"
back_up(config)
replace(config, config.read_text(), "{}")
print(len(seen), [one for one in seen if one[2] != "0o600"], config.read_text())
"""

# The same of what is ours: a login without a key store, and a receipt, each in a folder that is not there yet.
WRITTEN = """
import json, os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
os.umask(0)
seen = []
def look(event, arguments):
    if event in {"os.rename", "os.remove", "open"}:
        seen.extend((path.name, oct(path.stat().st_mode & 0o777)) for path in folder.rglob("*"))
from beam_mcp.cli.credentials import Credentials, Profile
from beam_mcp.tools.appending import append_line
import keyring
sys.addaudithook(look)
Credentials(folder / "private").keep("default", Profile(api_url="https://beam.example", workspace="here"), "a key")
append_line(folder / "decided" / "receipts.jsonl", b"{}")
open(os.devnull)
print(json.dumps(seen))
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_a_config_that_is_private_stays_so_while_it_is_copied_and_replaced(tmp_path: Path) -> None:
    config, older = tmp_path / "config.json", tmp_path / "config.json.before-beam-mcp"
    config.write_text(f'{{"key": "{KEY}"}}', encoding="utf-8")
    config.chmod(0o600)
    older.write_text("older", encoding="utf-8")
    older.chmod(0o600)
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", WATCHED, str(tmp_path)], capture_output=True, env=surroundings(), timeout=60, check=True
    )
    looks, open_to_others, now = ran.stdout.decode().strip().split(" ", 2)[0], *ran.stdout.decode().rsplit(" ", 1)
    assert int(looks) >= 6
    assert open_to_others.endswith(" []")
    assert now.strip() == "{}"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_what_we_write_of_logins_and_decisions_is_for_its_owner_alone_from_the_start(tmp_path: Path) -> None:
    env = surroundings(**home(tmp_path))
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", WRITTEN, str(tmp_path)], capture_output=True, env=env, timeout=60, check=True
    )
    seen = {(name, mode) for name, mode in json.loads(ran.stdout)}
    assert {("private", "0o700"), ("decided", "0o700"), ("receipts.jsonl", "0o600"), (FILE, "0o600")} <= seen
    assert all(mode in {"0o600", "0o700"} for _, mode in seen)


LONG = '{"text": "' + "x" * (ROOM // 4 - 40) + '", "password": "' + KEY + "y" * ROOM


@pytest.mark.anyio
@pytest.mark.parametrize(
    "note", [LONG + '"}', LONG, f'{{"cognitoUserId": "{KEY}"}}', f"The password: {KEY}"], ids=range(4)
)
async def test_a_text_in_raw_data_holds_no_secret_and_where_it_is_cut_no_half_of_one(note: str) -> None:
    world = World(populated=False)
    task = world.add_task(world.add_agent("Long").name, raw={"note": note})
    async with office_for(world) as office, Client(build(office)) as client:
        (found,) = (await client.read_resource(f"beam://tasks/{task.id}/raw")).contents
    assert leaks(Collected((Capture("raw", str(found).encode(), task.id),), {"key": GROUPS["key"]})) == []


@pytest.mark.anyio
async def test_nothing_that_is_printed_of_our_objects_shows_a_secret() -> None:
    identity = Identity(KEY, WORKSPACE_ID, bearer=OTHER_KEY)
    profile = Profile(api_url="https://beam.example", workspace=WORKSPACE_ID, key=KEY)
    given: dict[str, Any] = {"api_key": KEY, "workspace_id": WORKSPACE_ID}
    settings = Settings(**given)
    links = Links()
    async with office_for(World(populated=False)) as made:
        office = replace(made, identity=identity)
        beam = office.http.acting_as(identity)
        caller = Caller(beam, office.desks.person("me"), office.desks.conversation("me", "page"), office)
        decision, inbox = links.to_decision(caller, "task", "step"), links.to_inbox(caller)
        opening = links.opening(inbox)
        things: tuple[Any, ...] = (
            identity,
            Identity(workspace=KEY),
            Brought(workspace=KEY),
            profile,
            settings,
            Signed("https://beam.example", identity, "here"),
            office,
            beam,
            caller,
        )
        secret = office.secret
        session = beam.http.session_of(identity)
        session.pair = TokenPair(token=OTHER_KEY, refresh_token=OTHER_KEY)
        things = (*things, session, session.pair, ByToken(OTHER_KEY), Brought(KEY, OTHER_KEY), beam.http)
        shown = [f"{thing!r} {thing!s}" for thing in (*things, links, decision, inbox, links.people, Http("http://x"))]
    words = {"decision": decision.token, "inbox": inbox.token, "opening": opening, "secret": secret.hex()}
    captures = tuple(Capture(text[:30], text.encode(), text[:5]) for text in shown)
    assert leaks(Collected(captures, {"key": GROUPS["key"], "headers": GROUPS["headers"], "links": words})) == []
    assert repr(secret)[2:-1] not in " ".join(shown)


def test_programs_are_started_only_where_the_proof_looks() -> None:
    starts = re.compile(r"\b(subprocess|Popen|create_subprocess|open_process|run_process|webbrowser|os\.(exec|spawn))")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "beam_mcp").rglob("*.py")
        if starts.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "beam_mcp/cli/credentials_keyring.py",
        "beam_mcp/cli/inbox.py",
        "beam_mcp/cli/install.py",
    }
