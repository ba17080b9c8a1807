"""One step of a running task: its shape, what it asks of a person, what it wants to do, and why it failed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from beam_mcp.beam.wire import SnakeWire, Wire


class Suggestion(Wire):
    """A pair offered beside a question (`foodForThought`)."""

    question: str | None = None
    answer: Any = None


class UserQuestion(Wire):
    """A question put to a person; the kinds of `answer` and `memory_answer` are not documented."""

    question: str | None = None
    answer: Any = None
    parameter: str | None = None
    memory_answer: Any = None
    food_for_thought: list[Suggestion] | None = None


class NodeInput(Wire):
    """One input of a step, found or still missing."""

    name: str | None = None
    value: Any = None
    question: str | None = None
    found: bool | None = None
    required: bool | None = None
    answer: Any = None


class Option(Wire):
    """One allowed value of a parameter."""

    label: str | None = None
    value: str | None = None


class InputParam(Wire):
    """What a tool's parameter means and which values it takes."""

    param_name: str | None = None
    question: str | None = None
    param_description: str | None = None
    param_tip: str | None = None
    options: list[Option] | None = None
    remote_options: bool | None = None


class OriginalTool(Wire):
    """Whether the tool's integration is needed and connected."""

    is_integration_required: bool | None = None
    is_integration_connected: bool | None = None


class ToolConfiguration(Wire):
    """The tool that a step uses."""

    tool_name: str | None = None
    tool_function_name: str | None = None
    description: str | None = None
    requires_consent: bool | None = None
    input_params: list[InputParam] | None = None
    original_tool: OriginalTool | None = None


class GraphNode(Wire):
    """The step as it was designed."""

    objective: str | None = None
    is_exit_node: bool | None = None
    node_type: str | None = None
    tool_configuration: ToolConfiguration | None = None


class ToolData(SnakeWire):
    """What the tool was called with and what came of it."""

    tool_id: str | None = None
    tool_parameters: Any = None
    tool_output: Any = None
    required_parameters: dict[str, Any] | None = None
    optional_parameters: dict[str, Any] | None = None
    reasoning: Any = None
    integration_identifier: str | None = None
    integration_error: Any = None


class EdgeEvaluation(SnakeWire):
    """Why a branch was taken or not."""

    branch_name: str | None = None
    reason: str | None = None
    selected: bool | None = None


class Output(Wire):
    """What a step produced."""

    value: Any = None


@dataclass(frozen=True)
class Asked:
    """One open question as Beam wants it answered: `question` goes back verbatim, with `parameter` if there is one.

    `choices` are the allowed answers as people know them, `values` the same as Beam wants them; `place` tells apart
    two questions of the same words.
    """

    question: str
    parameter: str | None = None
    remembered: str | None = None
    hints: tuple[str, ...] = ()
    about: str | None = None
    choices: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    place: int = 0

    def same_as(self, other: "Asked") -> bool:
        """Whether that one asks the same, in the same words: only what is suggested for it may differ."""
        return self == replace(other, remembered=self.remembered, hints=self.hints, place=self.place)

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes it the same question, however its hints change."""
        return self.question, self.parameter


class Node(Wire):
    """One step of a running task; its `id` is the `taskNodeId` of every write."""

    id: str | None = None
    status: str | None = None
    agent_graph_node: GraphNode | None = None
    user_questions: list[UserQuestion] | None = None
    input: list[NodeInput] | None = None
    output: Output | None = None
    tool_data: ToolData | None = None
    edge_evaluations: list[EdgeEvaluation] | None = None
    evaluation_score: float | None = None
    rating: str | None = None
    updated_at: datetime | None = None

    @property
    def objective(self) -> str | None:
        """What the step is for, in its designer's words."""
        return self.agent_graph_node.objective if self.agent_graph_node else None

    @property
    def tool(self) -> ToolConfiguration:
        """The tool that the step uses; empty when it has none."""
        return (self.agent_graph_node and self.agent_graph_node.tool_configuration) or ToolConfiguration()

    def open_questions(self) -> tuple[Asked, ...]:
        """What is still to be answered: unanswered questions, or where there are none, missing required inputs."""
        unanswered = [q for q in self.user_questions or () if (q.question or q.parameter) and not filled(q.answer)]
        if unanswered:
            return tuple(self._asked(place, question) for place, question in enumerate(unanswered))
        missing = [i for i in self.input or () if i.required and not i.found and not filled(i.answer)]
        return tuple(self._missing(place, i) for place, i in enumerate(missing) if i.question or i.name)

    def _asked(self, place: int, q: UserQuestion) -> Asked:
        hints = tuple(str(s.answer) for s in q.food_for_thought or () if filled(s.answer))
        remembered = str(q.memory_answer) if filled(q.memory_answer) else None
        question = q.question or q.parameter or ""
        return self._described(Asked(question, q.parameter or None, remembered, hints, place=place))

    def _missing(self, place: int, i: NodeInput) -> Asked:
        return self._described(Asked(i.question or i.name or "", i.name, place=place))

    def _described(self, asked: Asked) -> Asked:
        """Add what the tool's own parameter says about this question."""
        for param in self.tool.input_params or ():
            if param.param_name and param.param_name == asked.parameter:
                options = [] if param.remote_options else [o for o in param.options or () if o.label or o.value]
                return replace(
                    asked,
                    about=param.param_tip or param.param_description,
                    choices=tuple(o.label or o.value or "" for o in options),
                    values=tuple(o.value or o.label or "" for o in options),
                )
        return asked


def filled(value: Any) -> bool:
    """Whether a value that Beam sent in an answer's place is one: text that is not blank, a number, or data."""
    if isinstance(value, str):
        return bool(value.strip())
    return not isinstance(value, bool) and value not in (None, [], {})
