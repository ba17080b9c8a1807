"""What a status, a task and an agent are called when a person or a model is told about them."""

import re
import unicodedata
from collections.abc import Mapping

from beam_mcp.beam.task import PHASES, AgentName, Phase, TaskHead, phase_of
from beam_mcp.views.text import in_words, line, quoted

_PLAIN: Mapping[str, str] = {
    "QUEUED": "queued",
    "PENDING": "queued",
    "IN_PROGRESS": "working",
    "RUNNING": "working",
    "WAITING": "waiting for a set time",
    "COMPLETED": "done",
    "FAILED": "failed",
    "ERROR": "failed",
    "STOPPED": "stopped",
    "CANCELLED": "cancelled",
    "TIMEOUT": "timed out",
    "USER_INPUT_REQUIRED": "needs your answer",
    "USER_CONSENT_REQUIRED": "needs your approval",
    "AUTHENTICATION_REQUIRED": "needs you to sign in",
    "INSUFFICIENT_CREDITS": "needs credits",
}
_BY_PHASE: Mapping[Phase, str] = {"working": "working", "needs_me": "needs you", "done": "done", "failed": "failed"}
# What is read back as itself, and as nothing else: no link, no UUID, nothing that people put around a name.
_HANDLE = re.compile(r"(?!app\.)\w(?:[\w./-]{0,38}\w)?")
_UUID_LIKE = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
# Capitals of Cyrillic and Greek that look like Latin ones: an id of these alone passes for another one.
_LOOK_LATIN = frozenset("АВЕЅІЈКМНОРСТУХԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_ONE_SCRIPT = frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC"})  # as UTS 39 lets them mix


def status_words(status: str | None) -> str:
    """The plain words for a status; one that nobody has documented is quoted as Beam wrote it."""
    known = (status or "").upper()
    if known in _PLAIN:
        return _PLAIN[known]
    phase = phase_of(status)
    return _BY_PHASE[phase] if phase else f"status {quoted(status, 40)}" if status else "status unknown"


def named_statuses(words: str) -> tuple[str, ...]:
    """The documented statuses that are called by these words, since people ask for what they read."""
    said = " ".join(words.lower().split())
    called = {status for status, plain in _PLAIN.items() if plain == said}
    return tuple(status for statuses in PHASES.values() for status in statuses if status in called)


def handle(task: TaskHead) -> str:
    """What to call a task by: its customId, or its UUID where that is the only handle that leads to it alone."""
    custom = task.custom_id or ""
    fits = _HANDLE.fullmatch(custom) and not _UUID_LIKE.fullmatch(custom) and not _passes_for_another(custom)
    return custom if fits else line(task.id or "?", 40)


def called(task: TaskHead) -> str | None:
    """Its customId with a warning, where that passes for another one; None for any other."""
    custom = line(task.custom_id or "", 40)
    return f"{quoted(custom, 40)}, with letters that look like others" if _passes_for_another(custom) else None


def _passes_for_another(name: str) -> bool:
    """Whether it has forms of letters that mean others, letters of scripts that are not written together, or only such
    as look Latin.
    """
    if name.isascii():
        return False
    if unicodedata.normalize("NFKC", name) != name:
        return True
    letters = [c for c in name if c.isalpha()]
    scripts = {unicodedata.name(c, "?").split()[0] for c in letters}
    mixed = len(scripts) > 1 and not scripts <= _ONE_SCRIPT
    return mixed or (bool(letters) and {*map(str.upper, letters)} <= _LOOK_LATIN)


def agent_name(agent: AgentName) -> str:
    """An agent's name, or the start of its id when Beam does not say the name."""
    if agent.name and (name := line(agent.name, 60)):
        return name
    return line(agent.id, 40) if agent.id else "unknown"


def subject(task: TaskHead) -> str | None:
    """What the task is about: what was asked for, else what the agent understood; JSON text as words."""
    texts = (task.original_task_query, task.task_query, task.task_objective)
    about = next((text for text in texts if text and text.strip()), None)
    return in_words(about) if about else None


def cost(amount: float | None) -> str | None:
    """A task's cost, in the unit of Beam's own account; None when nothing was charged or said."""
    return f"cost {amount:.2f}" if amount and amount >= 0.005 else f"cost {amount:.4f}" if amount else None


def percent(score: float | None) -> str | None:
    """An evaluation between 0 and 1, or already in percent, as percent."""
    if score is None:
        return None
    return f"{score * 100 if score <= 1 else score:.0f} %"
