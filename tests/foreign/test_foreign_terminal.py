"""What others wrote, on a terminal and in the log: it is read there, and neither moves nor colours anything."""

import re
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.tools.receipts import Receipt
from tests.cli.key_stores import home
from tests.cli.processes import on, run, surroundings
from tests.cli.terminals import terminal
from tests.foreign.bodies import serve
from tests.foreign.checks import unseen
from tests.foreign.corpus_signs import ESCAPES, TURNED, UNSEEN

pytestmark = pytest.mark.anyio

MIX = "".join((*ESCAPES.values(), *TURNED.values(), *UNSEEN.values())).replace("\ud800", "").replace("\udc00", "")
FRONT = "\x1b]52;c;cm0K\x07\x1b[2J\x9b31m\u202eSam\rx\x1b]8;;http://e.example\x1b\\y\u200b"


OTHER = "11111111-1111-4111-8111-111111111111"
RICH = re.compile(r"\x1b\[[\d;]*m")  # the colours of our own commands

in_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python")


def assert_plain(text: str) -> None:
    """Nothing in it does more than stand there; lines end as they do."""
    assert unseen(text.replace("\r\n", "\n")) == set()
    assert "\r" not in text.replace("\r\n", "\n")


async def command(*arguments: str, folder: Path, stdin: str = "", **settings: str) -> tuple[str, str]:
    """What a command wrote to stdout and stderr."""
    done = await anyio.to_thread.run_sync(lambda: run(*arguments, cwd=folder, stdin=stdin, **settings))
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


async def test_names_of_beam_do_nothing_on_the_screen(tmp_path: Path) -> None:
    world = World(populated=False)
    me = {"id": "1", "name": FRONT, "email": FRONT, "workspaces": [{"id": WORKSPACE_ID, "name": FRONT + MIX}]}
    serve(world, "^/v2/user/me$", me)
    async with serving(world) as beam:
        for name in ("whoami", "doctor"):
            said, errors = await command(name, folder=tmp_path, **on(beam))
            assert_plain(said)
            assert_plain(errors)
            assert "Sam xy" in said


async def test_what_beam_says_of_an_error_does_nothing_on_the_screen(tmp_path: Path) -> None:
    world = World(populated=False)
    serve(world, "^/v2/user/me$", {"message": f"{FRONT}\nbeam-mcp: all is well"}, code=400)
    async with serving(world) as beam:
        for name in ("whoami", "doctor"):
            said, errors = await command(name, folder=tmp_path, **on(beam))
            assert_plain(said)
            assert_plain(errors)
            assert "Sam xy" in said + errors
            assert not [line for line in (said + errors).splitlines() if line.startswith("beam-mcp: all is well")]


def hostile_person() -> World:
    """Somebody at whose Beam every name is hostile, and the ids of some workspaces are none."""
    world = World(populated=False)
    ids = (WORKSPACE_ID, OTHER, f"{OTHER}\x1b[2J{FRONT}", "\u202eid", "x" * 5_000, f"a b\n{OTHER}")
    names = (FRONT + MIX, ":skull: [red]Sam[/red] :bomb:", FRONT, FRONT, FRONT, FRONT)
    workspaces = [{"id": i, "name": name} for i, name in zip(ids, names, strict=True)]
    serve(world, "^/v2/user/me$", {"id": "1", "name": FRONT, "email": FRONT, "workspaces": workspaces})
    return world


@in_a_terminal
async def test_logging_in_shows_names_and_nothing_else(tmp_path: Path) -> None:
    async with serving(hostile_person()) as beam:
        async with terminal("login", cwd=tmp_path, settings={"BEAM_API_URL": beam} | home(tmp_path)) as here:
            seen = await here.shows("API key (not shown): ")
            await here.type(f"{SANDBOX_KEY}\n")
            seen += await here.shows("words of its name: ")
            await here.type(f"{OTHER}\n")
            code, rest = await here.ends()
        assert code == 0
        for said in (seen, rest):
            assert_plain(RICH.sub("", said))
        assert "2 workspaces" in seen
        assert ":skull: [red]Sam[/red] :bomb:" in rest
        for name in ("whoami", "doctor"):
            async with terminal(name, cwd=tmp_path, settings=home(tmp_path)) as here:
                _, shown = await here.ends()
            assert_plain(RICH.sub("", shown))
            assert ":skull: [red]Sam[/red] :bomb:" in shown
        said, errors = await command("doctor", "--json", folder=tmp_path, **home(tmp_path))
        assert_plain(said + errors)


async def test_logging_in_by_script_offers_only_workspaces_that_can_be_named(tmp_path: Path) -> None:
    arguments = ("login", "--key-stdin")
    async with serving(hostile_person()) as beam:
        settings = {"BEAM_API_URL": beam} | home(tmp_path)
        said, errors = await command(*arguments, folder=tmp_path, stdin=SANDBOX_KEY, **settings)
    assert_plain(said + errors)
    assert "The key opens 2 workspaces" in errors


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("whoami", "BEAM_API_KEY_FILE"),
        ("serve", "BEAM_API_KEY_FILE"),
        ("doctor", "BEAM_API_KEY_FILE"),
        ("inbox", "BEAM_MCP_OUTPUT"),
        ("receipts", "BEAM_MCP_AUDIT"),
    ],
)
async def test_a_dotenv_of_somebody_elses_folder_does_nothing_on_the_screen(
    tmp_path: Path, name: str, variable: str
) -> None:
    (tmp_path / ".env").write_text(f'{variable}="/{FRONT}\u200b"\n', encoding="utf-8")
    said, errors = await command(name, folder=tmp_path)
    assert_plain(said)
    assert_plain(errors)


def test_receipts_do_nothing_on_the_screen(tmp_path: Path) -> None:
    texts = {"tool": FRONT + MIX, "does": MIX}
    sent = {"answers": [{"question": FRONT + MIX, "answer": MIX}], "edited": {MIX: MIX}, "feedback": FRONT}
    receipt = Receipt(
        task=FRONT, task_id=MIX, step_id="x", agent=FRONT, reached="page", decision=FRONT, shown=texts, sent=sent
    )
    kept = tmp_path / "receipts.jsonl"
    kept.write_text(receipt.model_copy(update={"result": FRONT + MIX}).model_dump_json() + "\n", encoding="utf-8")
    shown = run("receipts", cwd=tmp_path, BEAM_MCP_AUDIT=str(kept))
    assert_plain(shown.stdout)
    assert "Sam" in shown.stdout
    assert len(shown.stdout.splitlines()) == 5
    assert_plain(run("receipts", "--json", cwd=tmp_path, BEAM_MCP_AUDIT=str(kept)).stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")
async def test_a_log_line_is_one_line_whatever_stands_in_it(tmp_path: Path) -> None:
    place = tmp_path / "a\x1b[31m\nERROR root: all keys were lost\u202e"
    place.mkdir()
    world, log = World(populated=False), tmp_path / "log"
    task = world.add_task("Invoice Matcher", age=3600)
    async with serving(world) as beam:
        settings = surroundings(**on(beam, BEAM_MCP_AUDIT=str(place)))
        process = StdioServerParameters(command=sys.executable, args=["-m", "beam_mcp.cli"], env=settings, cwd=tmp_path)
        with log.open("w", encoding="utf-8") as errors:
            async with Client(stdio_client(process, errlog=errors)) as chat:
                await chat.call_tool("answer_questions", {"task": task.custom_id, "answers": {"1": "PO-1"}})
    written = log.read_text(encoding="utf-8")
    assert "could not be written" in written
    assert_plain(written)
    assert all(line.startswith("WARNING ") for line in written.splitlines())
