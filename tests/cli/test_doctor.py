"""The doctor: what is wrong is found and said with its fix, whatever is broken, and no secret with it."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.settings import Settings
from tests.cli.doctors import HIDDEN, all_checks, checks, doctor
from tests.cli.key_stores import profiles
from tests.cli.processes import on

pytestmark = pytest.mark.anyio

CLOSED = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """A Beam that is only looked at."""
    async with serving(World()) as url:
        yield url


async def test_where_all_is_well_every_line_says_so(tmp_path: Path, url: str) -> None:
    code, shown = await doctor(tmp_path, **on(url))
    same, found = await checks(tmp_path, **on(url))
    assert (code, same) == (0, 0)
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == [
        "Settings",
        "Beam",
        "This machine",
        "Clients",
        "All is well.",
    ]
    assert "  ok    key: Accepted, for Sam Sandbox <sam@sandbox.example>; it is from: BEAM_API_KEY." in shown
    assert found["workspace"]["said"] == f"Sandbox ({WORKSPACE_ID}) is open to this key."
    assert found["agents"]["said"] == "11 agents can be seen."
    assert found["host"]["said"] == f"{urlsplit(url).netloc} answers."
    assert "median of three requests" in found["latency"]["said"]
    assert found["clients"]["state"] == "skip"
    assert "fix: Run: beam-mcp install CLIENT" in shown


async def test_every_setting_is_shown_with_its_source_and_a_secret_only_as_set(at_home: Path, url: str) -> None:
    (at_home / ".env").write_text("BEAM_MCP_TIMEOUT=7\n")
    _, found = await checks(at_home, "--output", "both", BEAM_AUTH="key")
    _, own = await checks(at_home, BEAM_API_URL=url, BEAM_API_KEY=SANDBOX_KEY)
    said = {name: check["said"] for name, check in found.items()}
    assert said["BEAM_API_KEY"] == "not set (default)"
    assert said["BEAM_WORKSPACE_ID"] == f"{WORKSPACE_ID} (profile default)"
    assert said["BEAM_API_URL"] == f"{url} (profile default)"
    assert said["BEAM_AUTH"] == "key (environment)"
    assert said["BEAM_MCP_OUTPUT"] == "both (flag)"
    assert said["BEAM_MCP_TIMEOUT"] == f"7.0 (.env in {at_home})"
    assert said["BEAM_MCP_PORT"] == "8000 (default)"
    assert f"profile default, in {profiles(at_home)}" in said["key"]
    assert own["BEAM_API_KEY"]["said"] == "set (environment)"


async def test_on_the_screen_the_settings_that_nobody_set_are_only_counted(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BEAM_MCP_TIMEOUT=7\n")
    _, some = await doctor(tmp_path, "--sandbox")
    (tmp_path / ".env").unlink()
    _, none = await doctor(tmp_path, BEAM_API_URL="", **dict.fromkeys(("BEAM_API_KEY", "BEAM_WORKSPACE_ID"), ""))
    every = len(Settings.model_fields)
    assert some.splitlines()[:4] == [
        "Settings",
        "  ok    BEAM_MCP_SANDBOX: True (flag)",
        f"  ok    BEAM_MCP_TIMEOUT: 7.0 (.env in {tmp_path})",
        f"  ok    the other {every - 2} have their defaults; --json lists them.",
    ]
    assert none.splitlines()[1] == f"  ok    all {every} have their defaults; --json lists them."


FIXES: list[tuple[bytes, list[str], dict[str, str], str]] = [
    (b"BEAM_API_KEY=hush\nBEAM_MCP_HOST=0.0.0.0", [], {}, "Set it in the environment or by the flag."),
    (b"BEAM_API_URL=https://a.example", [], {}, "Set both in the same place."),
    ("BEAM_API_KEY=hush".encode("utf-16"), [], {}, "Save it as UTF-8 that your user may read, or move it away."),
    (b"BEAM_MCP_PORT=many", [], {}, "Correct BEAM_MCP_PORT in .env in {folder}."),
    (b"", [], {"BEAM_MCP_PORT": "many"}, "Correct BEAM_MCP_PORT in the environment."),
    (b"", ["--port", "many"], {"BEAM_MCP_PORT": "1"}, "Correct --port on the command line."),
    (b"", [], {"BEAM_API_KEY": "a b"}, "Correct BEAM_API_KEY in the environment."),
    (b"", ["--transport", "http", "--host", "::"], {}, "Set BEAM_MCP_ALLOWED_HOSTS (--allowed-hosts)."),
]


async def test_the_fix_of_a_wrong_setting_says_where_it_is_set(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(FIXES))]
    for folder, (dotenv, *_) in zip(folders, FIXES, strict=True):
        folder.mkdir()
        (folder / ".env").write_bytes(dotenv)
    found = await all_checks((folder, *given[1:3]) for folder, given in zip(folders, FIXES, strict=True))
    for folder, (*_, fix), (code, made) in zip(folders, FIXES, found, strict=True):
        wrong = next(iter(made.values()))
        assert (code, wrong["state"], wrong["fix"]) == (1, "fail", fix.format(folder=folder))
        assert not any(word in wrong["said"] for word in ("; set ", ".."))


WRONG: list[tuple[dict[str, str], str, str, str]] = [
    ({"BEAM_API_KEY": ""}, "key", "No key is set, and nobody is logged in.", "beam-mcp login"),
    ({"BEAM_API_KEY": HIDDEN}, "key", "Beam did not accept the API key", "beam-mcp login"),
    ({"BEAM_WORKSPACE_ID": ""}, "workspace", "No workspace is set.", "BEAM_WORKSPACE_ID"),
    (
        {"BEAM_WORKSPACE_ID": "7"},
        "workspace",
        "(no UUID, so not shown) is no workspace of this key, which opens 1 workspace.",
        "beam-mcp login",
    ),
    ({"BEAM_API_URL": CLOSED}, "host", "it refuses connections", "Check BEAM_API_URL"),
    ({"BEAM_API_URL": "https://beam.invalid"}, "host", "beam.invalid cannot be reached", "."),
    ({"BEAM_API_URL": "https://{host}"}, "TLS", "TLS cannot be agreed on", "Check BEAM_API_URL"),
    ({"BEAM_API_KEY": "", "BEAM_API_KEY_FILE": "gone.txt"}, "BEAM_API_KEY_FILE (--api-key-file)", "gone.txt", ""),
]


async def test_what_is_wrong_is_said_with_its_fix(tmp_path: Path, url: str) -> None:
    def here(settings: dict[str, str]) -> dict[str, str]:
        return on(url) | {name: text.format(host=urlsplit(url).netloc) for name, text in settings.items()}

    found = await all_checks((tmp_path, [], here(settings)) for settings, *_ in WRONG)
    for (_, name, words, fix), (code, made) in zip(WRONG, found, strict=True):
        assert code == 1
        assert (made[name]["state"], words in made[name]["said"]) == ("fail", True), made[name]
        assert fix in made[name]["fix"]
        assert made["Python"]["state"] == "ok"  # the rest is looked at all the same


async def test_a_login_for_another_host_and_a_damaged_one_are_said(at_home: Path) -> None:
    _, found = await checks(at_home, BEAM_API_URL=CLOSED)
    assert "not sent to 127.0.0.1:1" in found["key"]["said"]
    profiles(at_home).write_text("{")
    code, found = await checks(at_home)
    assert code == 1
    assert "beam-mcp logout --all" in found["key"]["fix"]


@pytest.mark.skipif("os.name != 'posix'")
async def test_a_login_that_others_can_read_is_pointed_out(at_home: Path) -> None:
    profiles(at_home).chmod(0o644)
    code, found = await checks(at_home)
    assert code == 0
    assert found["login"]["state"] == "warn"
    assert found["login"]["fix"] == f"Run: chmod 600 {profiles(at_home)}"


async def test_each_clients_config_is_read_and_what_is_wrong_there_is_said(tmp_path: Path, url: str) -> None:
    cursor, desktop = tmp_path / ".cursor" / "mcp.json", tmp_path / ".codeium" / "windsurf" / "mcp_config.json"
    for file in (cursor, desktop):
        file.parent.mkdir(parents=True)
    cursor.write_text('{"mcpServers": {"beam": {"command": "/nowhere/beam-mcp", "env": {"BEAM_API_KEY": "hush"}}}}')
    desktop.write_text('{"mcpServers": ')
    code, found = await checks(tmp_path, **on(url))
    assert code == 1
    assert found["Cursor"]["said"].endswith("entry beam: its command /nowhere/beam-mcp is not found.")
    assert found["Cursor"]["fix"] == "Run: beam-mcp install cursor"
    assert (found["Windsurf"]["state"], str(desktop) in found["Windsurf"]["said"]) == ("fail", True)


async def test_an_entry_without_a_key_needs_a_login(tmp_path: Path, login: Path) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir(parents=True)
    here = shutil.which("python3") or shutil.which("python") or "python"
    file.write_text(json.dumps({"mcpServers": {"beam": {"command": here, "args": ["-m", "beam_mcp.cli"]}}}))
    _, found = await checks(tmp_path, BEAM_API_URL=CLOSED)
    assert (found["Cursor"]["state"], found["Cursor"]["fix"]) == ("warn", "Run: beam-mcp login")
    shutil.copytree(login, tmp_path, dirs_exist_ok=True)
    _, found = await checks(tmp_path)
    assert found["Cursor"]["state"] == "ok"


async def test_the_sandbox_and_a_public_server_need_no_key_of_ours(tmp_path: Path, url: str) -> None:
    code, found = await checks(tmp_path, "--sandbox")
    assert (code, found["host"]["state"]) == (0, "skip")
    public = ("--transport", "http", "--host", "0.0.0.0", "--allowed-hosts", "beam.example")  # noqa: S104
    code, found = await checks(tmp_path, *public, BEAM_API_URL=url)
    assert (code, found["key"]["said"]) == (0, "Whoever connects brings a key of their own.")
