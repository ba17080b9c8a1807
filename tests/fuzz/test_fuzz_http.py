"""Whatever comes in over HTTP, the server answers or refuses, goes on for everybody else, and tells no secret."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from tests.fuzz.talking import CANARY, INITIALIZE, Site, site
from tests.fuzz.wild import LINES, QUIET, RAW

MEGABYTE = 1024 * 1024
HOST = b"host: 127.0.0.1\r\n"
TYPES = b"content-type: application/json\r\naccept: application/json, text/event-stream\r\n"
CHUNK = b"%x\r\n%b\r\n" % (MEGABYTE, b" " * MEGABYTE)
PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all that follows."""
    with site(tmp_path_factory.mktemp("http")) as server:
        yield server


def post(body: bytes, headers: bytes = TYPES, path: bytes = b"/mcp") -> bytes:
    """A whole request."""
    return b"POST %b HTTP/1.1\r\n%b%bcontent-length: %d\r\n\r\n" % (path, HOST, headers, len(body)) + body


def head(headers: bytes, path: bytes = b"/mcp") -> bytes:
    """A request whose body is to come."""
    return b"POST %b HTTP/1.1\r\n%b%b%b\r\n" % (path, HOST, TYPES, headers)


def status(answer: bytes) -> int:
    """The status of an answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def serves(there: Site) -> None:
    """It still does, for anybody."""
    assert status(there.exchange([b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"])) == 200
    hello = there.exchange([post(json.dumps(INITIALIZE).encode())])
    assert status(hello) == 200
    assert b"protocolVersion" in hello


@settings(QUIET, max_examples=60)
@given(body=LINES)
def test_any_body_is_answered_or_refused(there: Site, body: bytes) -> None:
    answer = there.exchange([post(body)], patience=10)
    assert 200 <= status(answer) < 500, answer
    assert CANARY.encode() not in answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize("name", RAW)
def test_a_body_that_is_no_message_is_answered_or_refused(there: Site, name: str) -> None:
    assert 200 <= status(there.exchange([post(RAW[name])])) < 500
    serves(there)


HOSTILE: dict[str, tuple[list[bytes], set[int]]] = {
    "plain text": ([post(PING, b"content-type: text/plain\r\naccept: */*\r\n")], {400, 415}),
    "no content type": ([post(PING, b"accept: application/json, text/event-stream\r\n")], {400, 415}),
    "a type that is none": ([post(PING, b"content-type: \xff/;;=\r\n")], {400, 406, 415}),
    "a form": ([post(b"a=b", b"content-type: application/x-www-form-urlencoded\r\n")], {400, 406, 415}),
    "a huge body": ([post(b" " * 5 * MEGABYTE)], {413}),
    "a huge body that is only declared": ([head(b"content-length: 99999999999\r\n")], {413}),
    "a huge body in chunks": ([head(b"transfer-encoding: chunked\r\n"), *[CHUNK] * 5, b"0\r\n\r\n"], {413}),
    "a huge body in chunks, for SSE": (
        [head(b"transfer-encoding: chunked\r\n", b"/messages/?session_id=" + b"0" * 32), *[CHUNK] * 5, b"0\r\n\r\n"],
        {400, 404, 413},
    ),
    "chunks that are none": ([head(b"transfer-encoding: chunked\r\n"), b"zz\r\nhello\r\n"], {400}),
    "a length that is none": ([head(b"content-length: -5\r\n")], {400}),
    "two lengths": ([head(b"content-length: 5\r\ncontent-length: 6\r\n") + b"hello"], {400}),
    "a length and chunks": ([head(b"content-length: 5\r\ntransfer-encoding: chunked\r\n") + b"0\r\n\r\n"], {400}),
    "many headers": ([head(b"".join(b"x-%d: y\r\n" % n for n in range(20_000)))], {0, 400, 431}),
    "a long header": ([head(b"x-long: " + b"y" * MEGABYTE + b"\r\n")], {0, 400, 431}),
    "a header with NUL": ([head(b"x-a: \x00\x01\r\ncontent-length: 0\r\n")], {400}),
    "a long path": ([b"GET /" + b"a" * MEGABYTE + b" HTTP/1.1\r\n" + HOST + b"\r\n"], {0, 400, 414, 431}),
    "a path upwards": ([b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n"], {400, 404}),
    "a path upwards, escaped": ([b"GET /%2e%2e/%2e%2e/etc/passwd%00 HTTP/1.1\r\n" + HOST + b"\r\n"], {400, 404}),
    "another host": ([b"GET /mcp HTTP/1.1\r\nhost: evil.example\r\n\r\n"], {421}),
    "no host": ([b"GET /mcp HTTP/1.1\r\n\r\n"], {400, 421}),
    "another origin": ([post(PING, TYPES + b"origin: https://evil.example\r\n")], {403}),
    "a method that is none": ([b"BREW /mcp HTTP/1.1\r\n" + HOST + b"\r\n"], {400, 405, 501}),
    "TLS": ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n"], {0, 400}),
    "HTTP/2": ([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], {0, 400, 404, 405, 421, 505}),
    "HTTP/0.9": ([b"GET /mcp\r\n\r\n"], {0, 400}),
    "a session that is none": ([post(PING, TYPES + b"mcp-session-id: ../../x\r\n")], {400, 404}),
    "a version that is none": ([post(PING, TYPES + b"mcp-protocol-version: 9999-99-99\r\n")], {400}),
    "the end of a session that is none": ([b"DELETE /mcp HTTP/1.1\r\n" + HOST + b"\r\n"], {400, 404, 405}),
    "nonsense": ([b"\x00\xff" * 5000 + b"\r\n\r\n"], {0, 400}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_request_is_refused_and_nobody_else_notices(there: Site, name: str) -> None:
    pieces, expected = HOSTILE[name]
    answer = there.exchange(pieces)
    assert status(answer) in expected, answer[:500]
    assert b"Traceback" not in answer
    serves(there)


UNFINISHED: dict[str, list[bytes]] = {
    "nothing": [],
    "half a line": [b"POST /mc"],
    "half a head": [b"POST /mcp HTTP/1.1\r\nhost: 127."],
    "half a body": [head(b"content-length: 500\r\n"), b'{"jsonrpc":'],
    "half a chunk": [head(b"transfer-encoding: chunked\r\n"), b"ff\r\n{"],
    "a whole request": [post(PING)],
}


@pytest.mark.parametrize("name", UNFINISHED)
def test_who_hangs_up_on_the_way_is_let_go(there: Site, name: str) -> None:
    there.exchange(UNFINISHED[name], hang_up=True)
    serves(there)


def test_who_never_finishes_keeps_nobody_else_waiting(there: Site) -> None:
    for pieces in UNFINISHED.values():
        there.exchange(pieces, patience=0.05)
    serves(there)


def test_two_requests_at_once_are_both_answered(there: Site) -> None:
    health = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
    last = b"GET /health HTTP/1.1\r\n" + HOST + b"connection: close\r\n\r\n"
    assert there.exchange([health + last]).startswith(b"HTTP/1.1 200")
    serves(there)
