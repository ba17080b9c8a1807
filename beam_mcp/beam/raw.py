"""Whole answers of Beam for those who want all of it, with everything removed that must not leave this layer."""

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

from pydantic_core import from_json, to_json

from beam_mcp.beam.errors import BeamBroken, inside
from beam_mcp.beam.http import Beam

REMOVED = "[removed]"
DEEPEST = 200  # levels, those of JSON inside strings included

# API.md, The task object: secrets travel in it. Compared without case, "-" and "_".
_SECRET = re.compile(
    r".*(password|passwd|passphrase|secret|token|apikey|privatekey|accesskey|cognitouserid|useraccesstokenid"
    r"|authorization|credential|authparameters).*|key|pwd|email|socialproviderid|paymentprovidercustomerid"
)
_COUNTS = re.compile(r".*tokens?(used|usages?)|(input|output|reasoning|total)tokens?")
_NAMING = {"name", "key", "paramname", "parameter", "header", "field", "label"}
_NAMED = {"value", "val", "content", "answer", "memoryanswer", "default", "defaultvalue"}

_LINK = re.compile(r"https?://[^\s\"'<>)\]]+", re.IGNORECASE)
_SIGNS = re.compile(
    r"(?:^|[?&;#]|\\u0026)[\w.%-]{0,40}"
    r"(?:signature|sig|token|secret|credential|password|expires|[_-]key|apikey|accesskey|keyid|key-pair-id)="
    r"|(?:^|[?&;#]|\\u0026)key=",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(authorization[\"'\\]{0,4}\s{0,3}[:=]\s{0,3}[\"'\\]{0,4})[^\r\n\"'\\]+", re.IGNORECASE)
_BEARER = re.compile(r"(bearer\s{1,3})[\w.~+/=-]{12,}", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END[^-]*-----|\Z)", re.DOTALL)
_PROSE = re.compile(
    r"((?:password|passwd|passphrase|pwd|secret|credential|(?:api|private|access|secret)[-_ ]?key"
    r"|(?<!input.)(?<!output.)(?<!total.)(?<!reasoning.)token(?!s?[-_ ]?(?:used|usage)))[\w-]{0,20}"
    r"[\"'\\]{0,4}\s{0,3}[:=]\s{0,3})(?:\\*\"[^\"]*\"|\\*'[^']*'|[^\s\"'<>]+)",
    re.IGNORECASE,
)


def unsigned(text: str) -> str:
    """The text, whose signed links lose what signs them: whoever has one can read what it leads to."""
    return _LINK.sub(_unsigned_link, text)


def _unsigned_link(found: re.Match[str]) -> str:
    link = found[0]
    end = min((at for at in (link.find("?"), link.find("#")) if at >= 0), default=len(link))
    rest = link[end + 1 :]
    return f"{link[:end]}?{REMOVED}" if _SIGNS.search(rest) else link


def without_secrets(data: Any, depth: int = 0) -> Any:
    """The same data; what stands under secret keys or names is replaced, in text too, links lose what signs them."""
    if depth > DEEPEST:
        return REMOVED
    match data:
        case {**pairs}:
            named = _names_secret(pairs)
            return {
                key: REMOVED
                if item and (_is_secret(key) or (named and _plain(key) in _NAMED))
                else without_secrets(item, depth + 1)
                for key, item in pairs.items()
            }
        case [*items]:
            return [without_secrets(item, depth + 1) for item in items]
        case str():
            return _text_without_secrets(data, depth)
        case _:
            return data


def _text_without_secrets(text: str, depth: int) -> str:
    if text.lstrip()[:1] in {"{", "[", '"'}:
        try:
            inner = from_json(text)
        except ValueError:
            pass  # only looks like JSON
        else:
            kept = without_secrets(inner, depth + 1)
            return text if kept == inner else to_json(kept).decode()
    text = _HEADER.sub(rf"\1{REMOVED}", _PRIVATE_KEY.sub(REMOVED, unsigned(text)))
    return _PROSE.sub(rf"\1{REMOVED}", _BEARER.sub(rf"\1{REMOVED}", text))


def _names_secret(pairs: Mapping[Any, Any]) -> bool:
    """Whether an entry says of itself that its value is secret: {"name": "password", "value": …}."""
    return any(_plain(key) in _NAMING and isinstance(name, str) and _is_secret(name) for key, name in pairs.items())


def _is_secret(key: Any) -> bool:
    plain = _plain(key)
    return bool(_SECRET.fullmatch(plain)) and not _COUNTS.fullmatch(plain)


def _plain(key: Any) -> str:
    return re.sub(r"[-_\s]", "", str(key)).lower()


async def raw_task(beam: Beam, task_id: str) -> str:
    """The whole task as JSON (GET /agent-tasks/{id})."""
    return await _read(beam, f"/agent-tasks/{quote(task_id, safe='')}")


async def raw_agent(beam: Beam, agent_id: str) -> str:
    """The whole agent as JSON (GET /agent/{id})."""
    return await _read(beam, f"/agent/{quote(agent_id, safe='')}")


async def _read(beam: Beam, path: str) -> str:
    body = await beam.body(path)
    try:
        data = from_json(body)
    except ValueError as error:
        raise BeamBroken("Beam's answer is not JSON.", "Try again in a minute.") from error
    if not isinstance(data, dict) or not {"id", "agent"} & cast("dict[str, Any]", data).keys():
        raise inside(body) or BeamBroken("Beam's answer has an unexpected form.", "Try again in a minute.")
    return to_json(without_secrets(data)).decode()
