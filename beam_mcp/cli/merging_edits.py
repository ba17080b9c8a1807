"""Edits of a JSON text: what goes in is written the way its neighbours are, and nothing else is touched."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beam_mcp.cli.merging_json import CannotMerge, Member, Value, read

_REST_OF_LINE = re.compile(r"(?:[ \t]|/\*(?:[^*\r\n]|\*(?!/))*\*/)*(?://[^\r\n]*)?(?=\r?\n|\Z)")
_BEFORE_ON_LINE = re.compile(r"(?:\A|(?<=\n))[ \t]*\Z")


@dataclass(frozen=True)
class _Style:
    """How a text breaks its lines and how deep it indents."""

    newline: str
    unit: str

    @classmethod
    def of(cls, text: str) -> "_Style":
        indents = re.search(r"[{\[][ \t]*(?://[^\r\n]*)?\r?\n([ \t]+)\S", text)
        return cls("\r\n" if "\r\n" in text else "\n", indents[1] if indents else "  ")

    def shown(self, value: Any, indent: str) -> str:
        written = json.dumps(value, indent=self.unit, ensure_ascii=False)
        return written.replace("\n", self.newline + indent)


Edit = tuple[int, int, str]  # from, to, what stands there instead


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with this value at the end of the path; objects on the way are made.

    Raises:
        CannotMerge: it is broken, or something on the way is no object.
    """
    style, root = _Style.of(text), read(text)
    if root is None:
        gap = "" if not text or text.endswith("\n") else style.newline
        return text + gap + style.shown(_nested(path, value), "") + style.newline
    here = root
    for depth, key in enumerate(path):
        if here.members is None:
            raise CannotMerge(f"{'.'.join(path[:depth]) or 'the whole'} is no object")
        member = here.member(key)
        if member is None:
            return _applied(text, _inserted(text, style, here, key, _nested(path[depth + 1 :], value)))
        here = member.value
    if here.plain == value:
        return text
    return _applied(text, [(here.start, here.end, style.shown(value, _indent(text, here.start)))])


def drop(text: str, path: Sequence[str]) -> str:
    """The text without what stands at the end of the path.

    Raises:
        CannotMerge: it is broken.
    """
    while (root := read(text)) is not None:
        here: Value | None = root
        for key in path[:-1]:
            member = here.member(key) if here else None
            here = member.value if member else None
        found = here.member(path[-1]) if here else None
        if here is None or found is None:
            break
        text = _applied(text, _removed(text, here, found))
    return text


def _nested(path: Sequence[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _applied(text: str, edits: list[Edit]) -> str:
    for start, end, instead in sorted(edits, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _indent(text: str, at: int) -> str:
    """The blanks with which the line starts that this place is in."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _own_line(text: str, at: int) -> bool:
    return bool(_BEFORE_ON_LINE.search(text, 0, at))


def _ends_in_a_note(gap: str) -> bool:
    """Whether what is said last in a gap is a comment that the line's end closes, so that this end has to stay."""
    said = re.findall(r"//[^\r\n]*|/\*.*?\*/", gap, re.DOTALL)
    return bool(said) and said[-1].startswith("//")


def _line_end(text: str, at: int) -> int:
    """Behind what else is said on this line, if that is only a comment; else right here."""
    found = _REST_OF_LINE.match(text, at)
    return found.end() if found else at


def _inserted(text: str, style: _Style, into: Value, key: str, value: Any) -> list[Edit]:
    last = into.members[-1] if into.members else None
    name = json.dumps(key, ensure_ascii=False) + ": "
    if last is None:
        return [_first(text, style, into, name, value)]
    behind, comma = (last.value.end, ",") if last.comma is None else (last.comma + 1, "")
    closes = "" if comma else ","
    if not _own_line(text, last.start):
        return [(behind, behind, f"{comma} {name}{json.dumps(value, ensure_ascii=False)}{closes}")]
    indent, at = _indent(text, last.start), _line_end(text, behind)
    line = f"{style.newline}{indent}{name}{style.shown(value, indent)}{closes}"
    return [(behind, behind, comma + line)] if at == behind else [(behind, behind, comma), (at, at, line)]


def _first(text: str, style: _Style, into: Value, name: str, value: Any) -> Edit:
    outer, at = _indent(text, into.start), _line_end(text, into.start + 1)
    indent = outer + style.unit
    closes = "" if "\n" in text[at : into.end] else style.newline + outer
    return at, at, f"{style.newline}{indent}{name}{style.shown(value, indent)}{closes}"


def _removed(text: str, out_of: Value, member: Member) -> list[Edit]:
    members = out_of.members or []
    inside = text[out_of.start + 1 : member.start] + text[(member.comma or member.value.end - 1) + 1 : out_of.end - 1]
    if len(members) == 1 and not inside.strip():
        return [(out_of.start + 1, out_of.end - 1, "")]
    place = next(i for i, known in enumerate(members) if known is member)
    end = member.value.end if member.comma is None else member.comma + 1
    start = member.start
    gap = text[(members[place - 1].comma or 0) + 1 if place else out_of.start + 1 : start]
    if _own_line(text, start) and (_REST_OF_LINE.match(text, end) or not _ends_in_a_note(gap)):
        start = len(text[:start].rstrip(" \t").removesuffix("\n").removesuffix("\r"))
    elif place:
        start = len(text[:start].rstrip(" \t"))
    else:
        end = len(text) - len(text[end:].lstrip(" \t"))
    before = members[place - 1].comma if place else None
    lonely = [(before, before + 1, "")] if before is not None and member.comma is None else []
    return [*lonely, (start, end, "")]
