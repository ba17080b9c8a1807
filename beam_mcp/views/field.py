"""One parameter of an action as a form field: what of it is shown, and what a person's text in it means."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self, cast

from pydantic_core import from_json

from beam_mcp.beam.errors import BadRequest
from beam_mcp.views.cleaning import clean
from beam_mcp.views.text import line, quoted, value
from beam_mcp.views.view import Part

_INTEGER, _NUMBER = re.compile(r"[+-]?\d{1,40}"), re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,4})?")

InputKind = Literal["text", "number", "boolean", "data"]


class Unfit(BadRequest):
    """What stands in one field of a form cannot be sent; `field` is its name there."""

    def __init__(self, field: str, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.field = field


class Parameter(Part):
    """One parameter of an action as a form field: `text` is all of it that can be seen.

    `proposed` is what the chat would have instead; `unseen` counts what is left out, since nobody could see it.
    """

    number: int
    name: str
    label: str
    text: str
    kind: InputKind
    proposed: str | None = None
    unseen: int = 0

    @classmethod
    def of(cls, number: int, name: str, given: Any, edits: Mapping[str, Any]) -> Self:
        """From its value, and what of the action the chat would change."""
        whole = value(edits.get(name, given))
        shown = clean(value(given))
        return cls(
            number=number,
            name=name,
            label=line(name, 60) or "unnamed",
            text=shown,
            kind=input_kind(given),
            proposed=clean(whole) if name in edits else None,
            unseen=_left_out(whole),
        )

    @property
    def stands(self) -> str:
        """What would be sent if nobody touched it."""
        return self.text if self.proposed is None else self.proposed

    @property
    def field(self) -> str:
        """Its name in a form."""
        return f"parameter_{self.number}"

    @property
    def shown(self) -> str:
        """The text as a person reads it best: data one entry a line."""
        return self._spread(self.text)

    @property
    def preset(self) -> str:
        """What stands in its field before the person writes: the same of what is proposed, where that is anything."""
        return self._spread(self.stands)

    def _spread(self, text: str) -> str:
        if self.kind != "data":
            return text
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
        except ValueError:
            return text

    def edited(self, before: Any, text: str, *, trimmed: bool = False) -> Any:
        """The value for what the person left in the field; the very same value where they left it as it was.

        `trimmed` is for a form of the client's: some take the blanks around a text away that nobody touched.

        Raises:
            Unfit: it is not of the parameter's kind.
        """
        written = text.replace("\r\n", "\n")
        if written in {self.text, self.shown} or (trimmed and written == self.text.strip()):
            return before
        try:
            return self._read(before, written)
        except ValueError as wrong:
            raise Unfit(self.field, f"{self.label}: {wrong}", "Nothing was sent.") from None

    def _read(self, before: Any, written: str) -> Any:
        match self.kind:
            case "text":
                return written
            case "boolean":
                return _boolean(written)
            case "number":
                return _number(written)
            case "data":
                return _data(before, written)


def input_kind(given: Any) -> InputKind:
    """Which kind of form field a value takes."""
    match given:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case dict() | list():
            return "data"
        case _:
            return "text"


def _left_out(whole: str) -> int:
    """How many characters of a text are not shown; what a person reads the same counts as shown."""
    plain = whole.replace("\r\n", "\n").replace("\t", " ")
    return (Counter(plain) - Counter(clean(whole))).total()


def _boolean(written: str) -> bool:
    known = {"true": True, "yes": True, "false": False, "no": False}
    said = known.get(written.strip().casefold())
    if said is None:
        raise ValueError(f"{quoted(written, 40)} is neither true nor false.")
    return said


def _number(written: str) -> int | float:
    said = written.strip()
    if not _NUMBER.fullmatch(said):
        raise ValueError(f"{quoted(written, 40)} is not a number. Write it like 1250 or 1250.50.")
    # Who reads JSON may keep a number as a double only (RFC 8259, Numbers).
    if Decimal(repr(float(said))) != Decimal(said):
        raise ValueError(f"{quoted(written, 60)} cannot be sent exactly as it is written: it has too many digits.")
    return int(said) if _INTEGER.fullmatch(said) else float(said)


def _data(before: Any, written: str) -> Any:
    wanted = "list" if isinstance(before, list) else "object"
    wrong = f"this is not a JSON {wanted} any more."
    try:
        said: Any = from_json(written, allow_inf_nan=False)
        json.dumps(said, allow_nan=False)  # 1e400 is read as infinite
    except ValueError as error:
        raise ValueError(f"{wrong} {line(str(error), 120).capitalize()}.") from None
    if isinstance(said, list) is not isinstance(before, list) or not isinstance(said, list | dict):
        raise ValueError(wrong)
    return cast("Any", said)
