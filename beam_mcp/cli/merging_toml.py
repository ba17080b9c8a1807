"""Edits of a TOML text: tables are added and taken out as whole lines, and tomlkit is shown our own table alone.

Of a whole text it takes the comment above a table for a part of the table before it, and moves tables that stand apart.
"""

import copy
import re
import tomllib
from collections.abc import Sequence
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from beam_mcp.cli.merging_json import CannotMerge

Table = dict[str, Any]


def read(text: str) -> Table:
    """What a text says.

    Raises:
        CannotMerge: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CannotMerge(f"it is no TOML: {error}") from None


def put(text: str, path: Sequence[str], entry: Table) -> str:
    """The text with these values in the table at the end of the path, which is made if there is none.

    Raises:
        CannotMerge: it is broken, or written in a way that cannot be edited safely.
    """
    before = read(text)
    wanted = _with(before, path, entry)
    if wanted == before:
        return text
    ended = text if not text or text.endswith("\n") else text + _newline(text)
    for edited in (_with_lines(text, path, entry), ended + _chunk(text, path, entry)):
        if _says(edited, wanted, path):
            return edited
    return _checked(_edited(text, path, entry), wanted, path)


def drop(text: str, path: Sequence[str]) -> str:
    """The text without the table at the end of the path.

    Raises:
        CannotMerge: it is broken, or written in a way that cannot be edited safely.
    """
    wanted = copy.deepcopy(read(text))
    parent: Any = wanted
    for key in path[:-1]:
        parent = parent.get(key, {})
    if path[-1] not in parent:
        return text
    del parent[path[-1]]
    without = _without_lines(text, path)
    return without if _says(without, wanted, path) else _checked(_edited(text, path, None), wanted, path)


def _with(before: Table, path: Sequence[str], entry: Table) -> Table:
    wanted = copy.deepcopy(before)
    here = wanted
    for depth, key in enumerate(path):
        inner = here.setdefault(key, {})
        if not isinstance(inner, dict):
            raise CannotMerge(f"{'.'.join(path[: depth + 1])} is no table")
        here = cast("Table", inner)
    here.update(entry)
    return wanted


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _chunk(text: str, path: Sequence[str], entry: Table) -> str:
    """The table as it is written at the end of this text, after a blank line."""
    nested: Table = entry
    for key in reversed(path):
        nested = {key: nested}
    return (("\n" if text else "") + tomlkit.dumps(nested)).replace("\n", _newline(text))


def _header(path: Sequence[str]) -> re.Pattern[str]:
    """The line that opens a table at or below this path, with the brackets that end it or the point that goes on."""
    keys = r"\s*\.\s*".join(rf"(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')" for key in path)
    return re.compile(rf"\s*\[\[?\s*{keys}\s*(\]|\.)")


def _tables(text: str) -> list[tuple[int, int]]:
    """Where each table starts and ends, in lines; what looks like a header inside of a longer value is none."""
    lines = _lines(text)
    starts = [i for i, line in enumerate(lines) if line.lstrip().startswith("[") and _ends("".join(lines[:i]))]
    return list(zip(starts, [*starts, len(lines)][1:], strict=True))


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _ends(text: str) -> bool:
    """Whether nothing is left open at the end of this text."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _with_lines(text: str, path: Sequence[str], entry: Table) -> str:
    """The text with these values in its table: what differs is changed in place, what lacks comes below the header."""
    lines, header = _lines(text), _header(path)
    for start, end in _tables(text):
        found = header.match(lines[start])
        if found and found[1] == "]":
            own = _lines(_edited("".join(lines[start:end]), path, entry, anew=False))
            there: Any = tomllib.loads("".join(own))
            for key in path:
                there = there[key]
            lacking = tomlkit.dumps({key: value for key, value in entry.items() if key not in there})
            own[0] = own[0].rstrip("\r\n") + _newline(text)
            lines[start:end] = [own[0], lacking.replace("\n", _newline(text)), *own[1:]]
            break
    return "".join(lines)


def _without_lines(text: str, path: Sequence[str]) -> str:
    """The text without the tables at or below the path; what is said after the last value belongs to what follows."""
    lines, header = _lines(text), _header(path)
    for start, end in reversed(_tables(text)):
        if header.match(lines[start]):
            while end > start + 1 and lines[end - 1].lstrip()[:1] in {"", "#"}:
                end -= 1  # noqa: PLW2901 - the same end, found more exactly
            del lines[start - 1 if start and not lines[start - 1].strip() else start : end]
    return "".join(lines)


def _edited(text: str, path: Sequence[str], entry: Table | None, *, anew: bool = True) -> str:
    """The text with these values, or without the table for None; values that are not there yet only if `anew`."""
    try:
        document = tomlkit.parse(text)
        here: Any = document
        for key in path[:-1]:
            here = here[key]
        if entry is None:
            del here[path[-1]]
        else:
            table = here.setdefault(path[-1], entry)
            for key, value in entry.items():
                if table.get(key) != value and (anew or key in table):
                    table[key] = value
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError, TypeError) as error:
        raise CannotMerge(str(error)) from None


def _says(text: str, wanted: Table, path: Sequence[str]) -> bool:
    """Whether a text says this; the table that only held ours may be empty or gone."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return said == wanted or said == {key: value for key, value in wanted.items() if key != path[0] or value}


def _checked(text: str, wanted: Table, path: Sequence[str]) -> str:
    if not _says(text, wanted, path):
        raise CannotMerge("its tables are written in a way that cannot be edited safely")
    return text
