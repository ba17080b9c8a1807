"""The messages that are answered early: recognised only in the shapes that the SDK certainly accepts."""

import json
from typing import Any, NoReturn, TypeGuard

Json = dict[str, Any]

LONGEST = 64 * 1024  # bytes of one message
DEEPEST = 100  # brackets in it
MOST_DIGITS = 15
UI = "io.modelcontextprotocol/ui"
UI_SETTINGS: Json = {"mimeTypes": ["text/html;profile=mcp-app"]}
_RESERVED = "io.modelcontextprotocol/"
VERSION, CLIENT, CAPABILITIES = (
    _RESERVED + "protocolVersion",
    _RESERVED + "clientInfo",
    _RESERVED + "clientCapabilities",
)
_EACH = ""  # any name of an object

# A type stands for any value of it; in an object what is not named may be anything, since the SDK does not look at it.
_DECLARED: Json = {
    "roots": {"listChanged": bool},
    "sampling": {"context": {}, "tools": {}},
    "elicitation": {"form": {}, "url": {}},
    "experimental": {_EACH: {}},
    "extensions": {_EACH: {}},
    "tasks": {
        "list": {},
        "cancel": {},
        "requests": {"elicitation": {"create": {}}, "sampling": {"createMessage": {}}},
    },
}
_CLIENT: Json = {"name": str, "version": str, "title": str, "description": str, "websiteUrl": str}


class Odd(ValueError):
    """A message that is left to the SDK, with everything after it."""


def read(line: bytes) -> Json:
    """The message in a line, if it is a request or a notification that any reader of JSON understands alike.

    Raises:
        Odd: it is anything else.
    """
    text = line.removesuffix(b"\n").removesuffix(b"\r")
    is_whole = line != text and b"\r" not in text and len(text) <= LONGEST
    if not is_whole or text.count(b"{") + text.count(b"[") > DEEPEST or b"\\ud" in text.lower():
        raise Odd
    try:
        message = json.loads(
            text.decode(), object_pairs_hook=_once, parse_constant=_refused, parse_float=_refused, parse_int=_whole
        )
    except ValueError:
        raise Odd from None
    if not _is_message(message):
        raise Odd
    return message


def is_client(given: Any) -> bool:
    """Whether this is a client's name and version as the SDK certainly accepts them."""
    return _fits(given, _CLIENT) and {"name", "version"} <= given.keys() and "icons" not in given


def declares_apps(capabilities: Any) -> bool:
    """Whether a client can show MCP Apps.

    Raises:
        Odd: its capabilities are not what the SDK certainly accepts.
    """
    if not _fits(capabilities, _DECLARED):
        raise Odd
    extensions = capabilities.get("extensions", {})
    if UI in extensions and extensions[UI] != UI_SETTINGS:
        raise Odd
    return UI in extensions


def envelope(params: Json) -> tuple[Any, Any]:
    """The protocol version and the client's capabilities that each request of 2026-07-28 carries.

    Raises:
        Odd: it carries less, more, or something else.
    """
    meta = params.get("_meta")
    if params.keys() != {"_meta"} or not _is_object(meta) or not {VERSION, CAPABILITIES} <= meta.keys():
        raise Odd
    reserved = {name for name in meta if name.startswith(_RESERVED)}
    is_known = reserved <= {VERSION, CLIENT, CAPABILITIES} and _is_id(meta.get("progressToken", 0))
    if not is_known or (CLIENT in meta and not is_client(meta[CLIENT])):
        raise Odd
    return meta[VERSION], meta[CAPABILITIES]


def asks_nothing_more(params: Json) -> bool:
    """Whether a request of the older protocols has no parameters but, perhaps, a progress token."""
    meta = params.get("_meta", {})
    return (
        params.keys() <= {"_meta"}
        and _is_object(meta)
        and meta.keys() <= {"progressToken"}
        and _is_id(meta.get("progressToken", 0))
    )


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Odd
    return found


def _refused(_: str) -> NoReturn:
    raise Odd


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise Odd
    return int(digits)


def _is_message(given: Any) -> TypeGuard[Json]:
    return (
        _is_object(given)
        and given.keys() <= {"jsonrpc", "id", "method", "params"}
        and given.get("jsonrpc") == "2.0"
        and type(given.get("method")) is str
        and _is_id(given.get("id", 0))
        and _is_object(given.get("params", {}))
    )


def _is_id(given: Any) -> bool:
    return type(given) is int or (type(given) is str and given.isascii() and given.isprintable())


def _is_object(given: Any) -> TypeGuard[Json]:
    return isinstance(given, dict)


def _fits(given: Any, shape: Any) -> bool:
    if not _is_object(shape):
        return type(given) is shape
    if not _is_object(given):
        return False
    named = all(_fits(given[name], inner) for name, inner in shape.items() if name in given)
    return named and (_EACH not in shape or all(_fits(inner, shape[_EACH]) for inner in given.values()))
