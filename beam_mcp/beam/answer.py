"""Answering a step's questions, and finding out what became of an answer when Beam's reply was lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from beam_mcp.beam.errors import MayHaveHappened, Overtaken
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lost import look_for
from beam_mcp.beam.node import Asked, filled
from beam_mcp.beam.task import Task, get_task


@dataclass(frozen=True)
class Answers:
    """All answers for one step: Beam takes every open question in one call, or none."""

    task_id: str
    node_id: str
    given: Mapping[Asked, str]

    def body(self) -> dict[str, object]:
        """As documented: the question verbatim, with its parameter when it has one."""
        inputs = [
            {"question": asked.question, "answer": answer} | ({"parameter": asked.parameter} if asked.parameter else {})
            for asked, answer in self.given.items()
        ]
        return {"taskNodeId": self.node_id, "userInputs": inputs}


async def submit_answers(beam: Beam, answers: Answers) -> Task:
    """Send the answers once (PATCH user-input) and return the task as it is then.

    Raises:
        MayHaveHappened: the reply was lost and the step still waits.
        Conflict, BadRequest: Beam did not take the answers.
        Overtaken: somebody else's were first.
    """
    path = f"/agent-tasks/execution/{quote(answers.task_id, safe='')}/user-input"
    try:
        return await beam.write(Task, "PATCH", path, json=answers.body())
    except MayHaveHappened as error:
        lost = error

    async def moved_on() -> Task | None:
        task = await get_task(beam, answers.task_id)
        return None if still_waits(task, answers) else task

    task = await look_for(
        moved_on,
        lost=lost,
        unseen="The step still waits, so the answer seems not to have arrived.",
        advice="Look with get_task(), then answer once more if it still asks.",
    )
    if others := _answered_otherwise(task, answers):
        what = f"The step was answered by somebody else meanwhile, with {others}. Your answer was not taken."
        raise Overtaken(what, "Look at it with get_task().")
    return task


def still_waits(task: Task, answers: Answers) -> bool:
    """Whether that step still asks any of the questions answered here."""
    given = {asked.key for asked in answers.given}
    nodes = (node for node in task.asking_nodes() if node.id == answers.node_id)
    return any(asked.key in given for node in nodes for asked in node.open_questions())


def _answered_otherwise(task: Task, answers: Answers) -> str:
    """The answers that stand there and are not ours; empty when ours do, or none is to be seen."""
    ours = {asked.key: answer for asked, answer in answers.given.items()}
    node = next((node for node in task.nodes if node.id == answers.node_id), None)
    stand = (
        (q.question or q.parameter or "", q.parameter, q.answer) for q in (node.user_questions if node else None) or ()
    )
    return ", ".join(
        f"'{answer}'"
        for question, parameter, answer in stand
        if filled(answer) and (question, parameter) in ours and not _alike(str(answer), ours[question, parameter])
    )


def _alike(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
