"""The act of answering, by whatever way the person was reached: all answers of a step at once, sent once."""

from collections.abc import Mapping

from beam_mcp.beam.answer import Answers, still_waits, submit_answers
from beam_mcp.beam.errors import BadRequest, BeamError, Conflict, Overtaken
from beam_mcp.beam.task import Task, get_task
from beam_mcp.tools.answering import sort_answers
from beam_mcp.tools.carried import carry_through, done_before, recording, remembered, turn_at
from beam_mcp.tools.office import Caller
from beam_mcp.tools.receipts import Reached, Receipt
from beam_mcp.views.answered import AnsweredView
from beam_mcp.views.names import agent_name, handle, status_words
from beam_mcp.views.text import counted, listed, quoted


async def answer(caller: Caller, task: Task, given: Mapping[str, str], *, reached: Reached) -> AnsweredView:
    """Answer what `task` asks, by parameter, question text or number; carried through although the caller gives up.

    Raises:
        Conflict: it asks nothing, or no more.
        BadRequest, Ambiguous: an answer that fits nothing, or a step answered only in part.
        MayHaveHappened, Overtaken, BeamError: as `submit_answers` says.
    """
    refuse_unless_asking(caller, task)
    return await carry_through(caller, _answer(caller, task, given, reached))


def refuse_unless_asking(caller: Caller, task: Task) -> None:
    """Nothing is sent to a task that asks nothing.

    Raises:
        Conflict: with what became of it.
    """
    if not task.asking_nodes():
        raise _asks_nothing(task, done_before(caller, task))


async def _answer(caller: Caller, task: Task, given: Mapping[str, str], reached: Reached) -> AnsweredView:
    turn = turn_at(caller, task.id or "")
    waited = turn.locked()
    async with turn:
        if waited:
            task = await get_task(caller.beam, task.id or "")
            refuse_unless_asking(caller, task)
        sent: dict[str, str] = {}
        for step in sort_answers(task, given):
            task = await _submit(caller, task, step, sent, reached)
            sent |= {asked.question: said for asked, said in step.given.items()}
        return AnsweredView.of(task, sent)


async def _submit(caller: Caller, task: Task, step: Answers, before: Mapping[str, str], reached: Reached) -> Task:
    pairs = listed((f"{quoted(q.question, 60)} → {quoted(a, 60)}" for q, a in step.given.items()), most=4)
    async with recording(caller, _receipt(task, step, reached)) as result:
        try:
            with remembered(caller, step.task_id, f"You answered {pairs}"):
                now = await submit_answers(caller.beam, step)
        except BeamError as error:
            kept = f"For another step of the task {counted(len(before), 'answer')} did arrive. " if before else ""
            explained = await _explained(caller, step, error)
            raise type(explained)(kept + explained.what, explained.advice) from error
        result.append(status_words(now.status))
        return now


async def _explained(caller: Caller, step: Answers, error: BeamError) -> BeamError:
    """Why Beam refused: where the step asks no more, that is the reason, whatever Beam calls it."""
    if isinstance(error, Overtaken) or not isinstance(error, Conflict | BadRequest):
        return error
    now = await get_task(caller.beam, step.task_id)
    return error if still_waits(now, step) else _asks_nothing(now, "These answers were not taken.")


def _asks_nothing(task: Task, sent: str | None) -> Conflict:
    """What became of a task that no longer asks; `sent` says what this person did to it before, if anything."""
    name = handle(task)
    look = {
        "needs_me": f'get_pending_questions(task="{name}") shows what it waits for.',
        "done": f'get_task(task="{name}") shows the result.',
    }.get(task.phase or "", f'get_task(task="{name}") shows where it stands.')
    return Conflict(f"{name} asks no question now: {status_words(task.status)}. {sent or 'Nothing was sent.'}", look)


def _receipt(task: Task, step: Answers, reached: Reached) -> Receipt:
    return Receipt(
        task=handle(task),
        task_id=step.task_id,
        step_id=step.node_id,
        agent=agent_name(task.of_agent),
        reached=reached,
        decision="answered",
        shown={"questions": [asked.question for asked in step.given]},
        sent={"answers": [{"question": asked.question, "answer": said} for asked, said in step.given.items()]},
    )
