"""What a tool is, which hints its verb implies, and how what it found is handed over."""

import re
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import takewhile
from typing import Any, Literal

from mcp_types import CallToolResult, TextContent, ToolAnnotations

from beam_mcp.beam.errors import BeamError
from beam_mcp.views.text import flat, pages, tokens
from beam_mcp.views.view import View

Output = Literal["text", "structured", "both"]
ToolFunction = Callable[..., Awaitable[View]]

_FENCE = re.compile(r"^<(data-\w+)> ", re.MULTILINE)
_BROKEN_FENCE = re.compile(r"\n<[^>\n]*\Z")
MOST_ERROR_TOKENS = 112
MOST_TOKENS = 5000  # no answer is longer, unless its whole purpose is to give a long text


@dataclass(frozen=True)
class Verb:
    """A tool: an async function from typed parameters to a view, with the hints of the word it was declared with.

    `place` is the function's name after that of its module in this package, which is loaded once the tool is wanted: no
    session uses all of them, and each that is not loaded lets the first answer come sooner.
    """

    title: str
    place: str
    hints: ToolAnnotations

    @cached_property
    def function(self) -> ToolFunction:
        """What is called."""
        module, _, name = self.place.partition(".")
        return getattr(import_module(f"{__package__}.{module}"), name)

    @property
    def name(self) -> str:
        """What clients call it."""
        return self.place.partition(".")[2]

    @property
    def reads_only(self) -> bool:
        """Whether it leaves everything at Beam as it is."""
        return bool(self.hints.read_only_hint)


@dataclass(frozen=True)
class Toolset:
    """Tools that are switched on or off together."""

    name: str
    about: str
    tools: tuple[Verb, ...]


def reads(title: str, place: str) -> Verb:
    """A tool that only reads."""
    return _verb(title, place, read_only=True, destructive=False, idempotent=True)


def creates(title: str, place: str) -> Verb:
    """One that adds something new and spoils nothing."""
    return _verb(title, place, read_only=False, destructive=False, idempotent=False)


def changes(title: str, place: str) -> Verb:
    """One whose effect cannot be taken back."""
    return _verb(title, place, read_only=False, destructive=True, idempotent=False)


def _verb(title: str, place: str, *, read_only: bool, destructive: bool, idempotent: bool) -> Verb:
    hints = ToolAnnotations(
        title=title,
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=True,
    )
    return Verb(title, place, hints)


def present(view: View, tools: Set[str], output: Output) -> CallToolResult:
    """Hand a view over in the channels that were chosen; text is cut where it would flood the model."""
    content = [] if output == "structured" else [_text(_within_budget(view.text(tools)))]
    structured: dict[str, Any] | None = None if output == "text" else view.data(tools)
    return CallToolResult(content=[*content], structured_content=structured)


def present_error(error: BeamError, tools: Set[str]) -> CallToolResult:
    """Say an error: what happened, and the next step unless it names a tool that is switched off."""
    advice = error.advice if View.named_tools(error.advice) <= tools else ""
    # What happened is cut before what to do about it.
    left = max(MOST_ERROR_TOKENS - tokens(advice), MOST_ERROR_TOKENS // 3)
    return failure(_shortened(error.what, left), _shortened(advice, MOST_ERROR_TOKENS - min(left, tokens(error.what))))


def failure(*sentences: str) -> CallToolResult:
    """An error in words."""
    return CallToolResult(content=[_text(flat(" ".join(sentences)))], is_error=True)


def _shortened(text: str, most: int) -> str:
    count = tokens(text)
    if count <= most:
        return text
    kept = f"{text[: len(text) * most // count].rstrip()}…"
    return kept + '"' * (kept.count('"') % 2)  # a quotation that was cut ends all the same


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)


def _within_budget(text: str) -> str:
    if len(text) <= MOST_TOKENS or tokens(text) <= MOST_TOKENS:  # no piece is shorter than a character
        return text
    lines = text.splitlines()
    # Ours are the very last ones; what stands in a fence before them is foreign, however it begins.
    ending = [*takewhile(lambda line: line.startswith(("More: ", "Next: ")), reversed(lines[-2:]))][::-1]
    left = MOST_TOKENS * 4 // 5 - tokens("".join(ending))
    kept = next(pages(text, characters=len(text), most_tokens=left))
    kept = _BROKEN_FENCE.sub("", kept)
    open_fence = next((tag for tag in reversed(_FENCE.findall(kept)) if f"</{tag}>" not in kept), None)
    fence = [f"</{open_fence}>"] if open_fence else []
    return "\n".join([kept, *fence, "… cut here, the answer was too long: ask for less at once.", *ending])
