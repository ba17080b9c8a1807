"""How an answer of Beam becomes a model: whatever cannot be read is treated as absent, so that Beam may grow."""

import re
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from beam_mcp.beam.errors import ON_THIS_MACHINE, BeamBroken, Remedy, inside
from beam_mcp.beam.sieve import Unsifted, sifted

W = TypeVar("W", bound="Wire")

OPEN_THE_APP = "Look at it in the Beam app."

# One escape of a JSON text: a pair of surrogates, half of one, or any other.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


class SnakeWire(BaseModel):
    """A narrow, frozen, tolerant shape whose keys are snake_case on the wire (`toolData`, `edgeEvaluations`)."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,  # by whoever reads the first of a kind: most starts need few of them
    )


class Wire(SnakeWire):
    """A narrow, frozen, tolerant shape whose keys are camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def lacks(self) -> str | None:
        """What an answer of this shape must hold and this one does not, in words; None when it is all there."""
        return None


def parse(model: type[W], body: bytes | bytearray, *, rows: str | None = None, remedy: Remedy = ON_THIS_MACHINE) -> W:
    """Read a JSON body into `model`; values of an unexpected kind count as absent.

    A bare array is read as if it stood under the key `rows`. `remedy` is for whoever asked.

    Raises:
        BeamError: what the body says went wrong, where it holds an error in place of what it should.
        BeamBroken: the body is not JSON, not of the model's outermost kind, or lacks what the answer is about.
    """
    is_bare = rows is not None and _first(body) == b"["
    if rows and is_bare:
        body = b'{"%b":%b}' % (rows.encode(), body)
    try:
        found = model.model_validate(sifted(model, body))
    except (Unsifted, ValidationError):
        found = _parse_what_fits(model, body, remedy)
    if lacking := found.lacks():
        raise inside(body) or BeamBroken(f"Beam's answer holds no {lacking}.", "Try again in a minute.")
    if rows and is_bare and not getattr(found, rows, None) and loaded(body)[rows]:
        raise BeamBroken("Beam's answer has an unexpected form" + _glimpse(body) + ".", "Try again in a minute.")
    return found


def _parse_what_fits(model: type[W], body: bytes | bytearray, remedy: Remedy) -> W:
    data = loaded(body, remedy)
    while True:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            if _remove_unreadable(data, error):
                continue
        raise BeamBroken("Beam's answer has an unexpected form" + _glimpse(body) + ".", "Try again in a minute.")


def loaded(body: bytes | bytearray, remedy: Remedy = ON_THIS_MACHINE) -> Any:
    """The body as plain data, also where it holds halves of characters.

    Raises:
        BeamBroken: it is not JSON, or nested too deeply.
    """
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        return from_json(_mended(body.decode("utf-8-sig", "replace")))
    except ValueError as error:
        if "recursion limit" in str(error):
            raise BeamBroken(f"Beam's answer is nested too deeply to be read{_glimpse(body)}.", OPEN_THE_APP) from None
        raise BeamBroken("Beam's answer is not JSON" + _glimpse(body) + ".", remedy.else_answers) from None


def _mended(text: str) -> str:
    """`text` with U+FFFD for each half of a character, which JavaScript leaves where it cuts a string."""
    return _ESCAPE.sub(lambda escape: "\\ufffd" if escape["half"] else escape[0], text)


def _remove_unreadable(data: Any, error: ValidationError) -> bool:
    """Delete every value that `error` names; False when one of them is the body itself."""
    paths = sorted((e["loc"] for e in error.errors(include_url=False, include_input=False)), key=_last_first)
    return all(_remove(data, path) for path in paths)


def _last_first(path: tuple[int | str, ...]) -> tuple[tuple[int, str], ...]:
    """Order places so that removing one from a list does not move those still to come."""
    return tuple((-part, "") if isinstance(part, int) else (0, part) for part in path)


def _remove(data: Any, path: tuple[int | str, ...]) -> bool:
    """Delete the value at `path`; False when there is no such place, which only a foreign root has."""
    if not path:
        return False
    *parents, last = path
    for part in parents:
        data = data[part]
    if isinstance(data, dict):
        return cast("dict[Any, Any]", data).pop(last, data) is not data
    del data[last]
    return True


def _first(body: bytes | bytearray) -> bytes | bytearray:
    return body[:100].lstrip()[:1]


def _glimpse(body: bytes | bytearray) -> str:
    """What kind of body it is; never a part of it, which may be a secret."""
    return " (HTML)" if _first(body) == b"<" else f" ({len(body):,} bytes)" if body else " (it is empty)"
