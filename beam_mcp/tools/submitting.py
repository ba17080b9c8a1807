"""The act of answering, by whatever way the person was reached: all answers of a step at once, sent once."""

from collections.abc import Mapping

from beam_mcp.beam.answer import Answers, still_waits, submit_answers
from beam_mcp.beam.errors import BadRequest, BeamError, Conflict, Overtaken
from beam_mcp.beam.node import Asked
from beam_mcp.beam.task import Task, get_task
from beam_mcp.tools.answering import Numbered, sort_answers
from beam_mcp.tools.carried import carry_through, done_before, recording, remembered
from beam_mcp.tools.office import Caller
from beam_mcp.tools.receipts import Reached, Receipt
from beam_mcp.views.answered import AnsweredView
from beam_mcp.views.names import agent_name, handle, status_words
from beam_mcp.views.text import call, counted, listed, quoted


async def answer(caller: Caller, task: Task, chosen: Mapping[Numbered, str], *, reached: Reached) -> AnsweredView:
    """Answer what `task` asked when the person saw it; carried through although the caller gives up.

    Raises:
        Conflict: it asks nothing, no more, or something else by now.
        BadRequest: a step answered only in part.
        MayHaveHappened, Overtaken, BeamError: as `submit_answers` says.
    """
    refuse_unless_asking(caller, task)
    return await carry_through(caller, _answer(caller, task, chosen, reached))


def refuse_unless_asking(caller: Caller, task: Task) -> None:
    """Nothing is sent to a task that asks nothing.

    Raises:
        Conflict: with what became of it.
    """
    if not task.asking_nodes():
        raise _asks_nothing(task, done_before(caller, task))


async def _answer(caller: Caller, task: Task, chosen: Mapping[Numbered, str], reached: Reached) -> AnsweredView:
    steps = sort_answers(task, chosen)
    turn = caller.person.turn(task.id or "")
    waited = turn.locked()
    async with turn:
        # What a form showed was read before the person had time to think.
        if waited or reached == "form":
            task = await get_task(caller.beam, task.id or "")
            refuse_unless_asking(caller, task)
        sent: dict[str, str] = {}
        for step in steps:
            task = await _submit(caller, task, step, sent, reached)
            sent |= {asked.question: said for asked, said in step.given.items()}
        return AnsweredView.of(task, sent)


async def _submit(caller: Caller, task: Task, step: Answers, before: Mapping[str, str], reached: Reached) -> Task:
    pairs = listed((f"{quoted(q.question, 60)} → {quoted(a, 60)}" for q, a in step.given.items()), most=4)
    kept = f"For another step of the task {counted(len(before), 'answer')} did arrive. " if before else ""
    async with recording(caller, _receipt(task, step, reached)) as result:
        _refuse_if_changed(task, step, kept)
        try:
            with remembered(caller, step.task_id, f"You answered {pairs}"):
                now = await submit_answers(caller.beam, step)
        except BeamError as error:
            explained = await _explained(caller, step, error)
            raise type(explained)(kept + explained.what, explained.advice) from error
        result.append(status_words(now.status))
        return now


def _refuse_if_changed(now: Task, step: Answers, kept: str) -> None:
    """What is sent answers what was seen: the step may ask something else by now."""
    nodes = [node for node in now.asking_nodes() if (node.id or "") == step.node_id]
    asked = [asked for node in nodes for asked in node.open_questions()]
    if len(asked) != len(step.given) or not all(map(Asked.same_as, asked, step.given)):
        raise _not_asked(now, f"{kept}These answers were not sent." if kept else "Nothing was sent.")


async def _explained(caller: Caller, step: Answers, error: BeamError) -> BeamError:
    """Why Beam refused: where the step asks no more, that is the reason, whatever Beam calls it."""
    if isinstance(error, Overtaken) or not isinstance(error, Conflict | BadRequest):
        return error
    now = await get_task(caller.beam, step.task_id)
    return error if still_waits(now, step) else _not_asked(now, "These answers were not taken.")


def _not_asked(now: Task, sent: str) -> Conflict:
    """Why answers fit nothing that `now` asks."""
    if not now.asking_nodes():
        return _asks_nothing(now, sent)
    name = handle(now)
    look = f"{call('get_pending_questions', task=name)} shows what it asks."
    return Conflict(f"{name} asks something else now. {sent}", look)


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
        sent={"answers": [_pair(asked, said) for asked, said in step.given.items()]},
    )


def _pair(asked: Asked, said: str) -> dict[str, str]:
    named = {"parameter": asked.parameter} if asked.parameter else {}
    return named | {"question": asked.question, "answer": said}
