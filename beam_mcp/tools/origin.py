"""Where a wish to approve came from: text that a task brought along may not be what decides about it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

from beam_mcp.beam.node import ToolData
from beam_mcp.beam.task import Task
from beam_mcp.tools.deciding import Seen
from beam_mcp.views.cleaning import clean

# Words by which a text could ask to be approved, in the languages that work is done in most. It need not be fine: where
# a text has one of them, a person looks at the action instead of a word in the chat deciding about it.
_APPROVAL = (
    r"appro|aprob|aprov|confirm|consent|author|autor|permi[st]|allow|grant|go ahead|proceed|sign[- ]?off|green ?light"
    r"|say yes|answer yes|reply|accept|agree|genehmig|freigab|freigeb|bestätig|zustimm|erlaub|einverstand|conferm"
    r"|potwierd|zatwierd|goedkeur|bevestig|godkänn|подтверд|одобр|соглас|批准|同意|确认|確認|承認|승인|확인|موافق|אישור|onayla"
)
# What the agent's designer wrote speaks of approval for good reasons: there it takes an order to raise doubts.
_ORDER = (
    r"approve_step|confirm ?=|reply|say yes|answer yes|already|pre-?approv|without (asking|a person)|automatic|ignore"
    r"|immediately|you (must|should|can|may)|do not ask|don.t ask|no need"
    r"|(user|person|owner|human) (has )?(said|agreed|consented)"
    r"|please|assistant|instruct|system ?:|go ahead|proceed|continue"
)
# Letters of other scripts that look like Latin ones.
_ALIKE = str.maketrans("аеорсухіјѕԁɡһոαοερτυνικ", "aeopcyxijsdghnaoeptuvik")
_SPLIT = r"[\s\W_]+"
MOST_CHARACTERS = 200_000
MOST_TEXTS = 20_000


def urges_approval(seen: Seen) -> bool:
    """Whether anything an agent, a task or a document wrote into this task speaks of approving."""
    written, designed = _plain(_by_others(seen.task)), _plain(_by_designers(seen.task))
    if max(len(written), len(designed)) >= MOST_CHARACTERS:
        return True  # too much to be sure of
    # Also with the letters pulled together again: "a p p r o v e", "ap-prove".
    forms = (written, re.sub(_SPLIT, "", written), re.sub(_SPLIT, "", written.translate(_ALIKE)))
    orders = (designed, designed.translate(_ALIKE))
    return any(re.search(_APPROVAL, form) for form in forms) or any(re.search(_ORDER, order) for order in orders)


def _plain(data: Iterator[Any]) -> str:
    return unicodedata.normalize("NFKC", clean(" ".join(islice(_texts(data), MOST_TEXTS))[:MOST_CHARACTERS])).casefold()


def _by_others(task: Task) -> Iterator[Any]:
    yield from (task.task_query, task.original_task_query, task.task_summary, task.custom_id)
    for node in task.nodes:
        data = node.tool_data or ToolData()
        yield from (data.tool_parameters, data.required_parameters, data.optional_parameters, data.reasoning)
        yield from (data.tool_output, data.integration_error, node.output and node.output.value)
        yield [question.model_dump() for question in node.user_questions or ()]
        yield [given.model_dump() for given in node.input or ()]
        yield [edge.model_dump() for edge in node.edge_evaluations or ()]


def _by_designers(task: Task) -> Iterator[Any]:
    yield from (task.task_objective, task.of_agent.name)
    for node in task.nodes:
        yield from (node.objective, node.tool.tool_name, node.tool.tool_function_name, node.tool.description)
        yield [parameter.model_dump() for parameter in node.tool.input_params or ()]


def _texts(data: Any) -> Iterator[str]:
    match data:
        case str():
            yield data
        case Mapping():
            for key, item in cast("Mapping[Any, Any]", data).items():
                yield str(key)
                yield from _texts(item)
        case list() | tuple() | Iterator():
            for item in cast("list[Any]", data):
                yield from _texts(item)
        case _:
            return
