"""The limits of an exchange with Beam: how long, how large, and what a failure of the transport means."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio
import httpx2

from beam_mcp.beam.errors import BeamBroken, BeamUnavailable

LARGEST_ANSWER = 256 * 1024 * 1024  # bytes after decompression; a page of 100 tasks is 20 MB, at the worst 300
LARGEST_ERROR = 64 * 1024
TRY_AGAIN = "Try again in a minute."


async def read_body(response: httpx2.Response) -> bytearray:
    """The body in one buffer, within limits.

    Raises:
        BeamBroken: a body larger than any that Beam has reason to send.
    """
    limit = LARGEST_ANSWER if response.is_success else LARGEST_ERROR
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            if not response.is_success:
                return body
            what = f"Beam's answer is larger than {limit // 1024 // 1024} MB."
            raise BeamBroken(what, "Ask for less at once, for example with a smaller page_size.", sent=True)
    return body


@contextmanager
def deadline(seconds: float) -> Generator[None]:
    """At most so many seconds.

    Raises:
        BeamUnavailable: when they are over.
    """
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError:
        raise BeamUnavailable(f"Beam did not answer within {seconds:.0f} s.", TRY_AGAIN, sent=True) from None


@contextmanager
def transport_errors(host: str) -> Generator[None]:
    """Say transport failures by meaning: those before anything was sent apart from those after."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
        what = f"Beam could not be reached at {host} ({_reason(error)})."
        raise BeamUnavailable(what, "Check the network and BEAM_API_URL.", sent=False) from error
    except httpx2.PoolTimeout as error:
        raise BeamUnavailable("Too many calls to Beam are under way.", TRY_AGAIN, sent=False) from error
    except httpx2.TimeoutException as error:
        raise BeamUnavailable("Beam did not answer in time.", TRY_AGAIN, sent=True) from error
    except httpx2.DecodingError as error:
        raise BeamBroken("Beam's answer could not be decompressed.", TRY_AGAIN, sent=True) from error
    except httpx2.TransportError as error:
        raise BeamUnavailable("The connection to Beam was cut before it answered.", TRY_AGAIN, sent=True) from error


def _reason(error: httpx2.TransportError) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return "no answer to the connection"
    return str(error).strip() or type(error).__name__
