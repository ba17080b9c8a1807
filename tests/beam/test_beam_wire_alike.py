"""Our connections read an answer as httpx2's own do, however it arrives; and whatever else arrives is an error."""

from collections.abc import Generator

import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.cli.loop import OPTIONS

from .speaking import CONTEXT, Call, direct, speaking

Read = tuple[int, list[tuple[bytes, bytes]], bytes] | None

_TOKEN = "abcdefghijklmnopqrstuvwxyz-0123456789"
_NAMES = st.text(_TOKEN, min_size=1, max_size=20).map(lambda name: f"x{name}".encode())
_VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40).map(str.encode)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=6)
_BODIES = st.binary(max_size=3000)
_STATUS = st.sampled_from([200, 201, 204, 206, 302, 304, 400, 404, 429, 500, 503, 599])


def _chunked(parts: list[bytes], extension: bytes, trailers: list[tuple[bytes, bytes]]) -> bytes:
    chunks = b"".join(b"%X%b\r\n%b\r\n" % (len(part), extension, part) for part in parts if part)
    return chunks + b"0\r\n" + _lines(trailers) + b"\r\n"


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Any answer as it may be, of known or unknown length, after interim ones or not."""
    interim = draw(
        st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nlink: a\r\n\r\n" * 2])
    )
    status, headers, reason = draw(_STATUS), draw(_HEADERS), draw(st.sampled_from([b"", b" ", b" OK", b" Not So Good"]))
    head = b"HTTP/1.%d %d%b\r\n" % (draw(st.sampled_from([0, 1])), status, reason or b" ")
    if status in {204, 304}:
        return interim + head + _lines(headers) + b"\r\n"
    body = draw(_BODIES)
    match draw(st.sampled_from(["length", "chunks", "end"])):
        case "length":
            return interim + head + _lines([*headers, (b"Content-Length", b"%d" % len(body))]) + b"\r\n" + body
        case "chunks":
            cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
            parts = [body[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
            told = _chunked(parts, draw(st.sampled_from([b"", b";a=b"])), draw(_HEADERS))
            return (
                interim
                + head.replace(b"1.0", b"1.1")
                + _lines([*headers, (b"Transfer-Encoding", b"chunked")])
                + b"\r\n"
                + told
            )
        case _:
            return interim + head + _lines(headers) + b"\r\n" + body


@pytest.fixture(scope="module")
def portal() -> Generator[BlockingPortal]:
    """Where examples run: one loop for all of them."""
    with start_blocking_portal("asyncio", OPTIONS) as open_one:
        yield open_one


async def _read(client: httpx2.AsyncClient) -> Read:
    try:
        async with client.stream("GET", "/") as response:
            body = b"".join([piece async for piece in response.aiter_raw()])
            return response.status_code, [(name.lower(), value) for name, value in response.headers.raw], body
    except httpx2.TransportError:
        return None


async def _both(text: bytes, cuts: list[int]) -> tuple[Read, Read]:
    """What we and httpx2 make of these bytes."""
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    pieces = [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]

    async def handle(call: Call) -> None:
        await call.head()
        await call.say(*pieces)

    async with (
        speaking(handle) as there,
        direct(there.url) as ours,
        httpx2.AsyncClient(base_url=there.url, timeout=10.0, trust_env=False, verify=CONTEXT) as theirs,
    ):
        return await _read(ours), await _read(theirs)


_CUTS = st.lists(st.integers(0, 4000), max_size=8)


@given(text=answers(), cuts=_CUTS)
def test_an_answer_is_read_as_httpx2_reads_it(portal: BlockingPortal, text: bytes, cuts: list[int]) -> None:
    ours, theirs = portal.call(_both, text, cuts)
    assert theirs is not None
    assert ours == theirs


@given(text=answers(), at=st.integers(0, 4000), junk=st.binary(min_size=1, max_size=40), cuts=_CUTS)
def test_a_spoiled_answer_is_an_error_or_an_answer_and_never_more(
    portal: BlockingPortal, text: bytes, at: int, junk: bytes, cuts: list[int]
) -> None:
    spoiled = text[:at] + junk + text[at + len(junk) :]
    ours, _ = portal.call(_both, spoiled, cuts)
    assert ours is None or len(ours[2]) <= len(spoiled)


@given(text=st.binary(max_size=400), cuts=_CUTS)
def test_what_is_no_answer_is_an_error(portal: BlockingPortal, text: bytes, cuts: list[int]) -> None:
    ours, _ = portal.call(_both, text, cuts)
    assert ours is None or text.startswith(b"HTTP/1.")


@given(text=answers(), end=st.integers(0, 4000), cuts=_CUTS)
def test_an_answer_that_is_cut_is_never_taken_for_a_whole_one(
    portal: BlockingPortal, text: bytes, end: int, cuts: list[int]
) -> None:
    ours, theirs = portal.call(_both, text[:end], cuts)
    assert ours == theirs
