"""Who the key belongs to, where it works, what is wrong."""

from collections.abc import Sequence
from typing import Self

from beam_mcp.beam.user import User, Workspace
from beam_mcp.views.text import counted, line
from beam_mcp.views.view import View


class AccountView(View):
    """The account in short; workspaces are counted, never listed."""

    person: str
    workspace: str
    workspaces: int
    credits: str | None = None
    instance: str
    client: str
    problems: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, user: User, *, workspace_id: str, instance: str, client: Sequence[str], problems: Sequence[str]
    ) -> Self:
        """`client` says what the connected client can do, `problems` what keeps something from working."""
        here = user.find(workspace_id)
        known = line(here.name, 60) if here and here.name else None
        return cls(
            person=" ".join(
                filter(None, [line(user.name or "unnamed", 60), f"<{line(user.email, 80)}>" if user.email else ""])
            ),
            workspace=f"{known} ({workspace_id})" if known else workspace_id,
            workspaces=len(user.workspaces or ()) or int(user.workspace is not None),
            credits=_credits(here),
            instance=instance,
            client="; ".join(client),
            problems=tuple(problems),
            next=("list_agents() shows who can do work here.",),
        )

    def body(self) -> str:
        """A line each."""
        others = f", one of {counted(self.workspaces, 'workspace')}" if self.workspaces > 1 else ""
        lines = [
            f"Signed in as {self.person} at {self.instance}.",
            f"Workspace {self.workspace}{others}" + (f", {self.credits}." if self.credits else "."),
            f"This client {self.client}.",
            *(f"Problem: {problem}" for problem in self.problems),
        ]
        return "\n".join(lines)


def _credits(workspace: Workspace | None) -> str | None:
    balance = workspace.credit_balance if workspace else None
    if balance is None or balance.total_credits is None:
        return None
    left = balance.total_credits - (balance.used_credits or 0)
    return f"{left:,.0f} of {balance.total_credits:,.0f} credits left"
