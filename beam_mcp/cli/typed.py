"""What somebody typed, said back to them: a key that they put in a wrong place must not end in a terminal or a log."""

import re

_WORD = re.compile(r"[a-z][a-z-]{0,19}")


def repeated(typed: str) -> str:
    """A typed word in quotes, if it is a word."""
    return repr(typed) if _WORD.fullmatch(typed) else "'…'"


def named(typed: list[str]) -> str:
    """The names of options among typed words, without what stands after them; the words themselves if there is none."""
    options = [word.partition("=")[0] for word in typed if word.startswith("-")]
    return " ".join(options or map(repeated, typed))
