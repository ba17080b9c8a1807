"""Resources: which there are, and for whom."""

import re
from collections.abc import Set
from urllib.parse import unquote

from mcp_types import Resource, ResourceTemplate

TEXT, JSON = "text/plain", "application/json"
URI = re.compile(r"beam://(?:(inbox)|(tasks|agents)/([^/?#]+)(/raw)?)")

RESOURCES = (
    Resource(uri="beam://inbox", name="inbox", title="Beam inbox", description="What waits for you", mime_type=TEXT),
)
TEMPLATES = tuple(
    ResourceTemplate(uri_template=f"beam://{kind}s/{{{kind}}}{ending}", name=name, description=about, mime_type=mime)
    for kind, ending, name, about, mime in (
        ("task", "", "task", "where a task stands", TEXT),
        ("task", "/raw", "task_raw", "a task as Beam sent it, without secrets; cut where over 1 MB", JSON),
        ("agent", "", "agent", "what an agent does", TEXT),
        ("agent", "/raw", "agent_raw", "an agent as Beam sent it, likewise", JSON),
    )
)

SHOWN_BY = {"inbox": "get_pending_questions", "tasks": "get_task", "agents": "get_agent"}


def resources_for(tools: Set[str]) -> list[Resource]:
    """The resources that can be listed, as far as the loaded `tools` show the same."""
    return [resource for resource in RESOURCES if is_shown(str(resource.uri), tools)]


def templates_for(tools: Set[str]) -> list[ResourceTemplate]:
    """Those that are read by name, likewise."""
    return [template for template in TEMPLATES if is_shown(template.uri_template, tools)]


def is_shown(uri: str, tools: Set[str]) -> bool:
    """Whether the tool is loaded that shows what this resource does: what is switched off is so by every way."""
    found = URI.fullmatch(uri)
    return found is None or SHOWN_BY[found[1] or found[2]] in tools


def task_in(uri: str) -> str | None:
    """The task that a resource's URI names; None for any other resource."""
    found = URI.fullmatch(uri)
    return unquote(found[3]) if found and found[2] == "tasks" else None
