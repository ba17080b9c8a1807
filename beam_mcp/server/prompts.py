"""Prompts a person can pick: delegate, triage the inbox, explain a failure; told in the words of the tools."""

from collections.abc import Iterable, Sequence, Set
from functools import cache
from typing import Annotated

from mcp.server.mcpserver.prompts import Prompt
from pydantic import Field

from beam_mcp.views.text import call, line, listed, named, quoted


def delegate(
    goal: Annotated[str, Field(description="what is to be done")],
    agent: Annotated[str, Field(description="who is to do it; left out, the best one is picked")] = "",
) -> str:
    """Hand a piece of work to a Beam agent and see it through."""
    given, free = (
        f"Give it to the agent {named(line(agent, 60))}.",
        "Pick the best agent with list_agents, and say which and why.",
    )
    who = given if agent else free
    return (
        f"I want a Beam agent to do this: {goal}\n{who} Start it with create_task, then follow it with wait_for_tasks. "
        "When it asks something, put the question to me and pass on my answer; when it wants to act, let me decide. "
        "At the end tell me the result in a few sentences."
    )


def triage_inbox() -> str:
    """Go through everything that waits for you, one thing at a time."""
    return (
        "Show me what my Beam agents wait for, with get_pending_questions. Take the riskiest first, one at a time: say "
        "in one sentence what it is and what my choices are, wait for my decision, then carry it out with "
        "answer_questions, approve_step or reject_step. Do not answer for me."
    )


def explain_failure(task: Annotated[str, Field(description="the task, such as INV-107")]) -> str:
    """Find out why a task failed and what to do."""
    name = line(task, 120)
    return (
        f'Why did the Beam task {named(name)} fail? Look with {call("get_task", task=name)}, and with detail="failure" '
        "for the evidence. Tell me in plain words which step failed, why, who can mend it, and what the safe next step "
        "is. Do not run it again before I say so."
    )


_DECIDING = {"get_pending_questions", "answer_questions", "approve_step", "reject_step"}


@cache
def prompts() -> Sequence[tuple[Prompt, Set[str]]]:
    """All there are, each with the tools its words name; made when somebody asks for one."""
    return (
        (
            Prompt.from_function(delegate, title="Delegate to an agent"),
            {"list_agents", "create_task", "wait_for_tasks"},
        ),
        (Prompt.from_function(triage_inbox, title="Go through my inbox"), _DECIDING),
        (Prompt.from_function(explain_failure, title="Explain a failure"), {"get_task"}),
    )


def prompts_for(loaded: Set[str]) -> list[Prompt]:
    """The prompts whose tools are all loaded."""
    return [prompt for prompt, needed in prompts() if needed <= loaded]


def wrong_arguments(prompt: Prompt, given: Iterable[str]) -> str | None:
    """What is wrong with the arguments of this prompt, in one line; None if nothing is."""
    arguments, names = prompt.arguments or [], set(given)
    known = [argument.name for argument in arguments]
    if strange := sorted(names - set(known)):
        if not known:
            return f"{prompt.name} takes no arguments."
        return f"{prompt.name}: {listed(map(quoted, strange))} is no argument (known: {', '.join(known)})."
    missing = [argument.name for argument in arguments if argument.required and argument.name not in names]
    return f"{prompt.name}: {', '.join(missing)} is required." if missing else None
