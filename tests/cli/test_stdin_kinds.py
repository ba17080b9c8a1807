"""Whatever stdin and stdout are, the same is answered to the same, and nothing is lost to a slow reader."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest

from tests.cli.processes import COMMAND, PATIENCE, surroundings
from tests.cli.wires import WHO

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there a thread reads whatever stdin is")

LISTS = 100  # answers of some 10 kB: together more than a pipe or a socket holds
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": WHO}
ASKED: list[dict[str, Any]] = [
    {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    *({"jsonrpc": "2.0", "id": number, "method": "tools/list"} for number in range(1, LISTS + 1)),
]
SAID = b"".join(json.dumps(message).encode() + b"\n" for message in ASKED)
Ends = tuple[IO[bytes] | int, IO[bytes] | int, Callable[[], object], Callable[[], IO[bytes]]]


def socket_pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    return stack.enter_context(ours), stack.enter_context(theirs)


@contextmanager
def pipes(_: Path) -> Generator[Ends]:
    (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
    with (
        os.fdopen(ours_in, "wb", buffering=0) as said,
        os.fdopen(ours_out, "rb") as heard,
        os.fdopen(theirs_in, "rb") as stdin,
        os.fdopen(theirs_out, "wb") as stdout,
    ):
        yield stdin, stdout, partial(said.write, SAID), lambda: heard


@contextmanager
def two_sockets(_: Path) -> Generator[Ends]:
    """As Node.js opens them."""
    with ExitStack() as stack:
        (said, stdin), (heard, stdout) = socket_pair(stack), socket_pair(stack)
        yield stdin.fileno(), stdout.fileno(), lambda: said.sendall(SAID), lambda: heard.makefile("rb")


@contextmanager
def one_socket(_: Path) -> Generator[Ends]:
    """As sshd opens it."""
    with ExitStack() as stack:
        ours, theirs = socket_pair(stack)
        yield theirs.fileno(), theirs.fileno(), lambda: ours.sendall(SAID), lambda: ours.makefile("rb")


@contextmanager
def a_terminal(_: Path) -> Generator[Ends]:
    import pty  # noqa: PLC0415 - not on Windows
    import tty  # noqa: PLC0415

    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    heard, out = os.pipe()
    with (
        os.fdopen(heard, "rb") as read,
        os.fdopen(out, "wb") as stdout,
        os.fdopen(ours, "wb", buffering=0) as said,
        os.fdopen(theirs, "rb") as stdin,
    ):
        yield stdin, stdout, partial(said.write, SAID), lambda: read


@pytest.mark.parametrize("kind", [pipes, two_sockets, one_socket, a_terminal])
@pytest.mark.parametrize("late", ["true", "false"])
def test_every_kind_of_stdin_is_answered_whole(kind: Callable[[Path], Any], late: str, tmp_path: Path) -> None:
    with kind(tmp_path) as (stdin, stdout, say, heard):
        environment = surroundings(BEAM_MCP_LATE=late)
        with subprocess.Popen(COMMAND, stdin=stdin, stdout=stdout, env=environment, cwd=tmp_path) as process:  # noqa: S603 - our own
            ended = threading.Timer(PATIENCE, process.kill)
            ended.start()
            try:
                say()  # all of it before any answer is read
                lines = heard()
                answers = [json.loads(lines.readline()) for _ in range(LISTS + 1)]
            finally:
                ended.cancel()
                process.kill()
    assert sorted(answer["id"] for answer in answers) == list(range(LISTS + 1))
    listed = {json.dumps(answer["result"]) for answer in answers if answer["id"]}
    assert len(listed) == 1
    assert "create_task" in listed.pop()
