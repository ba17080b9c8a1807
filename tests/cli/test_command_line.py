"""What a person sees of the command line itself."""

import re
from pathlib import Path

import pytest

from beam_mcp import __version__
from beam_mcp.cli.commands import COMMANDS
from beam_mcp.cli.main import OF_OTHERS, main
from beam_mcp.settings import SECRET, Settings, variable
from beam_mcp.settings_values import flag
from tests.cli.batches import Command, told
from tests.cli.processes import on, run, started
from tests.cli.wires import OverStdio, Speaker


def test_the_help_names_every_flag_and_variable_in_a_screen_of_plain_text(tmp_path: Path) -> None:
    shown = run("--help", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    words = re.sub(r"\s+", " ", shown.stdout)
    shared = re.sub(r"\s+", " ", run("serve", "--help", cwd=tmp_path).stdout)
    for field in Settings.model_fields:
        said = shared if field in OF_OTHERS else words
        assert variable(field) in said
        assert (f"{flag(field)} " in said) is (field not in SECRET)
        assert (f"{flag(field)} " in shared) is (field not in SECRET)
    for command in ("serve", "demo", "login", "logout", "whoami", "doctor", "install", "manifests", "--version"):
        assert command in words
    lines = shown.stdout.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 80
    assert shown.stdout.isascii()
    assert "\x1b" not in shown.stdout


@pytest.mark.anyio
async def test_each_command_has_help_of_its_own(tmp_path: Path) -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) >= 9
    shown = await told([Command([name, "--help"], tmp_path) for name in names])
    for name, each in zip(names, shown, strict=True):
        assert (each.code, each.errors) == (0, "")
        assert f"usage: beam-mcp {name}" in each.out


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    shown = run("--version", cwd=tmp_path)
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, f"beam-mcp {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nonsense"], "beam-mcp: unrecognized arguments: --nonsense; beam-mcp --help"),
        (["serve", "--nonsense"], "unrecognized arguments: --nonsense; beam-mcp serve --help"),
        (["install", "cursor", "--host", "::"], "unrecognized arguments: --host; beam-mcp install --help"),
        (["dance"], "beam-mcp: there is no command 'dance'; beam-mcp --help"),
        (["--read-only", "instal"], "beam-mcp: there is no command 'instal' (did you mean install?); beam-mcp --help"),
        (["install", "--scope", "planet"], "argument --scope: invalid choice: 'planet'"),
        (["--port"], "argument --port: expected one argument"),
        (["demo", "--port", "1"], "unrecognized arguments: --port"),
        (["--api-key", "sk-secret"], "the key has no flag"),
        (["serve", "--api-key=sk-secret"], "the key has no flag"),
        (["--api-ke=x"], "unrecognized arguments: --api-ke"),
        (["serve", "--api-ke=x"], "unrecognized arguments: --api-ke"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    shown, complaint = capsys.readouterr()
    assert shown == ""
    assert words in complaint
    assert complaint.endswith(" --help shows what there is.\n")
    assert complaint.count("\n") == 1
    assert "sk-secret" not in complaint


def test_a_key_file_that_is_missing_ends_the_server_in_one_line(tmp_path: Path) -> None:
    shown = run(cwd=tmp_path, BEAM_API_KEY_FILE="nowhere.txt")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith("beam-mcp: BEAM_API_KEY_FILE (--api-key-file): nowhere.txt cannot be read (")
    assert shown.stderr.count("\n") == 1


@pytest.mark.anyio
async def test_without_a_key_the_server_starts_lists_its_tools_and_says_how_to_set_one(tmp_path: Path) -> None:
    async with started(cwd=tmp_path) as server:
        speaker = Speaker(OverStdio(server), "2025-06-18")
        assert (await speaker.greet())["serverInfo"]["version"] == __version__
        assert "create_task" in await speaker.tools()
        said = await speaker.call("list_agents")
        assert "BEAM_API_KEY" in said
        assert "BEAM_WORKSPACE_ID" in said
        assert "--sandbox" in said
        await server.hang_up()
        assert await server.ended() == 0
        assert server.errors == b""


@pytest.mark.anyio
async def test_the_sandbox_serves_without_an_account(tmp_path: Path) -> None:
    async with started("--sandbox", cwd=tmp_path) as server:
        speaker = Speaker(OverStdio(server), "2025-06-18")
        await speaker.greet()
        assert "Invoice Matcher" in await speaker.call("list_agents")
        await server.hang_up()
        assert await server.ended() == 0
        assert server.errors == b""


NOWHERE = [
    (["doctor"], "receipts"),
    (["install", "--all"], "no client"),
    (["install", "cursor"], "File name too long"),
    (["uninstall", "--all"], "no client"),
    (["receipts"], "File name too long"),
    (["whoami"], "File name too long"),
]


@pytest.mark.anyio
async def test_folders_that_cannot_be_are_told_in_a_line(tmp_path: Path) -> None:
    nowhere = str(tmp_path / ("a" * 300))
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA", "USERPROFILE")
    shown = await told([Command(typed, tmp_path, dict.fromkeys(names, nowhere)) for typed, _ in NOWHERE])
    for (typed, words), each in zip(NOWHERE, shown, strict=True):
        said = each.out + each.errors
        assert words.casefold() in said.casefold(), typed
        assert "Traceback" not in said
        assert each.code in {0, 1, 2}


def test_a_start_loads_no_more_than_it_needs_and_certificates_while_the_sdk_is_imported(tmp_path: Path) -> None:
    ping = '{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n'
    ended = run(cwd=tmp_path, stdin=ping, **on("https://127.0.0.1:1", PYTHONPROFILEIMPORTTIME="1"))
    assert ended.returncode == 0
    loaded = [line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")]
    assert loaded.index("truststore") < loaded.index("mcp") < loaded.index("beam_mcp.server.build")
    assert not {"rich", "jinja2", "keyring", "jwt", "tomlkit"} & set(loaded)
