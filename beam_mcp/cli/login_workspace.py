"""Choosing one of possibly thousands of workspaces, by a few words of its name."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from beam_mcp.beam.user import User
from beam_mcp.ids import UUID
from beam_mcp.settings_values import fits_a_header, unless_a_key
from beam_mcp.views.text import counted, line, quoted

MOST_SHOWN = 15
LONGEST_ID = 100  # characters


class NoWorkspace(Exception):
    """No workspace was chosen, or none can be."""


@dataclass(frozen=True)
class Choice:
    """A workspace to work in."""

    id: str
    name: str = ""

    @property
    def shown(self) -> str:
        """Its name, with its id to tell it from others of that name."""
        return f"{self.name or 'unnamed'} ({self.id})"


def choices(user: User) -> list[Choice]:
    """The workspaces of a person, by name; an id that is none is neither shown nor could it be asked for."""
    known = user.workspaces or ([user.workspace] if user.workspace else [])
    found = [Choice(w.id, line(w.name or "", 60)) for w in known if w.id and _is_an_id(w.id)]
    return sorted(found, key=lambda choice: (choice.name.casefold(), choice.id))


def _is_an_id(text: str) -> bool:
    return len(text) <= LONGEST_ID and fits_a_header(text)


def fitting(known: Iterable[Choice], words: str) -> list[Choice]:
    """The one of that very name or id, else all whose name has these words, those that begin so first."""
    text = " ".join(words.casefold().split())
    choices = list(known)
    exact = [choice for choice in choices if text in {choice.name.casefold(), choice.id.casefold()}]
    fits = [choice for choice in choices if all(part in choice.name.casefold() for part in text.split())]
    return exact or sorted(fits, key=lambda choice: not choice.name.casefold().startswith(text))


def the_one_meant(user: User, words: str | None) -> Choice:
    """The workspace that a script means.

    Raises:
        NoWorkspace: it fits none or several, with those to choose from.
    """
    known = choices(user)
    if not known and words and UUID.fullmatch(words):
        return Choice(words)
    found = known if words is None else fitting(known, words)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoWorkspace(f"No workspace of this key fits {quoted(unless_a_key(words), 60)}." if words else NONE)
    named = "; ".join(choice.shown for choice in found[:MOST_SHOWN])
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    which = f"--workspace {quoted(unless_a_key(words), 60)} fits" if words else "The key opens"
    raise NoWorkspace(f"{which} {counted(len(found), 'workspace')}: {named}{more}. Name one with --workspace ID.")


NONE = "The key's owner belongs to no workspace. Ask for access to one in the Beam app."


def choose(console: Console, user: User) -> Choice:
    """The workspace that a person picks; one alone needs no question.

    Raises:
        NoWorkspace: there is none.
    """
    known = choices(user)
    if not known:
        raise NoWorkspace(NONE)
    found, what = known, f"{counted(len(known), 'workspace')}"
    while len(found) > 1:
        shown = found[:MOST_SHOWN]
        for number, choice in enumerate(shown, 1):
            console.print(f"{number:>4}  {choice.shown}")
        rest = f", {len(shown)} of them above" if len(found) > len(shown) else ""
        prompt = f"{what}{rest}. Number of yours, or words of its name: "
        typed = console.input(prompt, markup=False, emoji=False).strip()
        if typed.isdecimal() and 1 <= int(typed) <= len(shown):
            return shown[int(typed) - 1]
        narrowed = fitting(known, typed)
        what = f"{counted(len(narrowed), 'workspace')} with {quoted(typed, 40)}" if typed else what
        if not narrowed:
            console.print(f"No workspace has {quoted(typed, 40)} in its name.")
            narrowed, what = known, counted(len(known), "workspace")
        found = narrowed
    return found[0]
