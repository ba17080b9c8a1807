"""The page and the card as HTML: templates that escape everything, filled with sheets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, cast

from beam_mcp import __version__
from beam_mcp.desk.desk import digest
from beam_mcp.views.inbox import MOST_SHOWN
from beam_mcp.views.sheet import InboxSheet, StopSheet, TaskSheet

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = "templates"
PRINT = 8


@dataclass(frozen=True)
class Notice:
    """What is told above everything else; `field` is the name of the form's field that it is about, if it is one."""

    kind: Literal["done", "problem"]
    text: str
    field: str = ""


@dataclass(frozen=True)
class Entered:
    """What the person had written into a form that could not be sent: it stands there again.

    Beside each field NAME the form holds `was_NAME`, the print of what the field was about. Where that is another one
    by now, what was written belongs to nothing, and is only told.
    """

    step_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])

    def words(self, stop: StopSheet) -> str:
        """The words for the agent: what was written, else what the chat proposed."""
        return self.fields.get("feedback", "") if stop.node_id == self.step_id else stop.words

    def given(self, stop: StopSheet, name: str, wanted: str, otherwise: str) -> str:
        """What stands in the field NAME, whose print is `wanted`: what was written there, else `otherwise`."""
        if stop.node_id != self.step_id:
            return otherwise
        known = (written for written in (name, *self._written()) if self._about(written) == wanted[:PRINT])
        found = next(known, None)
        return otherwise if found is None else self.fields.get(found, otherwise)

    def homeless(self, stop: StopSheet) -> list[str]:
        """What the person wrote into fields that are not there any more."""
        if stop.node_id != self.step_id:
            return []
        there = {mark[:PRINT] for mark in prints(stop).values()}
        return [
            self.fields[name]
            for name in self._written()
            if self._about(name) not in there
            and fingerprint(_plain(self.fields[name])) != self.fields[f"was_{name}"][PRINT:]
        ]

    def _about(self, name: str) -> str:
        return self.fields.get(f"was_{name}", "")[:PRINT]

    def _written(self) -> list[str]:
        return [name for name in self.fields if f"was_{name}" in self.fields]


@dataclass(frozen=True)
class Room:
    """Where the forms of a sheet lead: `actions` are addresses by task and step, `inbox` the way back, if there is one.

    In a card both stay empty: its script sends the forms.
    """

    actions: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    inbox: str = ""

    def action(self, task: TaskSheet, stop: StopSheet) -> str:
        """The address to which this step's form is sent."""
        return self.actions.get((task.task_id, stop.node_id), "")


@cache
def _environment() -> "Environment":
    # Only who decides outside the chat needs it: the server starts without.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("beam_mcp.server", TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cast("dict[str, Any]", environment.filters).update(prints=prints, id_of=id_of)
    return environment


def id_of(task: TaskSheet, stop: StopSheet) -> str:
    """The id of this step's piece of a page, the same wherever it stands."""
    return f"step-{fingerprint(task.task_id, stop.node_id)}"


def prints(stop: StopSheet) -> dict[str, str]:
    """For each field of a step's form: what it is about, then what it holds, each as a fingerprint."""
    parameters = {p.field: (fingerprint(p.name, p.text), p.preset) for p in stop.parameters}
    questions = {q.field: (fingerprint(q.question, q.about), q.preset) for q in stop.questions}
    return {name: about + fingerprint(_plain(text)) for name, (about, text) in (parameters | questions).items()}


def fingerprint(*parts: object) -> str:
    """A short word that stands for them."""
    return digest(*parts)[:PRINT]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def inbox_html(inbox: InboxSheet, room: Room, notice: Notice | None = None, entered: Entered | None = None) -> str:
    """The whole inbox, each item with its form."""
    pages = -(-inbox.total // MOST_SHOWN)
    return _render("inbox.html", inbox=inbox, pages=pages, room=room, notice=notice, entered=entered or Entered())


def task_html(task: TaskSheet, room: Room, notice: Notice | None = None, entered: Entered | None = None) -> str:
    """What one task wants, with its form; when it wants nothing any more, only what is to be told."""
    return _render("task.html", task=task, room=room, notice=notice, entered=entered or Entered())


def told_html(notice: Notice, room: Room, title: str = "", more: str = "") -> str:
    """One sentence, where there is nothing to decide, and one `more` below it."""
    usual = "Done" if notice.kind == "done" else "Not done"
    return _render("told.html", room=room, notice=notice, title=title or usual, more=more)


def page_html(title: str, body: str, good: str = "") -> str:
    """The whole document around a body that was rendered here; `good` says how much longer its address is."""
    return _render("page.html", title=title, body=body, good=good)


def card_html(word: str) -> str:
    """The card: one document that loads nothing; its script asks the host for what to show, and proves by `word` that
    it is the card.
    """
    script = asset("form.js") + asset("card.js")
    return _render("card.html", style=asset("style.css"), script=script, version=__version__, word=word)


def asset(name: str) -> str:
    """A style or script of ours."""
    return (files("beam_mcp.server") / TEMPLATES / name).read_text(encoding="utf-8")


def _render(template: str, **given: object) -> str:
    return _environment().get_template(template).render(**given)
