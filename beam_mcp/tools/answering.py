"""Which open question each given answer belongs to, so that a step gets all its answers or none."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beam_mcp.beam.answer import Answers
from beam_mcp.beam.errors import Ambiguous, BadRequest
from beam_mcp.beam.node import Asked
from beam_mcp.beam.task import Task
from beam_mcp.views.questions import LONG_CHOICE, SHORT_CHOICE, shown_choices
from beam_mcp.views.text import line, listed, named, quoted

MOST_DIGITS = 4


@dataclass(frozen=True)
class Numbered:
    """An open question under the number that people see."""

    number: int
    node_id: str
    asked: Asked

    @property
    def label(self) -> str:
        """How it is named in an error."""
        parameter = f" {named(line(self.asked.parameter, 60))}" if self.asked.parameter else ""
        return f"{self.number}.{parameter} {quoted(self.asked.question, 80)}"

    def answers_to(self, key: str) -> bool:
        """Whether an answer under `key` is meant for it."""
        names = (self.asked.parameter or "", self.asked.question, line(self.asked.question, 300))
        return _plain(key) in set(map(_plain, names)) - {""}


def open_questions(task: Task) -> tuple[Numbered, ...]:
    """Every open question of the task, numbered through as the views number them."""
    pairs = [(node.id or "", asked) for node in task.asking_nodes() for asked in node.open_questions()]
    return tuple(Numbered(number, node_id, asked) for number, (node_id, asked) in enumerate(pairs, 1))


def understood(task: Task, given: Mapping[str, str]) -> dict[Numbered, str]:
    """What was said in the chat, by parameter, question text or number, as the value Beam wants for each question.

    Raises:
        BadRequest: an answer to nothing that is asked, or a wrong value.
        Ambiguous: a name that fits several questions, or an answer that fits several choices.
    """
    questions = open_questions(task)
    chosen: dict[Numbered, str] = {}
    for key, answer in given.items():
        question = _meant(questions, key)
        if question in chosen:
            raise BadRequest(f"answers: {question.label} is answered twice.", "Give each answer once.")
        chosen[question] = _allowed(question, answer)
    return chosen


def sort_answers(task: Task, chosen: Mapping[Numbered, str]) -> tuple[Answers, ...]:
    """The answers for each step that is completely answered; what Beam remembers fills in what was not given.

    Raises:
        BadRequest: a step answered only in part.
    """
    questions = open_questions(task)
    touched = {q.node_id for q in chosen} or {q.node_id for q in questions}
    wanted = [q for q in questions if q.node_id in touched]
    complete = {q: answer for q in wanted if (answer := chosen.get(q) or _remembered(q))}
    if missing := [q for q in wanted if q not in complete]:
        what = f"answers: still missing {listed(q.label for q in missing)}."
        raise BadRequest(what, "Nothing was sent: Beam takes all answers of a step at once.")
    return tuple(
        Answers(task.id or "", node_id, {q.asked: a for q, a in complete.items() if q.node_id == node_id})
        for node_id in dict.fromkeys(q.node_id for q in complete)
    )


def _meant(questions: Sequence[Numbered], key: str) -> Numbered:
    fitting = [q for q in questions if q.answers_to(key)]
    number = key.strip().lstrip("# ").rstrip(".)")
    if not fitting and number.isdecimal() and len(number) <= MOST_DIGITS:
        fitting = [q for q in questions if q.number == int(number)]
    if len(fitting) > 1:
        labels = listed(q.label for q in fitting)
        raise Ambiguous(
            f"answers: {quoted(key, 60)} fits several questions: {labels}.", "Use the number of the one meant."
        )
    if not fitting:
        raise BadRequest(f"answers: {quoted(key, 60)} is not asked{_nearest(questions, key)}", _asked(questions))
    return fitting[0]


def _allowed(question: Numbered, answer: str) -> str:
    if not answer.strip():
        raise BadRequest(f"answers: the answer to {question.label} is empty.", "Give a value.")
    if not question.asked.choices:
        return answer
    fitting = _fitting(question.asked, answer)
    if len(fitting) > 1:
        what = f"answers: {quoted(answer, 60)} fits several choices for {question.label}."
        raise Ambiguous(what, f"Use the value of the one meant: {listed(map(quoted, fitting), most=20)}.")
    if not fitting:
        choices = listed((quoted(choice, len(choice)) for choice in shown_choices(question.asked.choices)), most=20)
        what = f"answers: {quoted(answer, 60)} is not a choice for {question.label}."
        raise BadRequest(what, f"Choose one of {choices}.")
    return fitting[0]


def _fitting(asked: Asked, answer: str) -> list[str]:
    """The values of the choices that an answer may mean: a label before a value, exact before alike."""
    shown = shown_choices(asked.choices)
    labels = [
        {label.strip(), line(label, SHORT_CHOICE), line(label, LONG_CHOICE), name}
        for label, name in zip(asked.choices, shown, strict=True)
    ]
    said = answer.strip()
    for names in (labels, [{value.strip()} for value in asked.values]):
        pairs = list(zip(names, asked.values, strict=True))
        exact = [value for known, value in pairs if said in known]
        if fitting := exact or [value for known, value in pairs if _alike(said) in set(map(_alike, known))]:
            return list(dict.fromkeys(fitting))
    return []


def _alike(text: str) -> str:
    """Text without what gets lost when it is shown and said again."""
    return line(text, len(text)).casefold().replace('"', "'")


def _remembered(question: Numbered) -> str | None:
    """What Beam remembers, as the value it wants for that."""
    known = question.asked.remembered
    fitting = _fitting(question.asked, known) if known else []
    return fitting[0] if len(fitting) == 1 else known


def _nearest(questions: Sequence[Numbered], key: str) -> str:
    names = {_plain(name): name for q in questions for name in (q.asked.parameter, q.asked.question) if name}
    near = difflib.get_close_matches(_plain(key), names, n=1, cutoff=0.6)
    return f"; did you mean {quoted(names[near[0]], 80)}?" if near else "."


def _asked(questions: Sequence[Numbered]) -> str:
    return f"Asked are: {listed((q.label for q in questions), most=10)}."


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" ?\"'.:")
