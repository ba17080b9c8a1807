"""Deciding what an agent may do: the person sees the action and decides; a model cannot decide by itself."""

import hmac
from dataclasses import replace
from typing import Annotated, Any, Literal

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.desk.desk import Proposed
from beam_mcp.tools.deciding import (
    Changed,
    Seen,
    approve,
    refuse,
    refuse_if_decided,
    see_action,
    see_edited,
    step_of,
)
from beam_mcp.tools.given import TaskRef
from beam_mcp.tools.office import Given, InChat
from beam_mcp.tools.origin import urges_approval
from beam_mcp.tools.person import Heard, NotAsked, hear, offer_card, open_form, why_no_card
from beam_mcp.views.decision import ActionView, question_of, shown_whole
from beam_mcp.views.field import Parameter
from beam_mcp.views.names import handle
from beam_mcp.views.sheet import StopSheet
from beam_mcp.views.text import call
from beam_mcp.views.view import View

MOST_FIELDS = 12
LONGEST_FIELD = 600  # characters; a longer parameter is shown, and edited on the page or in the call
LONGEST_QUESTION = 8000  # characters; what is longer nobody reads in a form: a page shows it whole
CODE_LENGTH = 8
MOST_WRONG_CODES = 5  # for one step: a person passes on what they read, a program tries

WaitingStep = Annotated[str | SkipJsonSchema[None], Field(description="number or name, if several wait")]


async def ask_decision(caller: Given, seen: Annotated[Seen, Resolve(see_edited)]) -> Elicit[Any] | NotAsked:
    """The form, wherever it can reach a person: no code that a model passes on can take its place."""
    question = question_of(seen.task, seen.sheet)
    if len(question) > LONGEST_QUESTION or not open_form(caller, seen.mark):
        return NotAsked()
    return Elicit(question, _form(seen.sheet))


async def approve_step(
    caller: Given,
    seen: Annotated[Seen, Resolve(see_edited)],
    asked: Annotated[ElicitationResult[Any], Resolve(ask_decision)],
    task: TaskRef,  # noqa: ARG001 - `seen` is found by it
    parameters: Annotated[dict[str, Any] | SkipJsonSchema[None], Field(description="changed ones only")] = None,  # noqa: ARG001 - likewise
    feedback: str | SkipJsonSchema[None] = None,  # noqa: ARG001 - likewise
    confirm: Annotated[str | SkipJsonSchema[None], Field(description="code from a former answer")] = None,
    step: WaitingStep = None,  # noqa: ARG001 - likewise
) -> View:
    """Have the person approve what an agent wants to do. They see the action and decide; the agent then goes on."""
    heard = hear(caller, asked, seen.mark)
    if len(question_of(seen.task, seen.sheet)) > LONGEST_QUESTION:
        heard = Heard(why="it is too long for a form")
    try:
        if heard.filled_in is not None:
            return await _by_form(caller, seen, heard.filled_in)
        if heard.chose:
            await refuse_if_decided(caller, seen)
        elif confirm and _chat_may_decide(caller, seen) and _is_code(caller, seen, confirm):
            return await approve(caller, seen, reached="chat")
    except Changed as changed:
        return await _undecided(caller, changed.now, Heard(why="it has changed since it was shown"))
    if confirm and not heard.chose:
        heard = Heard(why=_why_no_code(caller, seen))
    return await _undecided(caller, seen, heard)


async def _by_form(caller: InChat, seen: Seen, filled_in: BaseModel) -> View:
    said = filled_in.model_dump(by_alias=True)
    decided = replace(seen, words=said["feedback"].strip())
    if said["decision"] == "reject":
        return await refuse(caller, decided, reached="form")
    in_form = {
        parameter.name: parameter.edited(seen.given[parameter.name], _as_written(said[field]), trimmed=True)
        for field, parameter in _fields(seen.sheet.parameters).items()
    }
    return await approve(caller, decided.with_edits(seen.edits | in_form), reached="form")


async def _undecided(caller: InChat, seen: Seen, heard: Heard) -> ActionView:
    """Where nothing was decided: the action, why not, and the highest way to decide that is left."""
    name = handle(seen.task)
    again = call(
        "approve_step",
        task=name,
        **seen.step,
        **({"parameters": seen.edits} if seen.edits else {}),
        **({"feedback": seen.words} if seen.words else {}),
    )
    caller.person.proposed[step_of(seen)] = Proposed(seen.edits, seen.words)
    if heard.chose:
        steps = (f"{again} asks them again once they want to decide; until then nothing happens.",)
    elif offer_card(caller, seen.mark):
        drawn = "the person decides in the card that shows this in the chat"
        steps = (f"{drawn}; {call('wait_for_tasks', tasks=[name])} tells what they decided.", f"{drawn}.")
    else:
        steps = await _steps_without_asking(caller, seen, again)
    no_card = why_no_card(caller)
    reason = f"{heard.why}, and {no_card}" if no_card and not heard.chose else heard.why
    return ActionView.of(seen.task, seen.sheet, reason=reason, following=steps)


async def _steps_without_asking(caller: InChat, seen: Seen, again: str) -> tuple[str, ...]:
    name = handle(seen.task)
    link = await caller.office.pages.link(caller, seen.task, seen.action.node_id) if caller.office.pages else None
    page = f"the person decides on {name} in the Beam app"
    if link:
        page = f"the person decides at {link} (works once), or on {name} in the Beam app"
    if _chat_may_decide(caller, seen):
        confirmed = f'{again[:-1]}, confirm="{_code(caller, seen)}")'
        return (f"{confirmed} once the person has said yes to this, or {page}.", f"{page}.")
    told = f"{call('wait_for_tasks', tasks=[name])} tells what they decided"
    return (f"{page}; {told}.", f"{page}.") if link else (f"{page}.",)


def _chat_may_decide(caller: InChat, seen: Seen) -> bool:
    """Whether the chat's word is enough: it was allowed, all of it was shown, and no text of the task asks for it.

    Nor was a code guessed at: then this way stays closed for the step, for as long as this server remembers it.
    """
    is_open = caller.office.decides_in_chat and not _guesses(caller, seen)
    return is_open and shown_whole(seen.sheet) and not urges_approval(seen)


def _guesses(caller: InChat, seen: Seen) -> bool:
    return caller.person.wrong_codes.get(step_of(seen), 0) >= MOST_WRONG_CODES


def _why_no_code(caller: InChat, seen: Seen) -> str:
    if not caller.office.decides_in_chat:
        return "a word in the chat is not enough here"
    if _guesses(caller, seen):
        return "too many wrong codes were given for it, so a word in the chat is not enough any more"
    if not shown_whole(seen.sheet):
        return "it is too long to be shown whole in the chat, so a word there is not enough"
    if urges_approval(seen):
        return "text in the task itself speaks of approving, so a word in the chat is not enough"
    return "the code is not for this action"


def _code(caller: InChat, seen: Seen) -> str:
    """A word that only we can make, for exactly this action and person: nobody who wrote into the task knows it."""
    subject = f"{caller.beam.identity.fingerprint} {seen.mark}".encode()
    return hmac.new(caller.office.secret, subject, "sha256").hexdigest()[:CODE_LENGTH]


def _is_code(caller: InChat, seen: Seen, given: str) -> bool:
    """Whether this is the code for just this; a wrong one is counted, however the action was changed meanwhile."""
    is_right = hmac.compare_digest(given.strip().casefold().encode(), _code(caller, seen).encode())
    if not is_right:
        counted = caller.person.wrong_codes
        counted[step_of(seen)] = counted.get(step_of(seen), 0) + 1
    return is_right


def _form(sheet: StopSheet) -> type[BaseModel]:
    """One field for the decision, one a parameter that a form can hold, and one for words."""
    fields: dict[str, Any] = {
        "decision": (Literal["approve", "reject"], Field(description="approve runs it now; reject ends the task")),
        **{
            field: (_type_of(parameter), Field(_preset(parameter), title=parameter.label))
            for field, parameter in _fields(sheet.parameters).items()
        },
        "feedback": (str, Field(sheet.words, description="words for the agent, if you like")),
    }
    return create_model("Decision", **fields)


def _fields(parameters: tuple[Parameter, ...]) -> dict[str, Parameter]:
    short = [p for p in parameters if len(p.stands) <= LONGEST_FIELD and "\n" not in p.stands]
    return {parameter.field: parameter for parameter in short[:MOST_FIELDS]}


def _type_of(parameter: Parameter) -> Any:
    return bool if parameter.kind == "boolean" else str


def _preset(parameter: Parameter) -> str | bool:
    return parameter.stands == "true" if parameter.kind == "boolean" else parameter.stands


def _as_written(given: str | bool) -> str:  # noqa: FBT001 - what the form holds
    return given if isinstance(given, str) else str(given).lower()


async def reject_step(
    caller: Given,
    seen: Annotated[Seen, Resolve(see_action)],
    task: TaskRef,  # noqa: ARG001 - `seen` is found by it
    reason: str | SkipJsonSchema[None] = None,
    step: WaitingStep = None,  # noqa: ARG001 - likewise
) -> View:
    """Refuse what an agent wants to do, as the person said; this ends the task."""
    return await refuse(caller, replace(seen, words=(reason or "").strip()), reached="chat")
