"""What options are called, and what a value of one has to look like: lists, web addresses, what fits into a header."""

import os
import re
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BeforeValidator
from pydantic_core import Url
from pydantic_settings import NoDecode

from beam_mcp.ids import UUID

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SHORT = 16  # characters; any key has more
NO_HEADER = "it has characters that do not belong there, such as a space or a line break"
SHORTEST_TOKEN = 16  # characters; shorter ones can be guessed
_OF_BEAM = frozenset({"api_key", "api_key_file", "workspace_id", "api_url", "auth"})
_UNFILLED = re.compile(r"\$\{[^}]*\}")  # what some clients pass on for an option the person left empty
_CHANGE = re.compile(r"(?<=\d)[a-z]|(?<=[a-z])\d", re.IGNORECASE)  # names have few
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")


class SettingsError(Exception):
    """A wrong setting, in one line that names the variable and the flag."""


def variable(field: str) -> str:
    """The environment variable of a field."""
    return ("BEAM_" if field in _OF_BEAM else "BEAM_MCP_") + field.upper()


def flag(field: str) -> str:
    """The command line flag of a field."""
    return "--" + field.replace("_", "-")


def both(field: str) -> str:
    """Both, as an error names an option."""
    return f"{variable(field)} ({flag(field)})"


def is_unset(given: Any) -> bool:
    """Whether a person left this empty, as far as a source of settings can show it."""
    return given is None or (isinstance(given, str) and (not given.strip() or bool(_UNFILLED.fullmatch(given.strip()))))


def is_a_path(named: Path) -> bool:
    """Whether this may be shown as the file that a key is in, rather than being the key, put in a wrong place."""
    return named.is_absolute() or named.exists() or len(str(named)) <= SHORT


def unless_a_key(typed: str) -> str:
    """Words to be said back, if none of them may be a key: to hide one too many does no harm."""
    parts = re.split(r"[\s.,]+", typed)
    mixed = (part for part in parts if len(part) > SHORT and re.search(r"\d", part) and "://" not in part)
    return typed if all(map(UUID.fullmatch, mixed)) else "…"


def holds_a_key(text: str) -> bool:
    """Whether a part of this is so long and mixed that it is refused as a key that was put in a wrong place."""
    return any(map(_resembles_a_key, re.split(r"[\s/:.,]+", text)))


def _resembles_a_key(word: str) -> bool:
    if len(word) <= SHORT or UUID.fullmatch(word):
        return False
    is_mixed = all(any(map(kind, word)) for kind in (str.islower, str.isupper, str.isdigit))
    return is_mixed or len(_CHANGE.findall(word)) >= 4


def fits_a_header(text: str) -> bool:
    """Whether a key or an id can be sent as it is."""
    return text.isascii() and text.isprintable() and " " not in text


def _words(given: Any) -> Any:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


def _paths(given: Any) -> Any:
    return tuple(Path(part) for part in given.split(os.pathsep) if part) if isinstance(given, str) else given


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Paths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_paths)]
ToolsetName = Literal["agents", "tasks", "inbox", "account", "files"]
Toolsets = Annotated[tuple[ToolsetName, ...] | None, NoDecode, BeforeValidator(_words)]


def safe_address(given: str, example: str, because: str) -> str:
    """A web address as it was given, without a slash at its end; plain http only to this machine, `because` of that.

    Raises:
        ValueError: it is none, carries a user name, or anybody on the way could read what is sent there.
    """
    try:
        parts = urlsplit(given)
        has_host = parts.port != 0 and bool(parts.hostname)  # the port is read, so that it is a number
    except ValueError:  # whose words repeat what is wrong
        raise ValueError(f"it is no web address such as {example}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not carry a user name or password")
    if parts.scheme not in {"http", "https"} or not has_host:
        raise ValueError(f"it is no web address such as {example}")
    if parts.query or parts.fragment:
        raise ValueError("it must end with its host or path, without '?' or '#'")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(f"it must begin with https://, since {because}")
    return given.rstrip("/")


def beam_address(given: str) -> str:
    """The address of a Beam, which errors and checks tell.

    Raises:
        ValueError: it is no safe one, or seems to hold a key.
    """
    address = safe_address(given, "https://api.beamstudio.ai", "keys are sent there")
    parts = urlsplit(address)
    # A host of several parts is a name that some service made up, which can be as mixed as a key; a token begins so.
    host = parts.netloc.rstrip(".")
    if holds_a_key(parts.path) or host.startswith("eyJ") or ("." not in host and holds_a_key(host)):
        raise ValueError(f"it seems to hold a key, which belongs in {variable('api_key')}")
    return address


def plain_address(given: str) -> str:
    """A web address of scheme, host and path alone, written as browsers write it, without a slash at its end.

    Raises:
        ValueError: it is none, or has more than these.
    """
    try:
        parts = Url(given)
    except ValueError:
        raise ValueError("it is no web address such as https://beam.example.com") from None
    more = {parts.username, parts.password, parts.query, parts.fragment} - {None}
    if more or parts.scheme not in {"http", "https"}:
        raise ValueError("it must be https:// or http:// with a host and a path, and nothing else")
    return str(parts).rstrip("/")


def origin(given: str) -> str:
    """An origin as a browser sends it (RFC 6454 §6.2).

    Raises:
        ValueError: it is none, such as a pattern or an address with a path.
    """
    if not _ORIGIN.fullmatch(given.lower()):
        raise ValueError("an origin is https:// or http:// with a host and perhaps a port, such as https://claude.ai")
    return given.lower()


def text_of(path: Path, label: str) -> str:
    """The text of a file, of which an error speaks as `label`.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        named = path if is_a_path(path) else "what it names"
        raise SettingsError(f"{label}: {named} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{label}: {path} cannot be read (it is not UTF-8 text).") from None


def in_dotenv(path: Path) -> dict[str, str]:
    """What a `.env` sets, word for word: one that came with somebody's folder could ask for any other variable.

    Raises:
        SettingsError: it cannot be read.
    """
    if not path.is_file():
        return {}
    found = dotenv_values(stream=StringIO(text_of(path, ".env")), interpolate=False)
    return {name: text for name, text in found.items() if text is not None and not is_unset(text)}
