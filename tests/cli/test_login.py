"""Logging in: in a terminal and by script, what is kept where, and what is never shown."""

import json
import os
import re
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.batches import Command, told
from tests.cli.key_stores import home, kept, profiles
from tests.cli.logins import command, logged_in
from tests.cli.terminals import terminal

pytestmark = pytest.mark.anyio

in_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python")
TEAM_299 = str(UUID(int=299))


@pytest.fixture(scope="module")
def world() -> World:
    """A person of three thousand workspaces."""
    world = World(populated=False)
    world.access.workspaces |= {str(UUID(int=number)): f"Team {number}" for number in range(3000)}
    return world


@pytest.fixture(scope="module")
async def url(world: World) -> AsyncIterator[str]:
    """Its Beam."""
    async with serving(world) as url:
        yield url


@in_a_terminal
async def test_a_person_types_the_key_unseen_and_finds_one_of_thousands_of_workspaces(tmp_path: Path, url: str) -> None:
    async with terminal("login", cwd=tmp_path, settings={"BEAM_API_URL": url} | home(tmp_path)) as here:
        seen = await here.shows("API key (not shown): ")
        await here.type("not the key\n")
        seen += await here.shows("That is no key")
        seen += await here.shows("API key (not shown): ")
        await here.type("some-other-key\n")
        seen += await here.shows("did not accept")
        seen += await here.shows("API key (not shown): ")
        await here.type(f"{SANDBOX_KEY}\n")
        listed = await here.shows("words of its name: ")
        assert len(re.findall(r"^ +\d+  ", listed, re.MULTILINE)) == 15
        assert "3,001 workspaces, 15 of them above" in listed
        await here.type("no such team\n")
        seen += await here.shows("words of its name: ")
        await here.type("team 299\n")
        code, rest = await here.ends()
    assert code == 0
    assert "Signed in as Sam Sandbox <sam@sandbox.example>, workspace Team 299" in rest
    assert 'No workspace has "no such team"' in seen
    for typed in ("not the key", "some-other-key", SANDBOX_KEY):
        assert typed not in seen + listed + rest
    code, said, _ = await command("whoami", cwd=tmp_path, **home(tmp_path))
    assert code == 0
    assert f"Team 299 ({TEAM_299})" in said


@in_a_terminal
async def test_a_workspace_is_also_chosen_by_its_number(tmp_path: Path, url: str) -> None:
    async with terminal("login", cwd=tmp_path, settings={"BEAM_API_URL": url} | home(tmp_path)) as here:
        await here.shows("API key (not shown): ")
        await here.type(f"{SANDBOX_KEY}\n")
        await here.shows("words of its name: ")
        await here.type("tea\n")
        listed = await here.shows('with "tea"')
        number = re.search(r"^ +(\d+)  Team 1005 ", listed, re.MULTILINE)
        await here.shows("words of its name: ")
        await here.type(f"{number[1] if number else listed}\n")
        code, rest = await here.ends()
    assert (code, "workspace Team 1005 (" in rest) == (0, True)


@in_a_terminal
@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
async def test_who_leaves_in_between_leaves_nothing_behind(tmp_path: Path, url: str, keys: str) -> None:
    settings = {"BEAM_API_URL": url} | home(tmp_path, "Working")
    async with terminal("login", cwd=tmp_path, settings=settings) as here:
        await here.shows("API key (not shown): ")
        await here.type(f"{SANDBOX_KEY}\n")
        await here.shows("words of its name: ")
        await here.type(keys)
        code, rest = await here.ends()
    assert code == 130
    assert "nothing was stored" in rest
    assert "Traceback" not in rest
    assert not kept(tmp_path)
    assert not profiles(tmp_path).exists()


@in_a_terminal
async def test_after_three_wrong_keys_it_gives_up(tmp_path: Path, url: str) -> None:
    async with terminal("login", cwd=tmp_path, settings={"BEAM_API_URL": url} | home(tmp_path)) as here:
        for _ in range(3):
            await here.shows("API key (not shown): ")
            await here.type("wrong-key\n")
        code, rest = await here.ends()
    assert code == 1
    assert "No key was accepted. Make a new one in the Beam app under Settings. Nothing was stored." in rest
    assert not profiles(tmp_path).exists()


async def test_the_key_is_in_the_key_store_alone_and_leaves_it_with_the_logout(tmp_path: Path, url: str) -> None:
    said = await logged_in(tmp_path, url, store="Working")
    assert "The key is in this system's key store (Test Store)." in said
    assert list(kept(tmp_path).values()) == [SANDBOX_KEY]
    assert SANDBOX_KEY not in profiles(tmp_path).read_text(encoding="utf-8")
    await logged_in(tmp_path, url, workspace=TEAM_299, store="Working")
    assert list(kept(tmp_path).values()) == [SANDBOX_KEY]  # that of before is gone
    code, said, _ = await command("whoami", cwd=tmp_path, **home(tmp_path, "Working"))
    assert (code, "profile default, in the key store Test Store" in said) == (0, True)
    code, said, _ = await command("logout", cwd=tmp_path, **home(tmp_path, "Working"))
    assert (code, said.startswith("Logged out: default.")) == (0, True)
    assert not kept(tmp_path)
    code, _, wrong = await command("whoami", cwd=tmp_path, **home(tmp_path, "Working"))
    assert (code, "beam-mcp login" in wrong) == (1, True)


@pytest.mark.parametrize(
    ("store", "why"), [("", "there is none"), ("Forgetful", "it keeps nothing"), ("Broken", "it failed")]
)
async def test_without_a_key_store_that_works_the_key_is_in_a_file_for_its_owner_alone(
    tmp_path: Path, url: str, store: str, why: str
) -> None:
    said = await logged_in(tmp_path, url, store=store)
    assert f"key store cannot be used ({why}" in said
    assert str(profiles(tmp_path)) in said
    assert json.loads(profiles(tmp_path).read_text(encoding="utf-8"))["profiles"]["default"]["key"] == SANDBOX_KEY
    if os.name == "posix":
        assert stat.S_IMODE(profiles(tmp_path).stat().st_mode) == 0o600
        assert stat.S_IMODE(profiles(tmp_path).parent.stat().st_mode) == 0o700
    assert [file.name for file in profiles(tmp_path).parent.iterdir()] == ["profiles.json"]


async def test_each_profile_is_a_login_of_its_own(tmp_path: Path, url: str) -> None:
    def typed(*words: str, stdin: str = "", **settings: str) -> Command:
        return Command(words, tmp_path, home(tmp_path) | settings, stdin)

    def login(*words: str) -> Command:
        return typed("login", "--key-stdin", "--workspace", *words, stdin=SANDBOX_KEY, BEAM_API_URL=url)

    own, work = await told([login(WORKSPACE_ID), login("team 299", "--profile", "work")])
    assert (own.code, own.errors, work.code, work.errors) == (0, "", 0, "")
    assert "BEAM_MCP_PROFILE=work" in work.out
    every = await told(
        [
            typed("whoami"),
            typed("whoami", BEAM_MCP_PROFILE="work"),
            typed("logout", "--profile", "work"),
            typed("logout", "--profile", "work"),
            typed("whoami"),
            typed("logout", "--all"),
        ]
    )
    assert [each.code for each in every] == [0, 0, 0, 1, 0, 0]
    assert (WORKSPACE_ID in every[0].out, TEAM_299 in every[1].out) == (True, True)
    assert "nobody is logged in as profile work" in every[3].errors
    assert not profiles(tmp_path).exists()
    assert not any(SANDBOX_KEY in each.out + each.errors for each in (own, work, *every))


SCRIPTS: list[tuple[tuple[str, ...], str, int, str]] = [
    ((), "", 2, "in a script pass the key on stdin"),
    (("--key-stdin",), SANDBOX_KEY, 1, "The key opens 3,001 workspaces: Sandbox ("),
    (("--key-stdin", "--workspace", "team 29"), SANDBOX_KEY, 0, ""),
    (("--key-stdin", "--workspace", "am 29"), SANDBOX_KEY, 1, '--workspace "am 29" fits 159 workspaces'),
    (("--key-stdin", "--workspace", "mars"), SANDBOX_KEY, 1, 'No workspace of this key fits "mars".'),
    (("--key-stdin",), "", 1, "Stdin holds no key"),
    (("--key-stdin",), "two words", 1, "Stdin holds no key, or more than a key."),
    (("--key-stdin",), "wrong-key", 1, "did not accept the API key"),
    (("--profile", "../x"), "", 2, "BEAM_MCP_PROFILE (--profile): a name has"),
]


async def test_a_script_is_told_what_is_missing(tmp_path: Path, url: str) -> None:
    homes = [tmp_path / str(number) for number in range(len(SCRIPTS))]
    typed = list[Command]()
    for place, (arguments, stdin, *_) in zip(homes, SCRIPTS, strict=True):
        place.mkdir()
        typed.append(Command(["login", *arguments], place, home(place) | {"BEAM_API_URL": url}, stdin))
    for place, (_, stdin, code, words), each in zip(homes, SCRIPTS, await told(typed), strict=True):
        assert each.code == code
        assert words in each.errors
        assert not stdin or stdin not in each.out + each.errors
        assert "Traceback" not in each.errors
        assert profiles(place).exists() is (code == 0)


async def test_without_a_network_it_says_what_is_wrong_and_keeps_nothing(tmp_path: Path) -> None:
    settings = home(tmp_path) | {"BEAM_API_URL": "http://127.0.0.1:1"}
    code, _, wrong = await command("login", "--key-stdin", cwd=tmp_path, stdin=SANDBOX_KEY, **settings)
    assert code == 1
    assert "Beam could not be reached at 127.0.0.1" in wrong
    assert "Nothing was stored." in wrong
    assert not profiles(tmp_path).exists()


async def test_what_the_environment_says_goes_before_the_login(at_home: Path, url: str) -> None:
    _, said, _ = await command("whoami", cwd=at_home, **home(at_home), BEAM_WORKSPACE_ID=TEAM_299)
    assert f"Team 299 ({TEAM_299})" in said
    own = {"BEAM_API_KEY": SANDBOX_KEY, "BEAM_API_URL": url}
    _, said, _ = await command("whoami", cwd=at_home, **home(at_home), **own)
    assert "BEAM_API_KEY, by environment" in said
    assert "none is set" in said  # the workspace of the login belongs to the key of the login
    (at_home / ".env").write_text(f"BEAM_API_KEY={SANDBOX_KEY}\nBEAM_API_URL={url}\n")
    _, said, _ = await command("whoami", cwd=at_home, **home(at_home))
    assert "BEAM_API_KEY, by .env" in said


async def test_a_key_goes_to_no_other_host_than_the_one_it_was_checked_with(at_home: Path) -> None:
    other = World()
    async with serving(other) as elsewhere:
        code, _, wrong = await command("whoami", cwd=at_home, **home(at_home), BEAM_API_URL=elsewhere)
    assert (code, "not sent to" in wrong) == (1, True)
    assert not other.requests


async def test_a_dotenv_of_somebody_elses_folder_has_no_say_in_a_login(tmp_path: Path, url: str) -> None:
    (tmp_path / ".env").write_text("BEAM_MCP_PROFILE=theirs\nBEAM_API_KEY=theirs\nBEAM_AUTH=token\n")
    said = await logged_in(tmp_path, url)
    assert list(json.loads(profiles(tmp_path).read_text())["profiles"]) == ["default"]
    assert "BEAM_API_KEY is set" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
async def test_a_link_in_place_of_the_file_is_not_followed(at_home: Path, url: str) -> None:
    file, target = profiles(at_home), at_home / "elsewhere.json"
    file.rename(target)
    file.symlink_to(target)
    before = target.read_bytes()
    code, _, wrong = await command("whoami", cwd=at_home, **home(at_home))
    assert (code, "is a link to elsewhere and was not followed" in wrong) == (1, True)
    arguments = ("login", "--key-stdin", "--workspace", TEAM_299)
    code, _, wrong = await command(*arguments, cwd=at_home, stdin=SANDBOX_KEY, BEAM_API_URL=url, **home(at_home))
    assert (code, "Nothing was stored." in wrong) == (1, True)
    assert target.read_bytes() == before
    assert (await command("logout", "--all", cwd=at_home, **home(at_home)))[0] in {0, 1}
    assert target.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="names of folders are bounded otherwise there")
async def test_a_folder_that_cannot_be_read_is_said_before_anything_is_stored(tmp_path: Path, url: str) -> None:
    settings = home(tmp_path, "Working") | dict.fromkeys(("HOME", "XDG_CONFIG_HOME"), str(tmp_path / ("a" * 300)))
    arguments = ("login", "--key-stdin", "--workspace", TEAM_299)
    code, said, wrong = await command(*arguments, cwd=tmp_path, stdin=SANDBOX_KEY, BEAM_API_URL=url, **settings)
    assert (code, said) == (1, "")
    assert "cannot be read: File name too long. Nothing was stored." in " ".join(wrong.split())


async def test_a_damaged_file_is_said_and_a_full_logout_clears_it(at_home: Path, url: str) -> None:
    profiles(at_home).write_text('{"profiles": {"default": 7}}')
    code, _, wrong = await command("whoami", cwd=at_home, **home(at_home))
    assert (code, "is damaged. Run `beam-mcp logout --all`" in wrong) == (1, True)
    await command("logout", "--all", cwd=at_home, **home(at_home))
    await logged_in(at_home, url)


async def test_one_workspace_alone_needs_no_choice(tmp_path: Path) -> None:
    async with serving(World()) as url:
        settings = home(tmp_path) | {"BEAM_API_URL": url}
        code, said, _ = await command("login", "--key-stdin", cwd=tmp_path, stdin=SANDBOX_KEY, **settings)
    assert (code, f"workspace Sandbox ({WORKSPACE_ID})" in said) == (0, True)
