"""`beam-mcp install` and `uninstall`, as a person types them, in a home of their own."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from beam_mcp.cli.clients import client
from beam_mcp.cli.install_launch import launch
from beam_mcp.cli.installed import command_of
from tests.cli.batches import Command, told
from tests.cli.homes import entries, written
from tests.cli.processes import COMMAND, run, surroundings


def homely(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, cwd=home, **living_in(home) | settings)


def living_in(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "USERPROFILE": str(home), "APPDATA": str(home), "PATH": ""}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".codex").mkdir()
    return tmp_path


def test_all_adds_to_every_client_that_is_found_and_uninstall_takes_it_out_again(home: Path) -> None:
    ran = homely(home, "install", "--all", "--read-only", "--files", "papers")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "Sign in once with `beam-mcp login`; no key is written into a config."
    assert sorted(written(home)) == [".codex/config.toml", ".cursor/mcp.json"]
    [entry] = tomllib.loads((home / ".codex/config.toml").read_text(encoding="utf-8"))["mcp_servers"].values()
    assert entry["command"] == sys.executable
    assert entry["args"] == ["-m", "beam_mcp.cli", "--read-only", "--files", str(home / "papers")]
    ran = homely(home, "uninstall", "--all")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "beam" not in (home / ".codex/config.toml").read_text(encoding="utf-8")


def test_what_was_written_is_a_command_that_serves(home: Path) -> None:
    homely(home, "install", "cursor", "--sandbox")
    entry = entries(client("cursor"), home / ".cursor/mcp.json")["beam"]
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}) + "\n"
    ran = subprocess.run(  # noqa: S603 - our own command
        command_of(entry),
        input=line,
        env=surroundings(),
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert json.loads(ran.stdout.splitlines()[0])["result"]["serverInfo"]["name"] == "beam"


def test_print_shows_what_would_be_written_and_writes_nothing(home: Path) -> None:
    ran = homely(home, "install", "cursor", "--print", "--sandbox")
    assert ran.returncode == 0
    assert list(json.loads(ran.stdout)["mcpServers"]) == ["beam"]
    assert ran.stderr.startswith(f"Cursor, in {home / '.cursor' / 'mcp.json'}:\n")
    assert "Or open cursor://anysphere.cursor-deeplink/mcp/install?name=beam&config=" in ran.stderr
    assert "login" not in ran.stderr
    assert written(home) == {}


def test_print_of_several_clients_names_each_beside_the_configs(home: Path) -> None:
    ran = homely(home, "install", "--all", "--print")
    alone = [homely(home, "install", name, "--print").stdout for name in ("cursor", "codex")]
    assert (all(alone), ran.stdout) == (True, "".join(alone))
    assert [line.partition(", in ")[0] for line in ran.stderr.splitlines() if ", in " in line] == ["Cursor", "Codex"]
    assert ran.stderr.splitlines()[-1] == "Sign in once with `beam-mcp login`; no key is written into a config."
    assert written(home) == {}


def test_one_client_that_cannot_be_changed_does_not_keep_the_others_from_it(home: Path) -> None:
    (home / ".cursor/mcp.json").write_text("{", encoding="utf-8")
    ran = homely(home, "install", "--all")
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "Cursor" in ran.stderr
    assert "beam" in (home / ".codex/config.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("local/bin", None),
        ("cache/uv/archive-v0/x1y2/bin", ["uvx", "beam-mcp"]),
        (".cache/pipx/0a1b/bin", ["pipx", "run", "beam-mcp"]),
    ],
)
def test_an_entry_outlives_the_cache_that_we_may_have_been_started_from(
    tmp_path: Path, where: str, words: list[str] | None
) -> None:
    program = tmp_path / where / ("beam-mcp.exe" if sys.platform == "win32" else "beam-mcp")
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    command, args = launch(program)
    assert [Path(command).stem, *args] == words if words else (command, args) == (str(program), [])


WISHES = [
    (["install"], "name a client, or use --all: claude-desktop, claude-code,"),
    (["uninstall", "emacs"], "'emacs' is none of the clients: claude-desktop,"),
    (["install", "cursor", "--all"], "--all goes without cursor."),
    (["install", "cursor", "--name", "a b"], "--name takes up to 64 letters, digits, '-' or '_'."),
    (["install", "cursor", "--timeout", "0"], "BEAM_MCP_TIMEOUT (--timeout): "),
    (
        ["install", "windsurf", "--scope", "project"],
        "Windsurf: it has no config of a project; leave out --scope project.",
    ),
]


@pytest.mark.anyio
async def test_a_wrong_wish_is_told_in_one_line(home: Path) -> None:
    ran = await told([Command(typed, home, living_in(home)) for typed, _ in WISHES])
    for (_, words), each in zip(WISHES, ran, strict=True):
        assert (each.code, each.out, each.errors.count("\n")) == (2, "", 1)
        assert each.errors.startswith("beam-mcp: ")
        assert words in each.errors
    assert written(home) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_disk_that_is_full_leaves_the_config_as_it_was(home: Path) -> None:
    place = home / ".cursor" / "mcp.json"
    content = json.dumps({"note": "x" * 2000, "mcpServers": {}})
    place.write_text(content, encoding="utf-8")
    program = (
        "import resource, sys, beam_mcp.cli.install; from beam_mcp.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2050, 2050)); sys.exit(main(['install', 'cursor']))"
    )
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-B", "-c", program],
        env=surroundings(HOME=str(home), PATH=""),
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"beam-mcp: Cursor: {place} cannot be written (File too large); it was left as it was.\n"
    assert place.read_text(encoding="utf-8") == content
    assert [path.name for path in place.parent.iterdir() if path.name.startswith(".")] == []


OWN = """\
import json, pathlib, sys
said = pathlib.Path.home() / "asked"
said.write_text((said.read_text() if said.exists() else "") + json.dumps(sys.argv[1:]) + "\\n")
{does}
"""
DOES = """\
path = pathlib.Path.home() / ".claude.json"
path.write_text(json.dumps({"mcpServers": {sys.argv[5]: json.loads(sys.argv[6])} if "add-json" in sys.argv else {}}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
@pytest.mark.parametrize("does", [DOES, "sys.exit(1)", "pass"], ids=["obeys", "refuses", "only says so"])
def test_a_client_with_a_command_of_its_own_is_asked_and_its_answer_is_checked(home: Path, does: str) -> None:
    program = home / "bin" / "claude"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{OWN.format(does=does)}", encoding="utf-8")
    program.chmod(0o755)
    ran = homely(home, "install", "claude-code", "--sandbox", PATH=str(program.parent))
    assert (ran.returncode, ran.stderr) == (0, "")
    [asked] = map(json.loads, (home / "asked").read_text(encoding="utf-8").splitlines())
    assert asked[:5] == ["mcp", "add-json", "--scope", "user", "beam"]
    assert command_of(entries(client("claude-code"), home / ".claude.json")["beam"])[-1] == "--sandbox"
    ran = homely(home, "uninstall", "claude-code", PATH=str(program.parent))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert entries(client("claude-code"), home / ".claude.json") == {}


def test_nothing_of_this_is_imported_by_a_server_that_starts(tmp_path: Path) -> None:
    program = "import sys; from beam_mcp.cli.main import parser; parser(); print(*sys.modules)"
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [COMMAND[0], "-c", program],
        env=surroundings(),
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert not {"tomlkit", "beam_mcp.cli.install", "beam_mcp.cli.clients", "beam_mcp.cli.manifests"} & set(
        ran.stdout.split()
    )
