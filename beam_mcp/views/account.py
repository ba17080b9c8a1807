"""Who the key belongs to, where it works, what is wrong."""

from collections.abc import Sequence
from typing import Literal, Self

from beam_mcp.beam.user import User, Workspace
from beam_mcp.views.text import counted, line, listed
from beam_mcp.views.view import View

Problem = Literal["no workspace", "foreign workspace", "no agents"]

MOST_NAMED = 2


class AccountView(View):
    """The account in short; workspaces are counted, never listed all."""

    person: str
    workspace: str | None = None
    workspaces: int
    credits: str | None = None
    instance: str
    client: str
    problem: str | None = None

    @classmethod
    def of(
        cls, user: User, *, workspace_id: str | None, instance: str, client: Sequence[str], problem: Problem | None
    ) -> Self:
        """`client` says what the connected client can do, `problem` what keeps something from working."""
        here = user.find(workspace_id) if workspace_id else None
        known = line(here.name, 60) if here and here.name else None
        email = f"<{line(user.email, 80)}>" if user.email else ""
        return cls(
            person=f"{line(user.name or 'unnamed', 60)} {email}".strip(),
            workspace=f"{known} ({workspace_id})" if known else workspace_id,
            workspaces=len(user.workspaces or ()) or int(user.workspace is not None),
            credits=_credits(here),
            instance=instance,
            client="; ".join(client),
            problem=_told(problem, user) if problem else None,
            next=("list_agents() shows who can do work here.",) if problem is None else (),
        )

    def body(self) -> str:
        """A line each."""
        others = f", one of {counted(self.workspaces, 'workspace')}" if self.workspaces > 1 and not self.problem else ""
        left = f", {self.credits}" if self.credits else ""
        lines = [
            f"Signed in as {self.person} at {self.instance}.",
            f"Workspace {self.workspace}{others}{left}." if self.workspace else None,
            f"This client {self.client}.",
            f"Problem: {self.problem}" if self.problem else None,
        ]
        return "\n".join(filter(None, lines))


def _told(problem: Problem, user: User) -> str:
    """What is wrong, and which workspaces there are to choose from, a few of them."""
    if problem == "no agents":
        return "no agents can be seen in this workspace: check BEAM_WORKSPACE_ID."
    known = [f"{w.id} ({line(w.name or 'unnamed', 40)})" for w in user.workspaces or () if w.id]
    choice = f" to one of {listed(known, most=MOST_NAMED)}" if known else ""
    if problem == "no workspace":
        return f"no workspace is set: set BEAM_WORKSPACE_ID{choice}."
    return f"the key's owner does not belong to this workspace: set BEAM_WORKSPACE_ID{choice}."


def _credits(workspace: Workspace | None) -> str | None:
    balance = workspace.credit_balance if workspace else None
    if balance is None or balance.total_credits is None:
        return None
    left = balance.total_credits - (balance.used_credits or 0)
    return f"{left:,.0f} of {balance.total_credits:,.0f} credits left"
