"""Showing what waits and taking what a person decided, as HTML: what the page and the card have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from beam_mcp.beam.errors import BeamError, MayHaveHappened
from beam_mcp.server.html import Entered, Notice
from beam_mcp.tools.office import Caller
from beam_mcp.tools.receipts import Reached
from beam_mcp.tools.sheets import Choice, Moved, Submitted, decide
from beam_mcp.views.field import Unfit
from beam_mcp.views.text import flat
from beam_mcp.views.view import View

LONGEST_FIELD = 200_000  # characters
MOST_FIELDS = 1000  # two for each parameter: what stands in it, and what stood in it


@dataclass(frozen=True)
class Outcome:
    """What came of a form: what to tell, and what stood in it where nothing was sent. `decided` ends the decision."""

    notice: Notice
    entered: Entered | None = None
    decided: bool = False


def submitted(fields: Mapping[str, str]) -> Submitted | None:
    """A form as it came back; None for what no form of ours can send."""
    choice = fields.get("choice", "")
    too_much = len(fields) > MOST_FIELDS or any(len(text) > LONGEST_FIELD for text in fields.values())
    if choice not in get_args(Choice) or too_much:
        return None
    kept = {name: text for name, text in fields.items() if name not in {"choice", "mark"}}
    return Submitted(cast("Choice", choice), fields.get("mark", ""), kept)


async def take(caller: Caller, task_id: str, step_id: str, form: Submitted, *, reached: Reached) -> Outcome:
    """Do what the person chose, and say what came of it in a sentence for them."""
    try:
        view = await decide(caller, task_id, step_id, form, reached=reached)
    except Moved as moved:
        return Outcome(Notice("problem", moved.what), Entered(step_id, form.fields))
    except Unfit as unfit:
        return Outcome(Notice("problem", words_of(unfit), unfit.field), Entered(step_id, form.fields))
    except BeamError as error:
        # A write that may have arrived is not offered once more: it is looked at first.
        return Outcome(
            Notice("problem", words_of(error)), Entered(step_id, form.fields), isinstance(error, MayHaveHappened)
        )
    return Outcome(Notice("done", view.body().splitlines()[0]), decided=True)


def words_of(error: BeamError) -> str:
    """What happened and what to do, without advice that only a model in a chat could follow."""
    return flat(error.what if View.named_tools(error.advice) else f"{error.what} {error.advice}")
