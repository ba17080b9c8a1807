"""What a request over HTTP says of who sends it: a key or a token for Beam, and the workspace."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from beam_mcp.beam.auth import THE_REQUEST, Identity


class Unsendable(ValueError):
    """A header that cannot be passed on to Beam; its text names it, and not what stood in it."""


@dataclass(frozen=True)
class Brought:
    """The credentials and the workspace of a request; a key goes before a token."""

    key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    workspace: str | None = field(default=None, repr=False)  # a key may have been put there

    @classmethod
    def by(cls, headers: Mapping[str, str]) -> "Brought":
        """What these headers bring.

        Raises:
            Unsendable: one of them holds what no header to Beam can: whoever brings it must not act as somebody else.
        """
        key, workspace = _word(headers, "x-api-key"), _word(headers, "current-workspace-id")
        bearer = bearer_of(headers.get("authorization", ""))
        return cls(key, None if key else _sendable("authorization", bearer or ""), workspace)

    @property
    def has_credentials(self) -> bool:
        """Whether its sender acts as somebody of their own."""
        return bool(self.key or self.bearer)

    def identity(self, own: Identity) -> Identity:
        """Who acts: by these credentials, in the workspace that `own` names where this names none."""
        return Identity(self.key, self.workspace or own.workspace, own.mode, self.bearer, THE_REQUEST)


def bearer_of(authorization: str) -> str | None:
    """The token of an Authorization header; its scheme is written in any case (RFC 9110 §11.1)."""
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _word(headers: Mapping[str, str], name: str) -> str | None:
    return _sendable(name, headers.get(name, "").strip())


def _sendable(name: str, text: str) -> str | None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise Unsendable(f"The header {name} holds characters that do not belong there, such as a space.")
    return text or None
