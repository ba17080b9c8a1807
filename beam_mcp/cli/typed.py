"""What somebody typed, said back to them: a key that they put in a wrong place must not end in a terminal or a log."""

import re

from beam_mcp.beam.link import UUID
from beam_mcp.settings_values import SHORT

_WORD = re.compile(r"[a-z][a-z-]{0,19}")


def repeated(typed: str) -> str:
    """A typed word in quotes, if it is a word."""
    return repr(typed) if _WORD.fullmatch(typed) else "'…'"


def unless_a_key(typed: str) -> str:
    """Typed words, if none of them is as long and mixed as keys and tokens are."""
    parts = re.split(r"[\s.,]+", typed)
    mixed = (part for part in parts if len(part) > SHORT and re.search(r"\d", part) and "://" not in part)
    return typed if all(map(UUID.fullmatch, mixed)) else "…"


def named(typed: list[str]) -> str:
    """The names of options among typed words, without what stands after them; the words themselves if there is none."""
    options = [word.partition("=")[0] for word in typed if word.startswith("-")]
    return " ".join(options or map(repeated, typed))
