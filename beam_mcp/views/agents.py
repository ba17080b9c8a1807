"""Who can do work here."""

from collections import Counter
from typing import Self

from beam_mcp.beam.agent import Agent, AgentPage
from beam_mcp.views.text import call, counted, line, named, quoted
from beam_mcp.views.view import Part, View


class AgentLine(Part):
    """One agent in a list."""

    name: str
    description: str | None = None
    category: str | None = None
    id: str | None = None

    @classmethod
    def of(cls, agent: Agent, *, with_id: bool) -> Self:
        """`with_id` where the name alone does not tell it from another agent."""
        name = line(agent.name or "", 60)
        return cls(
            name=name or "unnamed",
            description=line(agent.description, 160) if agent.description else None,
            category=line(agent.category.title, 40) if agent.category and agent.category.title else None,
            id=line(agent.id or "", 40) if with_id or not name else None,
        )

    def text(self) -> str:
        """One line."""
        label = f"- {named(self.name)}" + (f" (id {named(self.id)})" if self.id else "")
        shelf = f" [category {named(self.category)}]" if self.category else ""
        return f"{label}: {quoted(self.description, 160) if self.description else 'no description'}{shelf}"


class AgentListView(View):
    """A page of agents."""

    workspace: str
    agents: tuple[AgentLine, ...]
    total: int
    page: int
    searched: str | None = None
    check: str | None = None
    more: str | None = None

    @classmethod
    def of(
        cls, found: AgentPage, *, workspace: str, setting: str, page: int, page_size: int, searched: str | None
    ) -> Self:
        """`workspace` is the id that was asked, and `setting` where it is set; `searched` narrowed the list."""
        names = Counter((agent.name or "").casefold() for agent in found.agents)
        shown = tuple(AgentLine.of(a, with_id=names[(a.name or "").casefold()] > 1) for a in found.agents)
        seen = (page - 1) * page_size + len(shown)
        total = max(found.total or 0, seen if shown else 0)
        narrowed = {"query": line(searched, 60)} if searched else {}
        return cls(
            workspace=workspace,
            agents=shown,
            total=total,
            page=page,
            searched=narrowed.get("query"),
            check=None if shown or narrowed or page > 1 else setting,
            more=call("list_agents", **narrowed, page=page + 1) if shown and seen < total else None,
            next=_next_steps(shown, narrowed or page > 1),
        )

    def body(self) -> str:
        """The page, then how to see more."""
        if not self.agents:
            return self._nothing()
        fits = f' for "{self.searched}"' if self.searched else ""
        shown = "" if len(self.agents) == self.total else f", {len(self.agents)} on page {self.page}"
        lines = [f"{counted(self.total, 'agent')}{fits}{shown}:", *(agent.text() for agent in self.agents)]
        return "\n".join([*lines, f"More: {self.more}"] if self.more else lines)

    def _nothing(self) -> str:
        if self.page > 1:
            return f"Page {self.page} is past the end."
        if self.searched:
            return f'No agent matches "{self.searched}" in workspace {self.workspace}.'
        return f"Workspace {self.workspace} has no agents that this key can see: check {self.check}."


def _next_steps(shown: tuple[AgentLine, ...], narrowed: object) -> tuple[str, ...]:
    if shown:
        return (f"{call('create_task', agent=shown[0].id or shown[0].name, query='…')} starts work.",)
    return ("list_agents() shows all.",) if narrowed else ()
