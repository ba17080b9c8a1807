"""The inbox as a card in the chat (MCP Apps, SEP-1865): one document, and two tools that only the card can see.

A host hides tools of apps from its model. Where one does not, the model still lacks the word that only the card's
document carries, and what it calls is refused; the document is given to clients alone that draw cards. What remains:
a host that says it draws cards, ignores which tools are for apps alone, and lets its model read `ui://` resources. Its
model could find the word, and decide.
"""

from collections.abc import Sequence
from functools import cache

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.server.boundary import compact_schema

URI = "ui://beam/inbox"
SHOW, DECIDE = "show_card", "decide_in_card"
NAMES = frozenset({SHOW, DECIDE})
BOUND = frozenset({"get_pending_questions", "approve_step"})  # the tools whose calls a host draws the card for
META = {"ui": {"resourceUri": URI}}


class Shown(BaseModel):
    """What the card asks for: a page of the inbox, or one task; `word` is what its document carries."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    word: str
    task: str | SkipJsonSchema[None] = None
    agent: str | SkipJsonSchema[None] = None
    page: int = Field(1, ge=1, le=1000)


class Decided(Shown):
    """What the person decided: a step's form as it was sent; the rest says what to show after it."""

    task_id: str
    step_id: str
    fields: dict[str, str]


def _tool(name: str, title: str, asked: type[Shown], *, read_only: bool) -> Tool:
    hints = ToolAnnotations(
        title=title,
        read_only_hint=read_only,
        destructive_hint=not read_only,
        idempotent_hint=read_only,
        open_world_hint=True,
    )
    return Tool(
        name=name,
        title=title,
        description="For the card in the chat alone, which the person uses.",
        input_schema=compact_schema(asked.model_json_schema()),
        annotations=hints,
        _meta={"ui": {"resourceUri": URI, "visibility": ["app"]}},
    )


@cache
def tools() -> Sequence[Tool]:
    """What the card calls."""
    return (
        _tool(SHOW, "Show what waits in the card", Shown, read_only=True),
        _tool(DECIDE, "Decide in the card", Decided, read_only=False),
    )
