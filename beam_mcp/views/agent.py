"""One agent: what it does, step by step, where it will stop for a person, its usual time and cost."""

from collections.abc import Sequence
from typing import Self

from beam_mcp.beam.agent import Agent, Graph, Step
from beam_mcp.beam.history import Usual
from beam_mcp.views.text import call, counted, line, named, quoted
from beam_mcp.views.usual import usual_words
from beam_mcp.views.view import Part, View

MOST_STEPS = 25


class AgentStep(Part):
    """One step of an agent's work."""

    number: int
    objective: str
    tool: str | None = None
    asks_approval: bool = False
    not_connected: bool = False

    @classmethod
    def of(cls, number: int, step: Step) -> Self:
        """From the agent's graph."""
        tool = step.tool_configuration
        original = tool.original_tool if tool else None
        needed = bool(original and original.is_integration_required)
        return cls(
            number=number,
            objective=line(step.objective or "unnamed step", 80),
            tool=line(tool.tool_name, 40) if tool and tool.tool_name else None,
            asks_approval=bool(tool and tool.requires_consent),
            not_connected=needed and original is not None and original.is_integration_connected is False,
        )

    def text(self) -> str:
        """One line."""
        facts = [
            f"tool {named(self.tool)}" if self.tool else "",
            "asks for approval" if self.asks_approval else "",
            "its integration is not connected" if self.not_connected else "",
        ]
        told = ", ".join(filter(None, facts))
        return f"{self.number}. {quoted(self.objective, 80)}" + (f" ({told})" if told else "")


class AgentView(View):
    """An agent."""

    name: str
    description: str | None = None
    category: str | None = None
    instructions: str | None = None
    usual: str | None = None
    finished: int = 0
    steps: tuple[AgentStep, ...] = ()
    steps_in_all: int = 0

    @classmethod
    def of(cls, agent: Agent, graph: Graph | None, usual: Usual | None) -> Self:
        """`graph` and `usual` are None where Beam could not tell them."""
        nodes: Sequence[Step] = [
            s for s in (graph.nodes if graph else None) or () if s.objective or s.tool_configuration
        ]
        instructions = agent.settings.instructions if agent.settings else None
        return cls(
            name=line(agent.name or agent.id or "unnamed", 60),
            description=line(agent.description, 300) if agent.description else None,
            category=line(agent.category.title, 40) if agent.category and agent.category.title else None,
            instructions=line(instructions, 200) if instructions else None,
            usual=usual_words(usual),
            finished=usual.count if usual else 0,
            steps=tuple(AgentStep.of(n, step) for n, step in enumerate(nodes[:MOST_STEPS], 1)),
            steps_in_all=len(nodes),
            next=(f"{call('create_task', agent=line(agent.name or agent.id or '', 60), query='…')} starts work.",),
        )

    def body(self) -> str:
        """Who it is, what it takes, what it does."""
        head = f"Agent {named(self.name)}" + (f", category {named(self.category)}" if self.category else "")
        times = f"{self.usual.capitalize()} (last {counted(self.finished, 'finished task')})." if self.usual else None
        stops = [str(step.number) for step in self.steps if step.asks_approval]
        approvals = f"Stops for approval at step {', '.join(stops)}." if stops else None
        left = self.steps_in_all - len(self.steps)
        lines = [
            f"{head}: {quoted(self.description, 300) if self.description else 'no description'}",
            f"Instructions: {quoted(self.instructions, 200)}" if self.instructions else None,
            times or "Its usual time is not known yet.",
            approvals,
            f"{counted(self.steps_in_all, 'step')}:" if self.steps else None,
            *(step.text() for step in self.steps),
            f"… {counted(left, 'step')} more" if left else None,
        ]
        return "\n".join(filter(None, lines))
