"""What became of another try, an end, a rating."""

from typing import Self

from beam_mcp.beam.task import Task
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.text import call
from beam_mcp.views.view import View


class SteeredView(View):
    """What was done to a task, and where it stands now if that may have moved it."""

    task: str
    done: str
    status: str | None = None

    @classmethod
    def of(cls, task: Task, done: str, *, moved: bool = True) -> Self:
        """`done` is a whole sentence; `moved` tells whether it may have changed where the task stands."""
        name = handle(task)
        follow = {
            "working": (call("wait_for_tasks", tasks=[name]), call("get_task", task=name)),
            "needs_me": (f"{call('get_pending_questions', task=name)} shows what it wants.",),
        }
        return cls(
            task=name,
            done=done,
            status=status_words(task.status) if moved else None,
            next=follow.get(task.phase or "", ()) if moved else (),
        )

    def body(self) -> str:
        """One line."""
        return f"{self.done} It is now: {self.status}." if self.status else self.done
