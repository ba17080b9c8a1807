"""The body of an answer: unpacked into one buffer, and no further than it may be large."""

from collections.abc import AsyncGenerator
from typing import Protocol, cast

import httpx2
from isal import igzip_lib

from beam_mcp.beam.errors import BeamBroken

LARGEST_ERROR = 64 * 1024
# Bytes unpacked at once: a bomb makes gigabytes of what comes with one read. Pieces of this size also find their memory
# again, where larger ones had it mapped anew by the system each time, which took as long as the unpacking.
PIECE = 64 * 1024


class _Unpacking(Protocol):
    """What the library's decompressor is, as far as it is used here."""

    eof: bool
    needs_input: bool

    def decompress(self, packed: bytes, most: int, /) -> bytes: ...


_Broken = cast("type[Exception]", igzip_lib.IsalError)  # typed as an instance


async def read_body(response: httpx2.Response, largest: int) -> bytearray:
    """The body in one buffer; `largest` is how many bytes an answer of success may have, unpacked.

    Raises:
        BeamBroken: it is larger.
    """
    limit = largest if response.is_success else LARGEST_ERROR
    body = bytearray()
    async for chunk in _unpacked(response):
        body += chunk
        if len(body) > limit:
            if not response.is_success:
                return body
            what = f"Beam's answer is larger than {limit // 1024 // 1024} MB."
            raise BeamBroken(what, "Ask for less at once, for example with a smaller page_size.", sent=True)
    return body


async def _unpacked(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """The pieces of a body; gzip by ISA-L, in two fifths of the time that httpx2 needs with the standard library's."""
    if response.headers.get("content-encoding", "").strip().lower() != "gzip":
        async for chunk in response.aiter_bytes():
            yield chunk
        return
    unpacking = cast("_Unpacking", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))
    try:
        async for packed in response.aiter_raw():  # to its end, or the connection could not be used again
            given = packed
            while given is not None and not unpacking.eof:
                yield unpacking.decompress(given, PIECE)
                given = None if unpacking.needs_input else b""
    except _Broken as error:
        raise httpx2.DecodingError(str(error), request=response.request) from error
    if not unpacking.eof:
        raise httpx2.DecodingError("the end is missing", request=response.request)
