"""Whole answers of Beam for those who want all of it, with everything removed that must not leave this layer."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from pydantic_core import from_json, to_json

from beam_mcp.beam.errors import BeamBroken, inside
from beam_mcp.beam.http import Beam
from beam_mcp.beam.removing import REMOVED, without_credentials, without_named
from beam_mcp.beam.wire import loaded

DEEPEST = 200  # levels, those of JSON inside strings included

# API.md, The task object: secrets travel in it. Compared without case, "-" and "_".
_SECRET = re.compile(
    r".*(password|passwd|passphrase|secret|token|apikey|privatekey|accesskey|cognitouserid|useraccesstokenid"
    r"|authorization|credential|authparameters).*|key|pwd|email|socialproviderid|paymentprovidercustomerid"
)
_COUNTS = re.compile(r".*tokens?(used|usages?)|(input|output|reasoning|total)tokens?")
# What asks for a secret in anybody's words: a key, a parameter or a question, once its words stand apart.
_ASKS = re.compile(
    r"(?:pass ?(?:word|wd|phrase|code)s?|passwort|kennwort|mot de passe|contraseña|zugangsdaten|credentials?|secrets?"
    r"|token(?! (?:count|usage|limit|budget|cost)s?)|(?:api|access|auth|refresh|bearer) ?tokens"
    r"|(?:api|access|private|secret|ssh|signing|encryption) ?keys?)\d*\b"
    r"|\b(?:pwd|pins?|pin ?codes?|otp|cvc|cvv|csc|(?:card|karten) ?(?:number|no|nummer)"
    r"|(?:log|sign) ?in (?:details|data)|(?:security|verification|recovery|backup|one time|2fa|mfa) ?(?:codes?|phrase)"
    r"|seed phrase)\d*\b"
)
_APART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")
_NAMING = {"name", "key", "paramname", "parameter", "header", "field", "label"}
_NAMED = {"value", "val", "content", "answer", "memoryanswer", "default", "defaultvalue"}


def asks_for_secret(name: Any) -> bool:
    """Whether a key, a parameter or a question asks for a secret: a password, a token, a PIN …"""
    return bool(_ASKS.search(_APART.sub(" ", str(name)).casefold()))


def _is_secret(key: Any) -> bool:
    plain = _plain(key)
    return bool(_SECRET.fullmatch(plain) and not _COUNTS.fullmatch(plain)) or asks_for_secret(key)


def _plain(key: Any) -> str:
    return re.sub(r"[-_\s]", "", str(key)).lower()


def without_secrets(data: Any, depth: int = 0, *, is_secret: Callable[[Any], bool] = _is_secret) -> Any:
    """The same data; what stands under secret keys or names is replaced, in text too, links lose what signs them.

    `is_secret` says what a key or name of a secret is: if nothing is given, whatever could be one in Beam's answers.
    """
    if depth > DEEPEST:
        return REMOVED
    match data:
        case {**pairs}:
            named = _names_secret(pairs, is_secret)
            return {
                key: REMOVED
                if item and (is_secret(key) or (named and _plain(key) in _NAMED))
                else without_secrets(item, depth + 1, is_secret=is_secret)
                for key, item in pairs.items()
            }
        case [*items]:
            return [without_secrets(item, depth + 1, is_secret=is_secret) for item in items]
        case str():
            return _text_without_secrets(data, depth, is_secret)
        case _:
            return data


def _text_without_secrets(text: str, depth: int, is_secret: Callable[[Any], bool]) -> str:
    if text.lstrip()[:1] in {"{", "[", '"'}:
        try:
            inner = from_json(text)
        except ValueError:
            pass  # only looks like JSON
        else:
            kept = without_secrets(inner, depth + 1, is_secret=is_secret)
            return text if kept == inner else to_json(kept).decode()
    return without_named(without_credentials(text))


def _names_secret(pairs: Mapping[Any, Any], is_secret: Callable[[Any], bool]) -> bool:
    """Whether an entry says of itself that its value is secret: {"name": "password", "value": …}."""
    named = any(_plain(key) in _NAMING and isinstance(name, str) and is_secret(name) for key, name in pairs.items())
    return named or asks_for_secret(pairs.get("question", ""))


async def raw_task(beam: Beam, task_id: str) -> dict[str, Any]:
    """The whole task (GET /agent-tasks/{id})."""
    return await _read(beam, f"/agent-tasks/{quote(task_id, safe='')}")


async def raw_agent(beam: Beam, agent_id: str) -> dict[str, Any]:
    """The whole agent (GET /agent/{id})."""
    return await _read(beam, f"/agent/{quote(agent_id, safe='')}")


async def _read(beam: Beam, path: str) -> dict[str, Any]:
    body = await beam.body(path)
    match loaded(body, beam.identity.remedy):
        case {"id": _} | {"agent": _} as data:
            return await anyio.to_thread.run_sync(without_secrets, data)  # megabytes: others are served meanwhile
        case _:
            raise inside(body) or BeamBroken("Beam's answer has an unexpected form.", "Try again in a minute.")
