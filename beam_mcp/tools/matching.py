"""How a name that a person gives fits the agents there are."""

import difflib
import re
from collections.abc import Iterable, Sequence

from beam_mcp.beam.agent import Agent
from beam_mcp.views.text import line, listed, named

SHORTEST_PREFIX = 6
SHORTEST_PART = 3
MOST_NAMED = 6
ALIKE = 0.5  # how much of a name must be right to be suggested
_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_FILLERS = frozenset({"the", "agent"})


def name_of(agent: Agent) -> str:
    """What an agent is called: its name, or its id where it has none."""
    return line(agent.name or agent.id or "", 60)


def exact(agents: Iterable[Agent], wanted: str) -> list[Agent]:
    """The agents of just this name or id, or whose id begins so."""
    name = wanted.casefold()
    called = [a for a in agents if name in {name_of(a).casefold(), (a.name or "").casefold(), (a.id or "").casefold()}]
    return called or [a for a in agents if len(name) >= SHORTEST_PREFIX and (a.id or "").lower().startswith(name)]


def fitting_agents(agents: Sequence[Agent], wanted: str) -> list[Agent]:
    """The agents a name fits: exactly, else but for filler words and hyphens, else by some whole words of theirs.

    A typing error never fits: "Deactivate User" is nearly "Activate User".
    """
    words = _words(wanted)
    if found := exact(agents, wanted) or [a for a in agents if words and _words(name_of(a)) == words]:
        return found
    return [a for a in agents if words and set(words) <= set(_words(name_of(a)))]


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name.casefold()) if word and word not in _FILLERS]


def instead(known: Sequence[Agent], wanted: str, workspace_setting: str) -> str:
    """What to write in place of a name that fits no agent."""
    if not known:
        return f"The key sees no agents there at all: check {workspace_setting}."
    likeness = {name: _likeness(wanted.casefold(), name.casefold()) for name in map(name_of, known)}
    near = sorted(
        (n for n in likeness if likeness[n][1] or likeness[n][2] >= ALIKE), key=lambda n: likeness[n], reverse=True
    )
    if near:
        return f"Did you mean {listed(map(named, near[:3]))}?"
    rest = " list_agents() shows them all." if len(known) > MOST_NAMED else ""
    return f"There are: {listed(map(named, map(name_of, known)), most=MOST_NAMED)}.{rest}"


def _likeness(wanted: str, name: str) -> tuple[bool, bool, float]:
    """How near a name is: the same number first (15 and 015), then one that holds it whole, then by letters."""
    ratio = difflib.SequenceMatcher(None, wanted, name).ratio()
    return _numbers(wanted) == _numbers(name), len(wanted) >= SHORTEST_PART and wanted in name, ratio


def _numbers(name: str) -> list[str]:
    return [number.lstrip("0") for number in re.findall(r"\d+", name)]
