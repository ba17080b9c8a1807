"""A page of 100 tasks, 20 MB, and a task of 3 MB, over stdio: time, memory, and who else is served meanwhile."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from beam_mcp.beam.task import Task
from beam_mcp.beam.task_list import Filter, HeadEntry, Page
from tests.benchmarks import floor
from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import generated, ours
from tests.benchmarks.stdio import Talk, talk
from tests.benchmarks.upstream import BIG_ID, upstream

ENCODINGS = ("gzip", "identity")


@dataclass(frozen=True)
class Reading:
    """One big read: our tool, FastMCP's, and what both ask of Beam; its body in MB."""

    name: str
    tool: str
    arguments: dict[str, Any]
    other: str
    given: dict[str, Any]
    target: str
    model: type[BaseModel]
    body: float


PAGE = Filter(page=1, page_size=100, ordering="createdAt:desc").query()
READINGS = (
    Reading(
        *("20 MB page", "list_tasks", {"page_size": 100}, "list_tasks", PAGE),
        "/agent-tasks?" + "&".join(f"{name}={value}" for name, value in PAGE.items()),
        Page[HeadEntry],
        19.8,
    ),
    Reading(
        *("3 MB task", "get_task", {"task": BIG_ID}, "task_details", {"taskId": BIG_ID}),
        f"/agent-tasks/{BIG_ID}",
        Task,
        3.0,
    ),
)


def measure(rounds: int) -> list[Row]:
    """Every reading in every encoding, `rounds` times each."""
    found: list[Row] = []
    for encoding in ENCODINGS:
        with upstream("work", encoding) as url:
            for reading in READINGS:
                name = f"{reading.name}, {encoding}"
                found += _times(url, reading, name, rounds)
                found.append(_weight(url, reading, name, min(rounds, 3)))
    return found


def _times(url: str, reading: Reading, name: str, rounds: int) -> list[Row]:
    """Milliseconds of ours, of the least it can cost and of FastMCP's, taken in turn; then the pings."""
    mine, least, theirs = list[float](), list[float](), list[float]()
    with talk(*ours(url)) as us, talk(*generated(url)) as them:
        for number in range(rounds + 1):
            mine.append(us.call(reading.tool, **reading.arguments).seconds * 1000)
            least += [seconds * 1000 for seconds in floor.read(url, reading.target, reading.model, 1)]
            if number < 4:
                theirs.append(them.call(reading.other, **reading.given).seconds * 1000)
        pings = [
            _longest_ping(us, reading.tool, reading.arguments, rounds),
            _longest_ping(them, reading.other, reading.given, 1),
        ]
    fast, floor_, slow = (median(found[1:]) for found in (mine, least, theirs))
    return [
        row(f"{name}: beside FastMCP.from_openapi", fast, slow, "ms", most=0.1),
        row(f"{name}: beside httpx2 and msgspec alone", fast, floor_, "ms", most=2.0),
        row(f"{name}: longest ping meanwhile, beside FastMCP", pings[0], pings[1], "ms"),
    ]


def _weight(url: str, reading: Reading, name: str, rounds: int) -> Row:
    """Peak memory above idle of the first such call of a process."""
    above: list[float] = []
    for _ in range(rounds):
        with talk(*ours(url)) as us:
            us.call("list_tasks", search="nothing of this name")
            idle = us.resident
            us.call(reading.tool, **reading.arguments)
            above.append(us.peak - idle)
    return row(f"{name}: peak memory above idle, beside its body", median(above), reading.body, "MB", most=3.0)


def _longest_ping(talker: Talk, tool: str, arguments: dict[str, Any], rounds: int) -> float:
    """Milliseconds that the slowest of the pings took which were sent one after the other during a call."""
    slowest: list[float] = []
    for _ in range(rounds):
        wanted = talker.begin("tools/call", {"name": tool, "arguments": arguments})
        slowest.append(talker.pings_until(wanted) * 1000)
    return median(slowest)
