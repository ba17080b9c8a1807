"""What a client meets that is quicker than the import of the SDK: real processes, and an SDK that a test holds back."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from signal import Signals
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.held import Held, held
from tests.cli.processes import COMMAND, PATIENCE, SIGNALS, Started, on, run, started, surroundings
from tests.cli.wires import LEGACY, MODERN, WHO, OverStdio, Speaker
from tests.tools.chat import Human

pytestmark = pytest.mark.anyio

Json = dict[str, Any]

VERSIONS = (*LEGACY, MODERN)
SETTINGS: tuple[tuple[str, ...], ...] = (
    (),
    ("--read-only", "--output", "both"),
    ("--toolsets", "inbox,account", "--output=structured"),
    ("serve", "--toolsets=files agents"),
    ("--sandbox", "--read-only", "--toolsets", "tasks"),
)
HELLO: Json = {"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}, "clientInfo": WHO}
INITIALIZE: Json = {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": HELLO}
INITIALIZED: Json = {"jsonrpc": "2.0", "method": "notifications/initialized"}
TOOLS: Json = {"jsonrpc": "2.0", "id": 0, "method": "tools/list"}
PING: Json = {"jsonrpc": "2.0", "id": -7, "method": "ping"}


@pytest.fixture
async def hold(tmp_path: Path) -> AsyncGenerator[Held]:
    async with held(tmp_path) as hold:
        yield hold


def lines(*messages: Json) -> bytes:
    return b"\n".join(json.dumps(message).encode() for message in messages)


async def is_well(server: Started) -> None:
    """It answers once more, ends when told, and has said nothing but the protocol and nothing on stderr but noise."""
    await server.send(lines({"jsonrpc": "2.0", "id": "last", "method": "ping"}))
    assert json.loads(await server.line())["id"] == "last"
    await server.hang_up()
    assert await server.ended() == 0
    assert await server.rest() == b""
    assert all(line.startswith(b"noise by ") for line in server.errors.splitlines()), server.errors


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_handshake_and_the_tools_are_told_while_the_sdk_is_still_imported(
    tmp_path: Path, hold: Held, version: str
) -> None:
    async with started(cwd=tmp_path, settings=hold.settings) as server:
        speaker = Speaker(OverStdio(server), version)
        await hold.begun()
        assert "tools" in (await speaker.greet())["capabilities"]
        assert "create_task" in await speaker.tools()
        await speaker.begin("prompts/list")
        await speaker.begin("tools/call", {"name": "nonsense", "arguments": {}})
        await speaker.begin("tools/list")
        assert json.loads(await server.line())["id"] == speaker.asked
        await hold.release()
        late = [json.loads(await server.line()) for _ in range(2)]
        assert {answer["id"] for answer in late} == {speaker.asked - 1, speaker.asked - 2}
        assert "create_task" in await speaker.tools()
        await server.hang_up()
        assert await server.ended() == 0
        assert await server.rest() == b""
        assert all(line.startswith(b"noise by ") for line in server.errors.splitlines()), server.errors


@pytest.mark.parametrize(("version", "flags"), [*zip(VERSIONS, SETTINGS, strict=True)])
async def test_a_process_that_speaks_early_and_one_that_speaks_late_say_the_same(
    tmp_path: Path, version: str, flags: tuple[str, ...]
) -> None:
    said: list[list[Json]] = []
    for late in ("false", "true"):
        async with started(*flags, cwd=tmp_path, settings={"BEAM_MCP_LATE": late}) as server:
            speaker = Speaker(OverStdio(server), version)
            said.append([await speaker.greet()])
            for method in ("tools/list", "prompts/list", "resources/list", "tools/list"):
                said[-1].append(await speaker.ask(method))
    assert said[0] == said[1]
    assert said[0][1]["tools"]


@pytest.mark.parametrize("end", ["eof", *SIGNALS])
async def test_a_client_that_leaves_during_the_import_ends_it_at_once_and_quietly(
    tmp_path: Path, hold: Held, end: str | Signals
) -> None:
    async with started(cwd=tmp_path, settings=hold.settings) as server:
        await server.send(lines(INITIALIZE, INITIALIZED, TOOLS))
        assert [json.loads(await server.line())["id"] for _ in range(2)] == ["hello", 0]
        await hold.begun()
        if isinstance(end, Signals):
            server.process.send_signal(end)
        else:
            await server.hang_up()
        assert await server.ended(patience=10) == 0
        assert await server.rest() == b""
        assert all(line.startswith(b"noise by ") for line in server.errors.splitlines())


async def test_what_is_owed_when_the_client_hangs_up_is_left_to_the_sdk(tmp_path: Path, hold: Held) -> None:
    async with started(cwd=tmp_path, settings=hold.settings) as server:
        await hold.begun()
        await server.send(lines(INITIALIZE, INITIALIZED, PING))
        assert json.loads(await server.line())["id"] == "hello"
        await server.hang_up()
        await hold.release()
        assert await server.ended() == 0


async def test_messages_in_pieces_or_many_at_once_are_answered_once_each(tmp_path: Path, hold: Held) -> None:
    async with started(cwd=tmp_path, settings=hold.settings) as server:
        assert server.process.stdin
        await hold.begun()
        whole = lines(INITIALIZE)
        for piece in (whole[:30], whole[30:] + b"\r", b"\n"):
            await server.process.stdin.send(piece)
        assert json.loads(await server.line())["id"] == "hello"
        await server.send(lines(INITIALIZED, TOOLS, PING, TOOLS | {"id": "zwölf"}))
        assert json.loads(await server.line())["id"] == 0
        await hold.release()
        assert {json.loads(await server.line())["id"] for _ in range(2)} == {-7, "zwölf"}
        await is_well(server)


async def test_a_last_line_without_an_end_is_left_to_the_sdk(tmp_path: Path, hold: Held) -> None:
    async with started(cwd=tmp_path, settings=hold.settings) as server:
        assert server.process.stdin
        await hold.begun()
        await server.process.stdin.send(lines(INITIALIZE))
        await server.hang_up()
        await hold.release()
        assert await server.ended() == 0
        told = await server.rest()
        assert told.count(b"\n") <= 1


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"\xef\xbb\xbf" + lines(INITIALIZE),
        b"{nonsense",
        lines(INITIALIZE | {"params": HELLO | {"protocolVersion": "1999-01-01"}}),
        lines(INITIALIZE | {"params": HELLO | {"padding": "x" * 300_000}}),
    ],
)
async def test_an_odd_first_message_meets_the_sdk_as_if_nothing_were_early(tmp_path: Path, odd: bytes) -> None:
    said: list[list[Json]] = []
    for late in ("false", "true"):
        async with started(cwd=tmp_path, settings={"BEAM_MCP_LATE": late}) as server:
            await server.send(odd)
            await server.send(lines(INITIALIZE | {"id": "second"}, INITIALIZED, TOOLS, PING))
            said.append([])
            while not said[-1] or said[-1][-1].get("id") != -7:
                said[-1].append(json.loads(await server.line()))
            await is_well(server)
    assert sorted(map(str, said[0])) == sorted(map(str, said[1]))


async def test_nothing_is_told_early_where_that_is_switched_off(tmp_path: Path, hold: Held) -> None:
    async with started("--late", cwd=tmp_path, settings=hold.settings) as server:
        await server.send(lines(INITIALIZE))
        await hold.begun()
        server.process.kill()
        assert b"hello" not in await server.rest()


@pytest.mark.parametrize(
    ("flags", "settings", "dotenv"),
    [
        (["--output", "loud"], {}, ""),
        ([], {"BEAM_MCP_TOOLSETS": "agents,chairs"}, ""),
        ([], {"BEAM_API_KEY_FILE": "nowhere"}, ""),
        ([], {"beam_mcp_output": "loud"}, ""),
        ([], {}, "BEAM_MCP_OUTPUT=loud"),
        ([], {}, "BEAM_MCP_FILES=/"),
    ],
)
def test_wrong_settings_end_the_server_before_a_word_is_said(
    tmp_path: Path, flags: list[str], settings: dict[str, str], dotenv: str
) -> None:
    (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
    ended = run(*flags, cwd=tmp_path, stdin=lines(INITIALIZE).decode() + "\n", **settings)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("beam-mcp: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_person_can_be_asked_on_a_connection_that_was_opened_early(
    tmp_path: Path, hold: Held, mode: str
) -> None:
    world, human = World(), Human(action="decline")
    task = world.add_task("Payment Runner", age=3600.0)
    async with serving(world) as url:
        settings = surroundings(**on(url), **hold.settings)
        door = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env=settings, cwd=tmp_path)
        with anyio.fail_after(PATIENCE):
            async with Client(door, mode=mode, elicitation_callback=human) as chat:
                await hold.begun()
                assert "approve_step" in [tool.name for tool in (await chat.list_tools()).tools]
                await hold.release()
                await chat.call_tool("approve_step", {"task": task.custom_id})
    assert "Payment Runner" in human.seen[0].message
