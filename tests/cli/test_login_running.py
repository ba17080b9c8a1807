"""A login that changes while servers run, and key stores that do not do as they should."""

import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.beam.user import User, Workspace
from beam_mcp.cli.credentials import Credentials, CredentialsError, Profile
from beam_mcp.cli.credentials_keyring import KeyStoreError, put
from beam_mcp.cli.login_workspace import choices, fitting
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.key_stores import home, profiles
from tests.cli.logins import command, logged_in
from tests.cli.processes import Started, started
from tests.cli.wires import OverHttp, OverStdio, Speaker

ELSEWHERE = str(UUID(int=7))
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def world() -> World:
    """Two workspaces."""
    world = World(populated=False)
    world.access.workspaces[ELSEWHERE] = "Elsewhere"
    return world


@pytest.fixture(scope="module")
async def url(world: World) -> AsyncIterator[str]:
    """Its Beam."""
    async with serving(world) as url:
        yield url


async def greeted(server: Started) -> Speaker:
    speaker = Speaker(OverStdio(server), "2025-06-18")
    await speaker.greet()
    return speaker


@pytest.mark.parametrize("store", ["", "Working"])
async def test_a_running_server_follows_each_login_and_logout_at_once(
    tmp_path: Path, world: World, url: str, store: str
) -> None:
    async with started(cwd=tmp_path, settings=home(tmp_path, store)) as server:
        speaker = await greeted(server)
        assert "Run `beam-mcp login`" in await speaker.call("list_agents")
        await logged_in(tmp_path, url, store=store)
        assert "Invoice Matcher" in await speaker.call("list_agents")
        assert f"Workspace Sandbox ({WORKSPACE_ID})" in (account := await speaker.call("get_account"))
        assert "by profile default." in account
        await logged_in(tmp_path, url, workspace=ELSEWHERE, store=store)
        assert f"Workspace Elsewhere ({ELSEWHERE})" in await speaker.call("get_account")
        async with serving(World()) as other:
            await logged_in(tmp_path, other, store=store)
            before = len(world.requests)
            assert "Invoice Matcher" in await speaker.call("list_agents")
            assert len(world.requests) == before
        await command("logout", cwd=tmp_path, **home(tmp_path, store))
        assert "No Beam API key is set" in await speaker.call("list_agents")
        assert server.errors == b""


async def test_a_server_with_a_key_of_its_own_asks_no_login(tmp_path: Path, url: str) -> None:
    await logged_in(tmp_path, url, workspace=ELSEWHERE)
    own = {"BEAM_API_KEY": SANDBOX_KEY, "BEAM_API_URL": url, "BEAM_WORKSPACE_ID": WORKSPACE_ID}
    async with started(cwd=tmp_path, settings=home(tmp_path) | own) as server:
        speaker = await greeted(server)
        assert f"Workspace Sandbox ({WORKSPACE_ID})" in await speaker.call("get_account")
        assert "by BEAM_API_KEY." in await speaker.call("get_account")


async def test_a_server_for_another_host_does_not_send_the_key_there(at_home: Path) -> None:
    other = World()
    async with serving(other) as elsewhere:
        settings = home(at_home) | {"BEAM_API_URL": elsewhere}
        async with started(cwd=at_home, settings=settings) as server:
            said = await (await greeted(server)).call("list_agents")
    assert "The key of profile default is for 127.0.0.1:" in said
    assert not other.requests


async def test_a_locked_key_store_is_said_and_how_to_go_on(tmp_path: Path, url: str) -> None:
    await logged_in(tmp_path, url, store="Working")
    async with started(cwd=tmp_path, settings=home(tmp_path, "Locked")) as server:
        speaker = await greeted(server)
        said = await speaker.call("list_agents")
        assert said.startswith("The key in the key store Test Store cannot be read: it is locked. Unlock it")
        assert "beam-mcp login" in said
        assert SANDBOX_KEY not in said
        await logged_in(tmp_path, url)  # into the file, since this home has no key store
        assert "Invoice Matcher" in await speaker.call("list_agents")


async def test_over_http_the_headers_are_named_and_on_loopback_the_login_serves(tmp_path: Path, url: str) -> None:
    arguments = ("serve", "--transport", "http", "--port", "0")
    async with (
        started(*arguments, cwd=tmp_path, settings=home(tmp_path)) as server,
        httpx2.AsyncClient(base_url=await server.address(), trust_env=False) as http,
    ):
        refused = await http.post("/mcp", json={})
        assert refused.status_code == 401
        assert "Send yours in the header x-api-key, and the workspace in current-workspace-id" in refused.text
        assert "restart" not in refused.text
        await logged_in(tmp_path, url)
        assert "Invoice Matcher" in await Speaker(OverHttp(http), "2026-07-28").call("list_agents")


async def test_on_a_public_address_nobody_gets_the_login(at_home: Path, world: World) -> None:
    before = len(world.requests)
    everywhere = "0.0.0.0"  # noqa: S104
    arguments = ("--transport", "http", "--port", "0", "--host", everywhere, "--allowed-hosts", "beam.example")
    async with started("serve", *arguments, cwd=at_home, settings=home(at_home)) as server:
        address = (await server.address()).replace(everywhere, "127.0.0.1")
        async with httpx2.AsyncClient(base_url=address, trust_env=False) as http:
            refused = await http.post("/mcp", json={}, headers={"host": "beam.example"})
            assert refused.status_code == 401
            assert "Send yours in the header x-api-key" in refused.text
    assert len(world.requests) == before


def test_a_key_store_that_hangs_is_given_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home(tmp_path, "Hanging").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    begun = time.monotonic()
    with pytest.raises(KeyStoreError, match="it did not answer within 2 s"):
        put("entry", SANDBOX_KEY, patience=2)
    assert time.monotonic() - begun < 15


def test_a_module_in_the_current_folder_does_not_get_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    for name, value in home(tmp_path, "Working").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    assert put("entry", SANDBOX_KEY) == "Test Store"


SOMEBODY = Profile(api_url="https://beam.example", workspace=WORKSPACE_ID, key=SANDBOX_KEY)


@given(st.binary() | st.text().map(str.encode) | st.just(SOMEBODY.model_dump_json().encode()))
def test_whatever_stands_in_the_file_it_is_read_or_called_damaged(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    credentials = Credentials(tmp_path_factory.getbasetemp() / "damage")
    credentials.place.mkdir(exist_ok=True)
    credentials.file.write_bytes(content)
    said = "is damaged"
    try:
        found: object = credentials.profiles()
    except CredentialsError as error:
        found, said = {}, repr(error)
    assert isinstance(found, dict)
    assert "is damaged" in said
    assert SANDBOX_KEY not in said


@given(st.lists(st.text(max_size=20), min_size=1, max_size=30), st.data())
def test_a_workspace_is_found_by_its_whole_name_and_by_its_id(names: list[str], data: st.DataObject) -> None:
    known = choices(User(workspaces=[Workspace(id=str(UUID(int=n)), name=name) for n, name in enumerate(names)]))
    meant = data.draw(st.sampled_from(known))
    assert fitting(known, meant.id) == [meant]
    if meant.name.split():
        assert meant in fitting(known, meant.name)


def test_no_profile_shows_its_key_when_printed() -> None:
    assert SANDBOX_KEY not in f"{SOMEBODY} {SOMEBODY!r} {replace(Credentials(Path()))}"
    assert not profiles(Path("nowhere")).exists()
