"""Looking for a secret in whatever came out of a channel: as it is, and in every form in which it might slip out."""

import base64
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

GLIMPSE = 12  # characters of a secret's beginning that nobody may see either
Groups = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Capture:
    """What one channel gave: all its bytes, and a harmless word that must be among them, or nothing was captured.

    `home_of` are groups of secrets that belong there, such as a link in the answer that hands it over.
    """

    channel: str
    said: bytes
    control: str
    home_of: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Collected:
    """What a scenario gave: its channels, and its secrets by group and name."""

    captures: tuple[Capture, ...]
    secrets: Groups


def forms(secret: str) -> Mapping[str, bytes]:
    """A secret as it might appear, by the name of the form."""
    plain = secret.encode()
    return {
        "plain": plain,
        "its beginning": plain[:GLIMPSE],
        "reversed": plain[::-1],
        "in a link": quote(secret, safe="").encode(),
        "in a form": quote_plus(secret).encode(),
        "in HTML": html.escape(secret).encode(),
        "in JSON": json.dumps(secret)[1:-1].encode(),
        "in JSON of JavaScript": json.dumps(secret)[1:-1].replace("/", "\\/").encode(),
        "in hexadecimal": plain.hex().encode(),
        "as Python shows bytes": repr(plain)[2:-1].encode(),
        **dict(_in_base64("", plain)),
        **dict(_in_base64("of a header ", f"Bearer {secret}".encode())),
    }


def _in_base64(what: str, plain: bytes) -> Iterator[tuple[str, bytes]]:
    """However it stands among other bytes: without the characters that its neighbours have a part in."""
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + plain)
        body = packed[4 if shift else 0 : len(packed) - 4]
        yield f"{what}in base64, {shift}", body
        yield f"{what}in base64 of links, {shift}", body.replace(b"+", b"-").replace(b"/", b"_")


def leaks(collected: Collected) -> list[str]:
    """Which secrets are in which channel and in which form; and which channels were not really searched."""
    needles = {
        (group, name): forms(secret) for group, named in collected.secrets.items() for name, secret in named.items()
    }
    return [leak for capture in collected.captures for leak in _found(capture, needles)]


def _found(capture: Capture, needles: Mapping[tuple[str, str], Mapping[str, bytes]]) -> Iterator[str]:
    if not capture.said or capture.control.encode() not in capture.said:
        shown = capture.said[-600:].decode("utf-8", "replace")
        yield f"{capture.channel}: {capture.control!r} is not there, so it was not really searched: {shown}"
    for (group, name), known in needles.items():
        hit = next((form for form, needle in known.items() if needle in capture.said), None)
        if hit and group not in capture.home_of:
            yield f"{capture.channel}: {name}, {hit}: …{_around(capture.said, known[hit])}…"


def _around(said: bytes, needle: bytes) -> str:
    at = said.index(needle)
    return said[max(0, at - 200) : at + len(needle) + 60].decode("utf-8", "replace")


def joined(pieces: Iterable[bytes]) -> bytes:
    """Several pieces as one text, kept apart."""
    return b"\n".join(pieces)
