"""What can go wrong with Beam, by meaning; every error says what happened and what to do next.

BeamError
├─ NotConfigured     no key, or no workspace
├─ BadRequest        an argument that Beam, or we, cannot take (400)
├─ Unauthorized      the key or token is not accepted (401)
├─ Forbidden         accepted, but not allowed to do this (403)
├─ NotFound          not in this workspace (404)
├─ Conflict          the task has moved on meanwhile (409)
│  └─ Overtaken      somebody else decided or answered first
├─ RateLimited       too many requests (429)
├─ BeamUnavailable   not reached, too slow, or failing (5xx)
├─ BeamBroken        an answer that is not what the documents promise
├─ Ambiguous         a name that fits several things
└─ MayHaveHappened   a write whose answer was lost
"""

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from beam_mcp.beam.link import told
from beam_mcp.beam.removing import without_credentials

LONGEST_DETAIL = 160  # characters of Beam's own message


class BeamError(Exception):
    """Something a person can act on.

    `what` happened and, as `advice`, the next step; `sent` tells whether Beam may have acted on the request all the
    same; `retry_after` holds the seconds that Beam asked us to wait, if it did.
    """

    def __init__(self, what: str, advice: str = "", *, sent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"{what} {advice}".strip())
        self.what = what
        self.advice = advice
        self.sent = sent
        self.retry_after = retry_after


class NotConfigured(BeamError):
    """No key, or no workspace."""


class BadRequest(BeamError):
    """An argument that cannot be taken; nothing was done."""


class Unauthorized(BeamError):
    """The key or token is not accepted."""


class Forbidden(BeamError):
    """The key is accepted but may not do this."""


class NotFound(BeamError):
    """Not in this workspace."""


class Conflict(BeamError):
    """The task has moved on meanwhile; nothing was done."""


class Overtaken(Conflict):
    """Somebody else decided or answered first; ours was not taken."""


class RateLimited(BeamError):
    """Too many requests; nothing was done."""


class BeamUnavailable(BeamError):
    """Beam was not reached, was too slow, or failed."""


class BeamBroken(BeamError):
    """Beam's answer is not what its documents promise."""


class Ambiguous(BeamError):
    """A name that fits several things."""


class MayHaveHappened(BeamError):
    """A write whose answer was lost: it may or may not have taken effect."""


@dataclass(frozen=True)
class Remedy:
    """What can be done by whoever brings the credentials.

    Where Beam has `refused` them, with `what` that is called; where it left them `unexchanged` for a token; where
    the `workspace` is set; where Beam is `unreached`, or something `else_answers`.
    """

    what: str
    refused: str
    unexchanged: str
    workspace: str
    unreached: str
    else_answers: str


ON_THIS_MACHINE = Remedy(
    what="Beam did not accept the API key",
    refused="Run `beam-mcp login`, or set BEAM_API_KEY to a valid key, or try BEAM_AUTH=token.",
    unexchanged="Set BEAM_API_KEY to a valid key, or try BEAM_AUTH=key.",
    workspace="BEAM_WORKSPACE_ID",
    unreached="Check the network and BEAM_API_URL.",
    else_answers="Check BEAM_API_URL.",
)


def of_status(
    status: int,
    detail: str,
    *,
    workspace: str | None,
    retry_after: float | None = None,
    remedy: Remedy = ON_THIS_MACHINE,
) -> BeamError:
    """The error that an HTTP status of Beam's means; `detail` is Beam's own message, as `detail_of` gives it."""
    said = f': "{detail}"' if detail else ""
    place = f" in workspace {told(workspace)}" if workspace else ""
    match status:
        case 401:
            return Unauthorized(f"{remedy.what}{said}.", remedy.refused)
        case 403:
            advice = f"Check {remedy.workspace} and the role of the key's owner there."
            return Forbidden(f"Beam does not allow this key to do that{place}{said}.", advice)
        case 404:
            return NotFound(f"Beam has no such thing{place}{said}.", "It may live in another workspace.")
        case 409:
            return Conflict(f"Beam refused because the task has moved on{said}.", "Look at it with get_task().")
        case 429:
            wait = (
                f"Wait {retry_after:.0f} s before the next call." if retry_after else "Wait a minute, then try again."
            )
            return RateLimited(f"Beam says there were too many requests{said}.", wait, retry_after=retry_after)
        case _ if status >= 500:
            what = f"Beam has a problem of its own (HTTP {status}){said}."
            return BeamUnavailable(what, "Try again in a minute.", sent=True, retry_after=retry_after)
        case _ if 300 <= status < 400:
            advice = f"Credentials were not sent on. {remedy.else_answers}"
            what = f"Beam redirects to another address (HTTP {status})."
            return BeamBroken(what, advice, sent=status == 303)  # which is said after acting (RFC 9110 §15.4.4)
        case _:
            return BadRequest(
                f"Beam refused the request (HTTP {status}){said}.", "Correct the arguments and call again."
            )


def inside(body: bytes | bytearray) -> BeamError | None:
    """The error that an answer of success holds in place of what it should; None when it holds none."""
    try:
        data = from_json(body)
    except ValueError:
        return None
    match data:
        case {"statusCode": int(status)} if status >= 400:
            return of_status(status, detail_of(body), workspace=None)
        case {"error": said} if said:
            detail = detail_of(body)
            what = f'Beam answered with an error: "{detail}".' if detail else "Beam answered with an error."
            return BeamBroken(what, "Correct the arguments, or try again in a minute.", sent=True)
        case _:
            return None


def detail_of(body: bytes | bytearray) -> str:
    """Beam's own message in an error body of any form (API.md, Errors and limits), on one line; empty if it has none.

    Only what is meant as a message is repeated: any other part of a body may be a secret of somebody's. It is cut only
    once its links are cleaned: half of a secret is one too.
    """
    try:
        message = _message(from_json(body))
    except ValueError:
        text = body[:2000].decode("utf-8", "replace").strip()
        message = "" if text.startswith(("<", "{", "[")) else text
    flat = " ".join(without_credentials(message).replace('"', "'").split())
    return flat if len(flat) <= LONGEST_DETAIL else flat[: LONGEST_DETAIL - 1] + "…"


def _message(data: Any) -> str:
    match data:
        case {"message": [*parts]}:
            return "; ".join(part for part in parts if isinstance(part, str))
        case {"message": str() as text} | {"error": {"message": str() as text}} | {"error": str() as text}:
            return text
        case str():
            return data
        case _:
            return ""
