"""What every answer is: a small frozen view that can say itself, and offers the next step as a call."""

import re
from abc import abstractmethod
from collections.abc import Set
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

_TOOL_CALL = re.compile(r"\b([a-z_]+)\(")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Part(BaseModel):
    """A piece of a view."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)  # as in beam/wire.py


class View(Part):
    """What a tool found. `next` holds possible next steps, best first; the first whose tools are loaded is said."""

    next: tuple[str, ...] = ()

    @abstractmethod
    def body(self) -> str:
        """What was found, in words."""

    def text(self, tools: Set[str]) -> str:
        """The whole answer in words, with one next step out of the loaded `tools` as its last line."""
        said, step = self.offering(tools).body(), self.next_step(tools)
        return f"{said}\nNext: {step}" if step else said

    def data(self, tools: Set[str]) -> dict[str, Any]:
        """The same as data: no nulls, no empty lists, one next step."""
        said = _without_blanks(self.offering(tools).model_dump(mode="json", exclude={"next"}, exclude_defaults=True))
        step = self.next_step(tools)
        return said | ({"next": step} if step else {})

    def offering(self, tools: Set[str]) -> Self:  # noqa: ARG002 - for views that name calls in their body
        """The same view, naming only loaded tools."""
        return self

    def next_step(self, tools: Set[str]) -> str | None:
        """The best next step that only names loaded tools."""
        return next((step for step in self.next if self.named_tools(step) <= tools), None)

    @staticmethod
    def named_tools(text: str) -> Set[str]:
        """The tools that our own words name as calls."""
        return set(_TOOL_CALL.findall(_STRING.sub("", text)))


def _without_blanks(data: Any) -> Any:
    match data:
        case {**pairs}:
            kept = {key: _without_blanks(item) for key, item in pairs.items()}
            return {key: item for key, item in kept.items() if item not in (None, [], {})}
        case [*items]:
            return [_without_blanks(item) for item in items]
        case _:
            return data
