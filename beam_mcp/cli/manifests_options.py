"""The settings as manifests describe them: what kind of answer each takes, read from `Settings` and nowhere else."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from beam_mcp.settings import LISTENING, Settings, variable
from beam_mcp.settings_values import flag

ACCOUNT = frozenset({"api_key", "workspace_id"})  # what Beam answers nobody without
# An empty file for receipts keeps none, and a client passes on as empty what nobody filled in.
LEFT_OUT = LISTENING | {"audit"}
_KINDS = {bool: "boolean", int: "number", float: "number", Path: "file"}
_ABBREVIATED = {"api": "API", "url": "URL", "id": "ID"}


@dataclass(frozen=True)
class Option:
    """One setting: its kind is string, number, boolean, file or folders."""

    field: str
    kind: str
    about: str
    default: str | float | bool | None
    choices: tuple[str, ...]
    least: int | None
    most: int | None
    secret: bool

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return variable(self.field)

    @property
    def flag(self) -> str:
        """Its flag."""
        return flag(self.field)

    @property
    def title(self) -> str:
        """Its name as a heading."""
        words = " ".join(_ABBREVIATED.get(word, word) for word in self.field.split("_"))
        return words[:1].upper() + words[1:]

    @property
    def needed(self) -> bool:
        """Whether a person with an account has to give it."""
        return self.field in ACCOUNT


def options() -> list[Option]:
    """Every setting that means something to a server that a client runs on stdio."""
    return [_option(field, info) for field, info in Settings.model_fields.items() if field not in LEFT_OUT]


def _option(field: str, info: FieldInfo) -> Option:
    kinds = list(_kinds(info.annotation))
    folders = get_origin(info.annotation) is tuple and Path in kinds
    default = info.default if isinstance(info.default, str | int | float | bool) else None
    return Option(
        field=field,
        kind="folders" if folders else _KINDS.get(kinds[0], "string"),
        about=_about(info.description or ""),
        default=default,
        choices=tuple(kind for kind in kinds if isinstance(kind, str))
        if get_origin(info.annotation) is Literal
        else (),
        least=next((int(str(limit.ge)) for limit in info.metadata if isinstance(limit, Ge)), None),
        most=next((int(str(limit.le)) for limit in info.metadata if isinstance(limit, Le)), None),
        secret=SecretStr in kinds,
    )


def _about(description: str) -> str:
    """A description without what it says to those at a command line, who read it there."""
    told = "; ".join(part for part in description.split("; ") if "flag" not in part and ".env" not in part)
    return told[:1].upper() + told[1:]


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types, or the words, that an annotation is made of."""
    if get_origin(annotation) in {Union, types.UnionType, tuple, Literal}:
        for part in get_args(annotation):
            yield from _kinds(part)
    elif annotation not in {types.NoneType, Ellipsis}:
        yield annotation
