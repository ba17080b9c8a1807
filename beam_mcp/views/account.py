"""Who the key belongs to, where it works, what this connection can do, what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Self

from beam_mcp.beam.user import User, Workspace
from beam_mcp.views.text import counted, line, named
from beam_mcp.views.view import View

Problem = Literal["no workspace", "foreign workspace", "no agents"]

MOST_NAMED = 2
SKEWED = timedelta(seconds=30)  # less says nothing, since Beam's date has whole seconds and was some time on its way


@dataclass(frozen=True)
class Way:
    """How this server reaches Beam: host, whose key, version of ours, seconds for an answer, and the clocks."""

    host: str
    source: str
    workspace_setting: str
    software: str
    seconds: float
    clock_ahead: timedelta


class AccountView(View):
    """The account in short; workspaces are counted, never listed all."""

    person: str
    key: str
    workspace: str | None = None
    workspaces: int
    credits: str | None = None
    agents: int = 0
    instance: str
    server: str
    milliseconds: int
    clock: str | None = None
    client: str
    problem: str | None = None
    receipts: str | None = None

    @classmethod
    def of(
        cls,
        user: User,
        way: Way,
        *,
        workspace_id: str | None,
        agents: int,
        client: Sequence[str],
        problem: Problem | None,
        unrecorded: bool = False,
    ) -> Self:
        """`client` says what the connected client can do, `problem` what keeps something from working.

        `unrecorded` is whether decisions cannot be recorded; told once nothing worse is in the way (doctor says why).
        """
        here = user.find(workspace_id) if workspace_id else None
        known = named(line(here.name, 20)) if here and here.name else None
        email = _address(user.email) if user.email else ""
        return cls(
            person=f"{named(line(user.name or 'unnamed', 22))} {email}".strip(),
            key=way.source,
            workspace=f"{known} ({workspace_id})" if known else workspace_id,
            workspaces=len(user.workspaces or ()) or int(user.workspace is not None),
            credits=_credits(here),
            agents=agents,
            instance=way.host,
            server=way.software,
            milliseconds=round(way.seconds * 1000),
            clock=_skew(way.clock_ahead),
            client="; ".join(client),
            problem=_told(problem, user, way.workspace_setting) if problem else None,
            receipts="cannot be written: change BEAM_MCP_AUDIT" if unrecorded and not problem else None,
            next=("list_agents() shows who can do work here.",) if not (problem or unrecorded) else (),
        )

    def body(self) -> str:
        """A line each."""
        others = (
            f", one of {counted(self.workspaces, 'workspace')}"
            if self.workspaces > 1 and not (self.problem or self.receipts)
            else ""
        )
        left = f", {self.credits}" if self.credits else ""
        agents = f", {counted(self.agents, 'agent')}" if self.agents else ""
        clock = f"; {self.clock}" if self.clock else ""
        lines = [
            f"Signed in as {self.person} at {self.instance}, by {self.key}.",
            f"Workspace {self.workspace}{others}{agents}{left}." if self.workspace else None,
            f"{self.server}; Beam answered in {self.milliseconds} ms{clock}.",
            f"Client {self.client}.",
            f"Problem: {self.problem}" if self.problem else None,
            f"Receipts {self.receipts}." if self.receipts else None,
        ]
        return "\n".join(filter(None, lines))


def _address(email: str) -> str:
    known = named(line(email, 24))
    return f"<{known}>" if "@" in known else f"({known})"


def _skew(ahead: timedelta) -> str | None:
    if abs(ahead) < SKEWED:
        return None
    seconds = ahead.total_seconds()
    return f"our clock is {abs(seconds):,.0f} s {'behind' if seconds > 0 else 'ahead of'} Beam's"


def _told(problem: Problem, user: User, setting: str) -> str:
    """What is wrong, and which workspaces there are to choose from, a few of them."""
    if problem == "no agents":
        return f"no agents can be seen in this workspace: check {setting}."
    known = [f"{named(line(w.id, 40))} ({named(line(w.name or 'unnamed', 30))})" for w in user.workspaces or () if w.id]
    choice = f" to {' or '.join(known)}" if known else ""
    if len(known) > MOST_NAMED:
        choice = f" to one of the {len(known):,} of this key, by the first UUID in the Beam app's address"
    if problem == "no workspace":
        return f"no workspace is set: set {setting}{choice}."
    return f"the key's owner does not belong to this workspace: set {setting}{choice}."


def _credits(workspace: Workspace | None) -> str | None:
    balance = workspace.credit_balance if workspace else None
    if balance is None or balance.total_credits is None:
        return None
    left = balance.total_credits - (balance.used_credits or 0)
    return f"{left:,.0f} of {balance.total_credits:,.0f} credits left"
