"""How a task or an agent is written by people and models, and what they most likely meant."""

import difflib
import re
from collections.abc import Iterable
from uuid import UUID

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.task import folded
from beam_mcp.views.text import line, named

_AROUND = "<>\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u00ab\u00bb"
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
_PREFACE = re.compile(r"task[\s:#]+(?=\S)", re.IGNORECASE)
_SEAM = re.compile(r"[\s_-]+|(?<=[a-z])(?=\d)")
_UUID_DIGITS = re.compile(r"[0-9a-fA-F]{32}")


def bare(given: str, argument: str) -> str:
    """A name without what is put around one: brackets, quotes, a number sign, a full stop or dots.

    Raises:
        BadRequest: nothing is left of it.
    """
    wanted = given.strip().strip(_AROUND).lstrip("#").rstrip(".,;\u2026").strip().strip(_AROUND).strip()
    if not wanted:
        raise BadRequest(f"{argument}: it is empty.", f"Name the {argument}.")
    return wanted


def bare_task(given: str) -> str:
    """The same of a task, without the word "task", with plain hyphens, and a UUID with all of them."""
    wanted = _DASHES.sub("-", bare(given, "task"))
    wanted = bare(_PREFACE.sub("", wanted, count=1), "task") if _PREFACE.match(wanted) else wanted
    return str(UUID(wanted)) if _UUID_DIGITS.fullmatch(wanted) else wanted


def in_form(name: str) -> str:
    """A customId in one form, however it is separated: INV_107, INV107 and inv 107 are inv-107."""
    return _SEAM.sub("-", folded(name.strip()))


def nearest(wanted: str, names: Iterable[str]) -> str:
    """A question that names the nearest of these; empty where none is near."""
    known = {in_form(name): name for name in names}
    near = difflib.get_close_matches(in_form(wanted[:60]), known, n=1, cutoff=0.75)
    return f"Did you mean {named(line(known[near[0]], 40))}? " if near else ""
