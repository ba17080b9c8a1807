"""What may come to a page and what goes with every answer: headers that keep it to itself, forms that are its own."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import anyio
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 4_000_000  # of a form as it is sent
MOST_FIELDS = 2000
FORM = "application/x-www-form-urlencoded"

FOREIGN = (
    "This form was not sent from the page itself, so nothing was done. Open the link again and decide there. If that "
    "does not help, a proxy changes this server's address: who runs it sets BEAM_MCP_PUBLIC_URL to what browsers use."
)
NO_FORM = "This is not a form that a page here could send, so nothing was done. Open the link again and decide there."
TOO_LARGE = "This form is larger than what is taken here, so nothing was done. Decide in the Beam app."
TOO_SLOW = "The form did not arrive in time, so nothing was done. Open the link again and decide there."

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # Where a browser came from is told to this page alone: the address itself is what lets somebody decide.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Refused(HTTPException):
    """A request that no page of ours sends; `detail` says so to whoever looks at it."""


class Sealed:
    """Puts the headers on every answer of an application, errors as well."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, sealed)


def refuse_foreign(request: Request, public_url: str | None = None) -> None:
    """Only a page of this very server may send a form, as far as the browser says where it came from.

    Raises:
        Refused: it came from elsewhere.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if public_url is not None and origin is not None:
        own = own or urlsplit(origin)[:2] == urlsplit(public_url)[:2]
    if not own or site not in {"same-origin", "none"}:
        raise Refused(403, FOREIGN)


async def fields_of(request: Request, *, patience: float) -> Mapping[str, str]:
    """The fields of a form, each there once, if it has arrived within `patience` seconds.

    Raises:
        Refused: it is none of ours, too large, or too slow.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(415, NO_FORM)
    try:
        text = (await _body(request, patience)).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(400, NO_FORM) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused(400, NO_FORM)
    return fields


async def _body(request: Request, patience: float) -> bytes:
    """What was sent, read no further than it is taken, whatever length was announced."""
    body = bytearray()
    with anyio.move_on_after(patience):
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise Refused(413, TOO_LARGE)
        return bytes(body)
    raise Refused(408, TOO_SLOW)
