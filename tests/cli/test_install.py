"""Adding this server to the configs of clients, in the homes of people on Linux, macOS and Windows."""

import json
import os
import stat
from pathlib import Path

import pytest

from beam_mcp.cli.clients import CLIENTS, Client, client
from beam_mcp.cli.install import NotInstalled, add, remove
from beam_mcp.cli.install_files import NotWritten
from beam_mcp.cli.installed import Unreadable, command_of, holds_a_key, installed
from tests.cli.homes import BACKUP, SYSTEMS, entries, machine, wish, written

# Where the makers of each client say that it keeps the servers of a user; %APPDATA% is set, the others are at home.
USER = {
    "claude-desktop": (
        ".config/Claude/claude_desktop_config.json",
        "Library/Application Support/Claude/claude_desktop_config.json",
        "Roaming/Claude/claude_desktop_config.json",
    ),
    "claude-code": (".claude.json",) * 3,
    "vscode": (
        ".config/Code/User/mcp.json",
        "Library/Application Support/Code/User/mcp.json",
        "Roaming/Code/User/mcp.json",
    ),
    "cursor": (".cursor/mcp.json",) * 3,
    "windsurf": (".codeium/windsurf/mcp_config.json",) * 3,
    "zed": (".config/zed/settings.json", ".config/zed/settings.json", "Roaming/Zed/settings.json"),
    "codex": (".codex/config.toml",) * 3,
    "gemini": (".gemini/settings.json",) * 3,
    "opencode": (".config/opencode/opencode.json",) * 3,
}
PROJECT = {
    "claude-code": ".mcp.json",
    "vscode": ".vscode/mcp.json",
    "cursor": ".cursor/mcp.json",
    "zed": ".zed/settings.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
    "opencode": "opencode.json",
}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("known", CLIENTS, ids=lambda known: known.name)
def test_the_entry_goes_where_the_client_looks_on_each_system(tmp_path: Path, known: Client, system: str) -> None:
    on = machine(tmp_path, system)
    said = add(known, wish(on, "--sandbox"))
    place = tmp_path / USER[known.name][SYSTEMS.index(system)]
    assert list(written(tmp_path)) == [place.relative_to(tmp_path).as_posix()]
    assert command_of(entries(known, place)["beam"])[-1] == "--sandbox"
    assert str(place) in said
    assert known.then in said
    assert add(known, wish(on, "--sandbox")).startswith(f"{place} has beam already; nothing was changed.")
    assert remove(known, wish(on)).startswith(f"took beam out of {place}.")
    assert entries(known, place) == {}
    assert remove(known, wish(on)) == f"{place} has no beam; nothing was changed."


@pytest.mark.parametrize("known", CLIENTS, ids=lambda known: known.name)
def test_a_project_gets_an_entry_that_serves_a_whole_team(tmp_path: Path, known: Client) -> None:
    on = wish(machine(tmp_path), "--read-only", scope="project")
    if known.name not in PROJECT:
        with pytest.raises(NotInstalled, match="it has no config of a project; leave out --scope project"):
            add(known, on)
        return
    add(known, on)
    assert list(written(tmp_path / "work")) == [PROJECT[known.name]]
    [entry] = entries(known, tmp_path / "work" / PROJECT[known.name]).values()
    assert command_of(entry) == ["beam-mcp", "--read-only"]


@pytest.mark.parametrize(
    ("variables", "name", "place"),
    [
        ({"XDG_CONFIG_HOME": "{}/xdg"}, "zed", "xdg/zed/settings.json"),
        ({"XDG_CONFIG_HOME": "{}/xdg"}, "opencode", "xdg/opencode/opencode.json"),
        ({"CODEX_HOME": "{}/mine"}, "codex", "mine/config.toml"),
        ({"CLAUDE_CONFIG_DIR": "{}/mine"}, "claude-code", "mine/.claude.json"),
        ({"GEMINI_CLI_HOME": "{}/mine"}, "gemini", "mine/.gemini/settings.json"),
    ],
)
def test_a_config_is_found_where_its_owner_moved_it(
    tmp_path: Path, variables: dict[str, str], name: str, place: str
) -> None:
    moved = {key: text.format(tmp_path) for key, text in variables.items()}
    add(client(name), wish(machine(tmp_path, **moved)))
    assert list(written(tmp_path)) == [place]


def test_claude_desktop_as_a_windows_package_sees_a_roaming_folder_of_its_own(tmp_path: Path) -> None:
    package = tmp_path / "Local" / "Packages" / "Claude_pzs8sxrjxfjjc"
    package.mkdir(parents=True)
    add(client("claude-desktop"), wish(machine(tmp_path, "win32")))
    place = package / "LocalCache" / "Roaming" / "Claude" / "claude_desktop_config.json"
    assert [tmp_path / name for name in written(tmp_path)] == [place]


def test_opencode_keeps_the_file_and_the_shape_that_are_there(tmp_path: Path) -> None:
    place = tmp_path / ".config" / "opencode" / "opencode.jsonc"
    place.parent.mkdir(parents=True)
    place.write_text('{"mcp": {"servers": {"other": {"type": "local", "command": ["x"]}}}}', encoding="utf-8")
    add(client("opencode"), wish(machine(tmp_path)))
    assert list(json.loads(place.read_text(encoding="utf-8"))["mcp"]) == ["servers"]
    assert list(entries(client("opencode"), place)) == ["other", "beam"]


ZED = "\n".join(
    [
        "\ufeff// Zed settings",
        "{",
        '\t"theme": "One", // mine',
        '\t"context_servers": {',
        '\t\t"o": {},',
        "\t},",
        "}",
        "",
    ]
)
ZED_BYTES = ZED.replace("\n", "\r\n").encode()


def test_everything_else_stays_byte_for_byte_and_what_was_there_is_kept_beside_it(tmp_path: Path) -> None:
    place = tmp_path / ".config" / "zed" / "settings.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(ZED_BYTES)
    place.chmod(0o640)
    said = add(client("zed"), wish(machine(tmp_path)))
    start = ZED_BYTES.index(b"{},") + 3
    now = place.read_bytes()
    assert now.startswith(ZED_BYTES[:start])
    assert now.endswith(ZED_BYTES[start:])
    assert now.count(b"\n") == now.count(b"\r\n")
    assert place.with_name(place.name + BACKUP).read_bytes() == ZED_BYTES
    assert f"What it said before is in settings.json{BACKUP}." in said
    if os.name == "posix":
        assert stat.S_IMODE(place.stat().st_mode) == 0o640
    remove(client("zed"), wish(machine(tmp_path)))
    assert place.read_bytes() == ZED_BYTES


def test_a_config_that_is_a_link_stays_one(tmp_path: Path) -> None:
    real, place = tmp_path / "dotfiles" / "cursor.json", tmp_path / ".cursor" / "mcp.json"
    real.parent.mkdir()
    place.parent.mkdir()
    real.write_text("{}", encoding="utf-8")
    try:
        place.symlink_to(real)
    except OSError:
        pytest.skip("links are not for everybody on Windows")
    add(client("cursor"), wish(machine(tmp_path)))
    assert place.is_symlink()
    assert "beam" in entries(client("cursor"), real)


BROKEN = [
    (b'{"mcpServers": {', "mcp.json is broken: a key in quotes is missing in line 1; mend it and run this again"),
    (b'{"mcpServers": []}', "mcp.json cannot be edited: mcpServers is no object; edit it by hand, as beam-mcp install"),
    ('{"a": "ä"}'.encode("utf-16"), "mcp.json cannot be read (it is not UTF-8 text)"),
    (b'{"mcpServers": {"beam": {"command": "apache-beam"}}}', "another server named beam; choose a name with --name"),
]


@pytest.mark.parametrize(("content", "why"), BROKEN)
def test_a_config_that_is_broken_or_not_ours_to_change_is_left_as_it_was(
    tmp_path: Path, content: bytes, why: str
) -> None:
    place = tmp_path / ".cursor" / "mcp.json"
    place.parent.mkdir()
    place.write_bytes(content)
    with pytest.raises((NotInstalled, Unreadable, NotWritten)) as told:
        add(client("cursor"), wish(machine(tmp_path)))
    assert why in str(told.value)
    assert "\n" not in str(told.value)
    assert place.read_bytes() == content


def test_a_folder_in_the_place_of_a_config_is_said(tmp_path: Path) -> None:
    (tmp_path / ".cursor" / "mcp.json").mkdir(parents=True)
    with pytest.raises(Unreadable, match="cannot be read"):
        add(client("cursor"), wish(machine(tmp_path)))


def test_what_the_owner_added_to_our_entry_stays_and_a_key_in_it_is_mentioned_but_not_shown(tmp_path: Path) -> None:
    place = tmp_path / ".cursor" / "mcp.json"
    place.parent.mkdir()
    old = {"command": "beam-mcp", "env": {"BEAM_API_KEY": "sk-secret"}, "disabled": False}
    place.write_text(json.dumps({"mcpServers": {"beam": old}}), encoding="utf-8")
    said = add(client("cursor"), wish(machine(tmp_path), "--read-only"))
    entry = entries(client("cursor"), place)["beam"]
    assert {key: entry[key] for key in ("env", "disabled")} == {"env": old["env"], "disabled": False}
    assert command_of(entry)[-1] == "--read-only"
    assert "changed beam in" in said
    assert "still holds a key" in said
    assert "sk-secret" not in said
    assert holds_a_key(old)
    assert not holds_a_key({"env": {"BEAM_API_KEY": "${env:BEAM_API_KEY}"}})


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_installed_is_told_for_every_client_that_is_here(tmp_path: Path, system: str) -> None:
    on = machine(tmp_path, system)
    assert installed(on) == []
    for known in CLIENTS:
        add(known, wish(on))
    add(client("vscode"), wish(on, scope="project"))
    found = installed(on)
    assert [(one.client.name, one.scope) for one in found] == [
        *(
            (known.name, scope)
            for known in CLIENTS
            for scope in ("user", "project")
            if scope == "user" or known.name == "vscode"
        )
    ]
    assert all(list(one.entries) == ["beam"] and one.trouble is None for one in found)
    found[0].path.write_text("{", encoding="utf-8")
    assert installed(on)[0].trouble == f"{found[0].path} is broken: a key in quotes is missing in line 1"


def test_an_entry_that_somebody_made_by_hand_under_another_name_is_found_too(tmp_path: Path) -> None:
    place = tmp_path / ".cursor" / "mcp.json"
    place.parent.mkdir()
    by_hand = {"mine": {"command": "uvx", "args": ["beam-mcp"]}, "other": {"command": "x"}}
    place.write_text(json.dumps({"mcpServers": by_hand}), encoding="utf-8")
    [one] = installed(machine(tmp_path))
    assert one.entries == {"mine": by_hand["mine"]}
