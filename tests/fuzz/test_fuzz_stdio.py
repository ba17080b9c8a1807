"""Whatever comes in on stdio, the server goes on, says nothing but the protocol, and tells no secret."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.talking import Talk, talking
from tests.fuzz.wild import LINES, QUIET, RAW

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """One conversation for all that follows: what one message spoils, the next would suffer from."""
    with talking(tmp_path_factory.mktemp("stdio")) as conversation:
        conversation.greet()
        yield conversation


@settings(QUIET, max_examples=60)
@given(lines=st.lists(LINES, min_size=1, max_size=8))
def test_any_lines_leave_the_server_alive(talk: Talk, lines: list[bytes]) -> None:
    talk.send(*lines)
    talk.answers()


@pytest.mark.parametrize("name", RAW)
def test_a_line_that_is_no_message_leaves_the_server_alive(talk: Talk, name: str) -> None:
    talk.send(RAW[name])
    talk.answers()


@settings(QUIET, max_examples=15)
@given(line=LINES, cuts=st.lists(st.integers(1, 60), max_size=5))
def test_a_line_in_pieces_is_one_line(talk: Talk, line: bytes, cuts: list[int]) -> None:
    whole, at = line + b"\n", 0
    for cut in [*cuts, len(whole)]:
        piece, at = whole[at : at + cut], at + cut
        talk.portal.call(talk.raw, piece)
    talk.answers()


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_message_that_is_too_long_is_refused_by_its_id_and_nothing_is_done(talk: Talk, place: str) -> None:
    request = {"method": "tools/call", "params": {"name": "get_task", "arguments": {"task": "x" * 6 * MEGABYTE}}}
    named = {"jsonrpc": "2.0", "id": f"long {place}"}
    talk.send(json.dumps(named | request if place == "first" else request | named).encode())
    refusal = talk.until(f"long {place}")[-1]
    assert refusal["error"]["code"] == -32600
    assert "longer than 4 MB; nothing was done" in refusal["error"]["message"]
    talk.answers()


def test_a_line_without_an_end_does_not_fill_memory(talk: Talk) -> None:
    status = Path(f"/proc/{talk.server.process.pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells how much memory a process had at most")
    talk.answers()
    before = _most(status)
    for _ in range(100):
        talk.portal.call(talk.raw, b'{"jsonrpc":' * (MEGABYTE // 11))
    talk.send(b"")
    talk.answers()
    assert _most(status) - before < 40 * 1024


def _most(status: Path) -> int:
    """KB that it had at most so far."""
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize("dotenv", ["", "BEAM_MCP_OUTPUT=text\n"], ids=["early", "ordinary"])
def test_what_comes_before_the_handshake_does_not_spoil_it(tmp_path: Path, dotenv: str) -> None:
    (tmp_path / ".env").write_text(dotenv)
    with talking(tmp_path) as conversation:
        conversation.send(*RAW.values())
        conversation.send(b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + b" " * 6 * MEGABYTE + b"}")
        conversation.greet()
        conversation.answers()
