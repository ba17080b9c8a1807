"""JSON with comments and trailing commas, read with the place of everything, so that one key can be edited alone."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

_GAP = re.compile(r"(?:[ \t\r\n]|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


class CannotMerge(ValueError):
    """Why a config cannot be read or edited, as the end of a sentence."""


@dataclass
class Value:
    """A value and where it stands; `members` in their order if it is an object."""

    start: int
    end: int
    plain: Any
    members: "list[Member] | None" = None

    def member(self, key: str) -> "Member | None":
        """The member of this name; of several the last, which is the one that counts."""
        return next((member for member in reversed(self.members or []) if member.key == key), None)


@dataclass
class Member:
    """A key with its value; `comma` is where the comma after it stands, if there is one."""

    key: str
    start: int
    value: Value
    comma: int | None = field(default=None)


def read(text: str) -> Value | None:
    """The value of a text, None if it holds nothing but blanks and comments.

    Raises:
        CannotMerge: it is not JSON, even with comments and trailing commas allowed.
    """
    scanner = _Scanner(text)
    start = scanner.gap(0)
    if start == len(text):
        return None
    try:
        value = scanner.value(start)
    except RecursionError:
        raise CannotMerge("it is nested too deeply") from None
    if scanner.gap(value.end) != len(text):
        raise scanner.complaint(scanner.gap(value.end), "something follows its end")
    return value


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 400 else float(digits)  # Python refuses to count further


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text

    def gap(self, at: int) -> int:
        """Where the next thing starts that is neither blank nor comment."""
        found = _GAP.match(self.text, at)
        return found.end() if found else at

    def complaint(self, at: int, what: str) -> CannotMerge:
        line = self.text.count("\n", 0, at) + 1
        return CannotMerge(f"{what} in line {line}")

    def value(self, at: int) -> Value:
        if self.text.startswith("{", at):
            return self.object(at)
        if self.text.startswith("[", at):
            return self.array(at)
        if self.text.startswith('"', at):
            plain, end = self.string(at)
            return Value(at, end, plain)
        if not (found := _SCALAR.match(self.text, at)):
            raise self.complaint(at, "a value is missing or misspelt")
        return Value(at, found.end(), json.loads(found[0], parse_int=_number))

    def string(self, at: int) -> tuple[str, int]:
        if not (found := _STRING.match(self.text, at)):
            raise self.complaint(at, "a text is not closed, or holds a forbidden character,")
        return json.loads(found[0]), found.end()

    def array(self, at: int) -> Value:
        plain: list[Any] = []
        here = self.gap(at + 1)
        while not self.text.startswith("]", here):
            item = self.value(here)
            plain.append(item.plain)
            here = self.gap(item.end)
            if self.text.startswith(",", here):
                here = self.gap(here + 1)
            elif not self.text.startswith("]", here):
                raise self.complaint(here, "a comma or ] is missing")
        return Value(at, here + 1, plain)

    def object(self, at: int) -> Value:
        members: list[Member] = []
        here = self.gap(at + 1)
        while not self.text.startswith("}", here):
            if not self.text.startswith('"', here):
                raise self.complaint(here, "a key in quotes is missing")
            member = self.one_member(here)
            members.append(member)
            here = self.gap(member.value.end)
            if self.text.startswith(",", here):
                member.comma = here
                here = self.gap(here + 1)
            elif not self.text.startswith("}", here):
                raise self.complaint(here, "a comma or } is missing")
        return Value(at, here + 1, {member.key: member.value.plain for member in members}, members)

    def one_member(self, at: int) -> Member:
        key, end = self.string(at)
        colon = self.gap(end)
        if not self.text.startswith(":", colon):
            raise self.complaint(colon, "a colon is missing")
        return Member(key, at, self.value(self.gap(colon + 1)))
