"""The inbox of a big workspace, tasks of 1 MB each: memory whatever their number, and when its first items are told."""

import json
import time

from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import ours
from tests.benchmarks.stdio import Talk, talk
from tests.benchmarks.upstream import upstream

MOST_MEMORY = 60.0  # MB
TASKS = (30, 300)


def measure(rounds: int) -> list[Row]:
    """Every size, in a process of its own each time."""
    return [found for tasks in TASKS for found in _inbox(tasks, min(rounds, 3))]


def _inbox(tasks: int, rounds: int) -> list[Row]:
    above: list[float] = []
    first: list[float] = []
    whole: list[float] = []
    with upstream(f"inbox-{tasks}", "gzip") as url:
        for index in range(rounds + 1):
            with talk(*ours(url)) as us:
                us.call("list_tasks", search="nothing of this name")
                idle = us.resident
                first_told, answered = _read(us)
                if index:  # the first time upstream makes its pages
                    above.append(us.peak - idle)
                    first.append(first_told)
                    whole.append(answered)
    name = f"inbox of {tasks} tasks of 1 MB"
    return [
        row(f"{name}: peak memory above idle, beside what is allowed", median(above), MOST_MEMORY, "MB", most=1.0),
        row(f"{name}: first items told, beside all", median(first) * 1000, median(whole) * 1000, "ms"),
    ]


def _read(us: Talk) -> tuple[float, float]:
    """Seconds until progress first names a task, and until the answer."""
    begun = time.perf_counter()
    params = {"name": "get_pending_questions", "arguments": {}, "_meta": {"progressToken": "t"}}
    us.begin("tools/call", params)
    first = 0.0
    while "method" in (message := json.loads(us.line())):
        first = first or (time.perf_counter() - begun if "ONB-" in message["params"].get("message", "") else 0.0)
    whole = time.perf_counter() - begun
    assert "tasks wait" in message["result"]["content"][0]["text"], message
    return first or whole, whole
