"""Every command in the README is run, as somebody runs it who is logged in on a Beam that is the sandbox."""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from beam_mcp import __version__
from beam_mcp.cli.commands import COMMANDS
from beam_mcp.cli.installed import command_of
from beam_mcp.cli.main import parser
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.settings import Settings, variable
from beam_mcp.tools.receipts import Receipt, Receipts
from tests.cli.key_stores import home
from tests.cli.processes import PATIENCE, ROOT, Started, run, started, surroundings
from tests.cli.terminals import terminal
from tests.cli.wires import LEGACY, OverStdio, Speaker
from tests.picture import PICTURE, drawn, words
from tests.test_readme import configs, entries, flags, lines_of_shell, own_commands

pytestmark = pytest.mark.anyio

RUN = sorted({tuple(words) for words in own_commands() if words[:1] != ["demo"]})
DEMOS = sorted({tuple(words) for words in own_commands() if words[:1] == ["demo"]})
QUIET_BROWSER = f"{shlex.quote(Path(sys.executable).as_posix())} -c pass %s"


@dataclass(frozen=True)
class Here:
    """Where somebody is who is logged in: their home, and the settings that lead to their Beam."""

    home: Path
    settings: Mapping[str, str]

    def runs(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> str:
        """What a command says that goes well."""
        shown = run(*arguments, cwd=cwd or self.home, stdin=stdin, **self.settings)
        assert (shown.returncode, shown.stderr) == (0, "")
        return shown.stdout


@pytest.fixture(scope="module")
def beam() -> Iterator[str]:
    """The sandbox in a process of its own."""
    command = [sys.executable, "-u", "-m", "beam_mcp.sandbox"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", env=surroundings()) as process:  # noqa: S603
        assert process.stderr
        try:
            yield process.stderr.readline().split()[-1]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def logged_in(beam: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who is."""
    place = tmp_path_factory.mktemp("logged-in")
    Here(place, _settings(place, beam)).runs("login", "--key-stdin", "--profile", "default", stdin=SANDBOX_KEY)
    return place


@pytest.fixture
def here(beam: str, logged_in: Path, tmp_path: Path) -> Here:
    """A home like it, with Cursor and a receipt in it."""
    place = tmp_path / "home"
    shutil.copytree(logged_in, place)
    (place / ".cursor").mkdir()
    receipt = Receipt(
        task="INV-107", task_id="1", step_id="2", agent="A", reached="page", decision="approved", shown={}, sent={}
    )
    Receipts(place / "receipts.jsonl").add(receipt)
    return Here(place, _settings(place, beam))


def _settings(place: Path, beam: str) -> dict[str, str]:
    kept = {"BEAM_MCP_AUDIT": str(place / "receipts.jsonl"), "BROWSER": QUIET_BROWSER}
    return home(place) | {"BEAM_API_URL": beam} | kept


async def test_the_demo_does_the_main_job_and_says_what_the_picture_says(tmp_path: Path) -> None:
    shown: dict[tuple[str, ...], str] = {}

    async def see(arguments: tuple[str, ...]) -> None:
        async with started(*arguments, cwd=tmp_path) as demo:
            await demo.hang_up()
            shown[arguments] = (await demo.rest()).decode()
            assert (await demo.ended(), bytes(demo.errors)) == (0, b"")

    async with anyio.create_task_group() as both:  # they mostly wait for their agents
        for arguments in DEMOS:
            both.start_soon(see, arguments)
    assert words(drawn(shown["demo",])) == words(PICTURE.read_text(encoding="utf-8")), "run python -m tests.picture"


@pytest.mark.parametrize("arguments", RUN, ids=" ".join)
async def test_every_command_does_its_work(here: Here, arguments: tuple[str, ...]) -> None:
    first = arguments[0] if arguments else "serve"
    await (ACTS.get(first) or _says_something)(here, arguments)


async def _says_something(here: Here, arguments: tuple[str, ...]) -> None:
    said = here.runs(*arguments)
    assert said
    if arguments == ("--version",):
        assert said == f"beam-mcp {__version__}\n"


async def _logs_in(here: Here, arguments: tuple[str, ...]) -> None:
    if "--key-stdin" in arguments:
        assert "Signed in as" in here.runs(*arguments, stdin=SANDBOX_KEY)
        return
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals in Python")
    async with terminal(*arguments, cwd=here.home, settings=here.settings) as screen:
        await screen.shows("API key (not shown): ")
        await screen.type(f"{SANDBOX_KEY}\n")
        code, rest = await screen.ends()
    assert (code, "Signed in as" in rest) == (0, True)


async def _installs(here: Here, arguments: tuple[str, ...]) -> None:
    before = _files(here.home)
    if "--print" in arguments:  # it says on stderr where the config goes
        shown = run(*arguments, cwd=here.home, **here.settings)
        assert (shown.returncode, "beam" in shown.stdout, _files(here.home)) == (0, True, before)
        return
    here.runs(*arguments)
    assert _files(here.home) != before


async def _uninstalls(here: Here, arguments: tuple[str, ...]) -> None:
    here.runs("install", *arguments[1:])
    assert "took beam out of" in here.runs(*arguments)


async def _knows_the_person(here: Here, arguments: tuple[str, ...]) -> None:
    assert "Sam Sandbox" in here.runs(*arguments)


async def _shows_receipts(here: Here, arguments: tuple[str, ...]) -> None:
    assert "INV-107" in here.runs(*arguments)


async def _makes_manifests(here: Here, arguments: tuple[str, ...]) -> None:
    checks = "--check" in arguments
    assert bool(here.runs(*arguments, cwd=ROOT if checks else here.home)) != checks


async def _opens_the_inbox(here: Here, arguments: tuple[str, ...]) -> None:
    async with started(*arguments, cwd=here.home, settings=here.settings) as inbox, httpx2.AsyncClient() as browser:
        address = re.search(r"http://\S+", (await inbox.line()).decode())
        assert address
        assert "wait for you" in (await browser.get(address[0], timeout=PATIENCE)).text
        assert not inbox.errors


async def _serves(here: Here, arguments: tuple[str, ...]) -> None:
    if "http" not in arguments:
        async with started(*arguments, cwd=here.home, settings=here.settings) as server:
            await _greets(server)
        return
    free = ["0" if before == "--port" else word for before, word in zip(("", *arguments), arguments, strict=False)]
    async with started(*free, cwd=here.home, settings=here.settings) as server, httpx2.AsyncClient() as http:
        answer = await http.get(f"{await server.address()}/health", timeout=PATIENCE)
        assert answer.status_code == 200


async def _greets(server: Started) -> None:
    speaker = Speaker(OverStdio(server), LEGACY[-1])
    assert (await speaker.greet())["serverInfo"]["version"] == __version__
    assert "Sam Sandbox" in await speaker.call("get_account")


ACTS: dict[str, Callable[[Here, tuple[str, ...]], Awaitable[None]]] = {
    "login": _logs_in,
    "whoami": _knows_the_person,
    "install": _installs,
    "uninstall": _uninstalls,
    "receipts": _shows_receipts,
    "manifests": _makes_manifests,
    "inbox": _opens_the_inbox,
    "serve": _serves,
}


def _files(place: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def _starts() -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """The different ways in which the configs start the server: its arguments and its settings."""
    found = [
        (tuple(command_of(entry)[1:]), entry.get("env", dict[str, str]()))
        for config in configs()
        for entry in entries(config)
    ]
    return [start for number, start in enumerate(found) if start not in found[:number]]


@pytest.mark.parametrize(("arguments", "env"), _starts(), ids=str)
async def test_every_config_starts_a_server_that_knows_the_person(
    here: Here, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    filled = {"${input:beam-key}": SANDBOX_KEY, "your-workspace-id": WORKSPACE_ID}
    settings = {name: filled[value] for name, value in env.items()}
    async with started(*arguments, cwd=here.home, settings={**here.settings, **settings}) as server:
        await _greets(server)


def test_every_flag_that_is_named_is_one_of_a_command() -> None:
    known = list(filter(None, (_understood(words) for words in flags())))
    assert len(known) == len(flags()) > 0
    for given in known:
        fields = {name: value for name, value in given.items() if name in Settings.model_fields}
        Settings.model_validate({variable(field): value for field, value in fields.items()})


def _understood(words: list[str]) -> dict[str, Any] | None:
    for command in COMMANDS:
        with suppress(SystemExit, argparse.ArgumentError):
            return vars(parser().parse_args([command.name, *words]))
    return None


def test_what_takes_longer_than_a_test_may_is_there() -> None:
    others = [words for line in lines_of_shell() for words in line if words[0].startswith(".")]
    modules = [words[2] for words in others if words[1:2] == ["-m"] and words[2] != "venv"]
    scripts = [ROOT / words[0] for words in others if words[0].startswith(".ci/")]
    assert len(modules) >= 3
    assert all(find_spec(name) for name in modules)
    assert len(scripts) >= 2
    assert all(script.stat().st_mode & 0o111 or sys.platform == "win32" for script in scripts)


def test_the_picture_is_small_and_brings_nothing_from_elsewhere() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert len(picture) < 60_000
    assert not re.search(r"href|url\(|@import|@font-face|<script|<image", picture)
    assert "prefers-color-scheme: dark" in picture
