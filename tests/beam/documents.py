"""The bodies that Beam's documentation prints, and ways to damage them."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

Place = tuple[str | int, ...]

MISSING = object()
OTHER_KINDS: tuple[Any, ...] = (MISSING, None, True, 7, 1.5, "text", [], {}, [None], {"": 1})


def document(name: str) -> Any:
    """A documented body."""
    return json.loads((Path(__file__).parent / "documented" / f"{name}.json").read_text())


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place below the root."""
    for key, inner in _inside(value):
        yield (*here, key)
        yield from places(inner, (*here, key))


@contextmanager
def damaged(body: Any, place: Place, by: Any) -> Generator[None]:
    """The body with another value, or none, at a place; whole again afterwards."""
    *way, last = place
    parent = body
    for key in way:
        parent = parent[key]
    before = parent.copy()
    if by is MISSING:
        del parent[last]
    else:
        parent[last] = by
    try:
        yield
    finally:
        parent.clear()
        restore = parent.update if isinstance(last, str) else parent.extend
        restore(before)


def leaves(value: Any, here: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Everything that a model holds, under the place it has on the wire."""
    match value:
        case BaseModel():
            for name, field in type(value).model_fields.items():
                yield from leaves(getattr(value, name), (*here, field.alias or name))
        case [BaseModel(), *_]:
            for index, item in enumerate(cast("list[Any]", value)):
                yield from leaves(item, (*here, index))
        case _:
            yield here, value


def touches(one: Place, other: Place) -> bool:
    """Whether one place is the other, or inside it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _inside(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).items())
    return list(enumerate(cast("list[Any]", value))) if isinstance(value, list) else []
