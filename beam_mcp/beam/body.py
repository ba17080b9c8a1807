"""The body of an answer: unpacked into one buffer, and no further than it may be large.

It stays packed until it is whole, big ones are unpacked one after the other, and whoever reads one does so at once:
however many arrive at the same time, hardly more than one of them is ever there in its full size.
"""

from contextlib import nullcontext
from typing import Protocol, cast

import anyio
import anyio.lowlevel
import httpx2
from isal import igzip_lib

from beam_mcp.beam.errors import BeamBroken

LARGEST_ERROR = 64 * 1024
# Bytes unpacked at once: a bomb makes gigabytes of what comes with one read. Pieces of this size also find their memory
# again, where larger ones had it mapped anew by the system each time, which took as long as the unpacking.
PIECE = 64 * 1024
# Packed bytes handed over at once: what is not used up yet is kept as a copy, and others wait for some milliseconds.
HANDED = 256 * 1024


class _Unpacking(Protocol):
    """What the library's decompressor is, as far as it is used here."""

    eof: bool
    needs_input: bool

    def decompress(self, packed: bytes | bytearray, most: int, /) -> bytes: ...


_Broken = cast("type[Exception]", igzip_lib.IsalError)  # typed as an instance


async def read_body(response: httpx2.Response, largest: int, turn: anyio.Lock) -> bytearray:
    """The body in one buffer; `largest` is how many bytes an answer of success may have, unpacked.

    Big ones take their `turn`.

    Raises:
        BeamBroken: it is larger.
    """
    limit = largest if response.is_success else LARGEST_ERROR
    is_packed = response.headers.get("content-encoding", "").strip().lower() == "gzip"
    body = bytearray()
    async for chunk in response.aiter_raw() if is_packed else response.aiter_bytes():
        body += chunk
        if len(body) > limit + HANDED:  # what hardly packs is a little longer than it was
            break
    if is_packed:
        async with turn if len(body) > HANDED else nullcontext():
            body = await _unpacked(body, limit, response.request)
    if len(body) > limit and response.is_success:
        what = f"Beam's answer is larger than {limit // 1024 // 1024} MB."
        raise BeamBroken(what, "Ask for less at once, for example with a smaller page_size.", sent=True)
    return body


async def _unpacked(packed: bytearray, limit: int, request: httpx2.Request) -> bytearray:
    """What was packed with gzip, by ISA-L: in two fifths of the time that httpx2 needs with the standard library's.

    It ends soon after the limit.
    """
    body = bytearray()
    unpacking = cast("_Unpacking", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))
    try:
        for begin in range(0, len(packed), HANDED):
            if begin:
                await anyio.lowlevel.checkpoint()
            given = packed[begin : begin + HANDED]
            while not unpacking.eof and len(body) <= limit and (given or not unpacking.needs_input):
                body += unpacking.decompress(given, PIECE)
                given = bytearray()
    except _Broken as error:
        raise httpx2.DecodingError(str(error), request=request) from error
    if not unpacking.eof and len(body) <= limit:
        raise httpx2.DecodingError("the end is missing", request=request)
    return body
