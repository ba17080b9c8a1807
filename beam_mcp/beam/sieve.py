"""Of a JSON body only what a model has a place for: the rest, nearly all of Beam's megabytes, is skipped unread."""

import types
from functools import cache
from typing import Any, TypedDict, Union, cast, get_args, get_origin

import msgspec
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo


class Unsifted(ValueError):
    """The body is not JSON, or holds a value of another kind where the model has an object or a list."""


def sifted(model: type[BaseModel], body: bytes | bytearray) -> Any:
    """The plain data of a JSON body, without the keys that `model` does not have, at any depth.

    Raises:
        Unsifted: somebody more patient must read it.
    """
    try:
        return _decoder(model).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unsifted from error


@cache
def _decoder(model: type[BaseModel]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_sieve(model))


@cache
def _sieve(kind: Any) -> Any:
    """What is kept of a value: of a model its keys, of a list its entries, of all else everything."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        keys = {
            key: _sieve(field.annotation) for name, field in kind.model_fields.items() for key in _keys(name, field)
        }
        return cast("Any", TypedDict)(kind.__name__, keys, total=False)
    inner = get_args(kind)
    if get_origin(kind) is list:
        return list[_sieve(inner[0])]
    if get_origin(kind) in {Union, types.UnionType} and any(_sieve(part) is not Any for part in inner):
        return Union[tuple(part if part is type(None) else _sieve(part) for part in inner)]  # noqa: UP007 - of parts
    return Any


def _keys(name: str, field: FieldInfo) -> set[str]:
    """Every name that a field has on the wire."""
    choices = field.validation_alias
    named = choices.choices if isinstance(choices, AliasChoices) else [choices]
    return {name, *(key for key in named if isinstance(key, str))}
