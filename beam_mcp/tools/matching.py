"""How a name that a person gives fits the agents there are."""

import difflib
from collections.abc import Iterable, Sequence

from beam_mcp.beam.agent import Agent
from beam_mcp.views.text import line, listed

SHORTEST_PREFIX = 6
SHORTEST_WORD = 3
ALIKE = 0.75  # how much of a word must be right


def name_of(agent: Agent) -> str:
    """What an agent is called: its name, or its id where it has none."""
    return line(agent.name or agent.id or "", 60)


def exact(agents: Iterable[Agent], wanted: str) -> list[Agent]:
    """The agents of just this name or id, or whose id begins so."""
    name = wanted.casefold()
    named = [a for a in agents if name in {name_of(a).casefold(), (a.id or "").casefold()}]
    return named or [a for a in agents if len(name) >= SHORTEST_PREFIX and (a.id or "").lower().startswith(name)]


def fitting_agents(agents: Sequence[Agent], wanted: str) -> list[Agent]:
    """The agents a name fits: exactly, else by its words, else but for typing errors in some of them."""
    words = wanted.casefold().split()
    part = [a for a in agents if all(len(w) >= SHORTEST_WORD and w in name_of(a).casefold() for w in words)]
    return exact(agents, wanted) or part or [a for a in agents if _mistyped(words, name_of(a).casefold().split())]


def _mistyped(words: Sequence[str], name: Sequence[str]) -> bool:
    """Whether these are the same words but for typing errors; a number is never one."""
    if len(words) != len(name) or _digits(words) != _digits(name):
        return False
    return all(difflib.SequenceMatcher(None, w, n).ratio() >= ALIKE for w, n in zip(words, name, strict=True))


def _digits(words: Iterable[str]) -> str:
    return "".join(c for c in "".join(words) if c.isdigit())


def instead(known: Sequence[Agent], wanted: str) -> str:
    """What to write in place of a name that fits no agent."""
    if not known:
        return "The key sees no agents there at all: check BEAM_WORKSPACE_ID."
    near = difflib.get_close_matches(wanted.casefold(), [name_of(a).casefold() for a in known], n=3, cutoff=0.5)
    close = [name_of(a) for a in known if name_of(a).casefold() in near]
    return f"Did you mean {listed(close)}?" if close else f"There are: {listed(map(name_of, known), most=6)}."
