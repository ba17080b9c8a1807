"""What all of Beam's JSON shares: its loose type, its timestamps, its bytes and its ids."""

import json
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast
from uuid import NAMESPACE_URL, uuid5

Json: TypeAlias = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A moment as Beam writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def packed(value: Any) -> bytes:
    """A value as the bytes Node's JSON.stringify would send."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Lone surrogates become the escapes JSON.stringify writes, so hostile text still travels as valid UTF-8.
    return text.encode("utf-8", "backslashreplace")


def stable_id(*parts: object) -> str:
    """The same UUID for the same parts, on every machine and after every restart."""
    return str(uuid5(NAMESPACE_URL, "beam-sandbox/" + "/".join(str(part) for part in parts)))


def as_object(value: Any) -> Json | None:
    """The value, if it is a JSON object."""
    return cast("Json", value) if isinstance(value, dict) else None


def as_list(value: Any) -> list[Any] | None:
    """The value, if it is a JSON array."""
    return cast("list[Any]", value) if isinstance(value, list) else None
