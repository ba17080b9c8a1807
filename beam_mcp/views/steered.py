"""What became of another try, an end, a rating."""

from typing import Self

from beam_mcp.beam.task import Task
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.text import call
from beam_mcp.views.view import View


class SteeredView(View):
    """What was done to a task, and where it stands now."""

    task: str
    done: str
    status: str

    @classmethod
    def of(cls, task: Task, done: str) -> Self:
        """`done` is a whole sentence."""
        name = handle(task)
        follow = (call("wait_for_tasks", tasks=[name]), call("get_task", task=name))
        return cls(
            task=name, done=done, status=status_words(task.status), next=follow if task.phase == "working" else ()
        )

    def body(self) -> str:
        """One line."""
        return f"{self.done} {self.task} is now: {self.status}."
