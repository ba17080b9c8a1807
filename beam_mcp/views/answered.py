"""What became of a person's answers."""

from typing import Self

from beam_mcp.beam.task import Task
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.questions import StopView, next_steps, stops_of
from beam_mcp.views.text import call, line, quoted
from beam_mcp.views.view import View


class AnsweredView(View):
    """Answers that Beam took, and where the task stands now."""

    task: str
    sent: dict[str, str]
    status: str
    stops: tuple[StopView, ...] = ()

    @classmethod
    def of(cls, task: Task, sent: dict[str, str]) -> Self:
        """`sent` maps each question to the answer given."""
        stops = stops_of(task) if task.needs_person else ()
        name = handle(task)
        look = call("get_task", task=name)
        return cls(
            task=name,
            sent={line(question, 80): line(answer, 80) for question, answer in sent.items()},
            status=status_words(task.status),
            stops=stops,
            next=next_steps(name, stops) if stops else (call("wait_for_tasks", tasks=[name]), look),
        )

    def body(self) -> str:
        """What was sent, then what is still open."""
        pairs = "; ".join(f"{quoted(q, 80)} → {quoted(a, 80)}" for q, a in self.sent.items())
        head = f"Answered {self.task}: {pairs}. It is now: {self.status}."
        return "\n".join([head, *(stop.text() for stop in self.stops)])


class OpenQuestionsView(View):
    """The questions of a task, where nothing was sent yet."""

    task: str
    reason: str
    stops: tuple[StopView, ...]

    @classmethod
    def of(cls, task: Task, reason: str) -> Self:
        """`reason` says why nothing was sent."""
        stops = stops_of(task)
        return cls(task=handle(task), reason=reason, stops=stops, next=next_steps(handle(task), stops))

    def body(self) -> str:
        """Why nothing was sent, and everything that is asked."""
        return "\n".join([f"{self.task}: {self.reason}", *(stop.text() for stop in self.stops)])
