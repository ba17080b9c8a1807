"""Every text that our models of Beam's answers can hold, found by walking them: a new field is never forgotten."""

from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from beam_mcp.beam.agent import Agent, Graph
from beam_mcp.beam.analytics import Analytics
from beam_mcp.beam.file import _Link  # pyright: ignore[reportPrivateUsage] - one of the shapes there are
from beam_mcp.beam.task import Task
from beam_mcp.beam.task_list import HeadEntry
from beam_mcp.beam.user import User

Give = Callable[[str], str]
SHAPES: tuple[type[BaseModel], ...] = (User, Agent, Graph, HeadEntry, Task, Analytics, _Link)


def filled(shape: type[BaseModel], give: Give) -> dict[str, Any]:
    """A body of this shape, with `give(place)` at every place that takes text or anything, and in the keys of data."""
    return _model(shape, give, shape.__name__, ())


def places(shape: type[BaseModel]) -> list[str]:
    """The places of a shape."""
    found: list[str] = []
    filled(shape, lambda place: found.append(place) or "x")
    return found


def _model(shape: type[BaseModel], give: Give, place: str, inside: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    pairs = (
        (field.alias or name, _value(field.annotation, give, f"{place}.{field.alias or name}", (*inside, shape)))
        for name, field in shape.model_fields.items()
    )
    return {name: value for name, value in pairs if value is not None}


def _value(kind: Any, give: Give, place: str, inside: tuple[type[BaseModel], ...]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
        origin = get_origin(kind)
    if origin is list:
        item = _value(get_args(kind)[0], give, f"{place}[]", inside)
        return None if item is None else [item]
    if origin is dict:
        return {give(f"{place}.key"): give(f"{place}.value")}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return None if kind in inside else _model(kind, give, place, inside)
    return give(place) if kind in (str, Any) else None


def every_place() -> Iterator[str]:
    """The places of all shapes."""
    for shape in SHAPES:
        yield from places(shape)
