"""Load: many people at once over HTTP, while Beam is well, while it is not, and while it hangs for one of them."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from tests.benchmarks.load_beam import beam, starts
from tests.benchmarks.load_people import WINDOWS, is_hung
from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import ours
from tests.benchmarks.web import Site, site
from tests.cli.processes import ROOT, surroundings

CLIENTS, FEW = 200, 30
LONG = 60  # seconds; shorter runs only show that all of this runs, and need no crowd
SHORTEST = 6
HANGING = 60  # calls of the one whose Beam hangs; without shares they would take half of all connections
OF_CHOICE = "wait_for_tasks"  # takes as long as it is asked to


@dataclass(frozen=True)
class Run:
    """What one run showed: seconds of all calls and of those begun while somebody hung or not, what became of them, MB
    held every second and at the end, the log."""

    seconds: list[float]
    hung: list[float]
    free: list[float]
    right: int
    told: int
    wrong: list[str]
    twice: list[str]
    started: int
    held: list[float]
    left: float
    log: str

    @property
    def calls(self) -> int:
        """All that were answered, and those that were not."""
        return self.right + self.told + len(self.wrong)

    @property
    def warm(self) -> float:
        """MB at the end of the first half, when all has been used that is ever used."""
        half = len(self.held) // 2
        return median(self.held[half - half // 6 - 1 : half])

    @property
    def later(self) -> float:
        """MB at most in the second half."""
        return max(self.held[len(self.held) // 2 :])


def slowest(percent: int, seconds: list[float]) -> float:
    """Milliseconds within which so many of a hundred calls were answered."""
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000


def run(mood: str, seconds: int, *, clients: int = CLIENTS, hanging: int = 0) -> Run:
    """So many clients for so long, over a Beam in this mood."""
    with beam(mood) as url, tempfile.TemporaryFile() as log:
        with site(lambda port: ours(url, "--transport", "http", "--port", str(port)), log) as there:
            with _weighed(there) as held:
                told = _lived(there, seconds, clients, hanging)
            left = there.resident
        log.seek(0)
        count = starts(url)
        timed: dict[str, list[tuple[float, float]]] = told["seconds"]
        calls = [call for tool in timed if tool != OF_CHOICE for call in timed[tool]]
        return Run(
            seconds=[took for _, took in calls],
            hung=[took for at, took in calls if is_hung(at, seconds)],
            free=[took for at, took in calls if not is_hung(at, seconds)],
            right=told["right"],
            told=told["told"],
            wrong=told["ours"],
            twice=[work for work, times in count.items() if times > 1],
            started=sum(count.values()),
            held=held,
            left=left,
            log=log.read().decode(),
        )


def _lived(there: Site, *numbers: int) -> dict[str, Any]:
    """What all people say when they have gone."""
    command = [sys.executable, "-m", "tests.benchmarks.load_people", *map(str, (there.port, *numbers))]
    lived = subprocess.run(command, cwd=ROOT, env=surroundings(), stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    return json.loads(lived.stdout)


@contextmanager
def _weighed(there: Site) -> Generator[list[float]]:
    """The MB that are held every second for as long as the context lasts."""
    held, ended = list[float](), Event()

    def weigh() -> None:
        while not ended.wait(1):
            held.append(there.resident)

    thread = Thread(target=weigh)
    thread.start()
    try:
        yield held
    finally:
        ended.set()
        thread.join()


def measure(rounds: int) -> list[Row]:
    """A run in each mood, of so many seconds: what is promised of each, and how slow the slowest calls were."""
    seconds = max(rounds, SHORTEST)
    clients = CLIENTS if seconds >= LONG else FEW
    well, faulty = run("well", seconds, clients=clients), run("faulty", seconds, clients=clients)
    slow = run("slow for one", seconds, clients=clients, hanging=HANGING)
    name = f"{clients} clients for {seconds} s"
    for found in (well, faulty, slow):
        sys.stderr.write("".join(f"{line}\n" for line in [*found.wrong[:10], *found.twice[:10], found.log[-2000:]]))
    faults = f"{name}, faults injected ({faulty.told} told of {faulty.calls} calls)"
    hung = f"{name}, {HANGING} calls of another hang every other {seconds // WINDOWS} s"
    return [
        *(_of_ours(found, which) for found, which in ((well, name), (faulty, faults), (slow, hung))),
        row(f"{faults}: started twice, beside all starts", len(faulty.twice), faulty.started, "tasks", most=0.0),
        *_beside(f"{faults}: {{}} of 100 calls answered within, beside neither", faulty.seconds, well.seconds),
        *_beside(f"{hung}: {{}} of 100 calls answered within, beside while none do", slow.hung, slow.free, most=2.0),
        *(row for found, which in ((well, name), (faulty, faults), (slow, hung)) for row in _of_memory(found, which)),
    ]


def _beside(name: str, found: list[float], other: list[float], *, most: float | None = None) -> list[Row]:
    return [
        row(name.format(percent), slowest(percent, found), slowest(percent, other), "ms", most=most)
        for percent in (50, 99)
    ]


def _of_ours(found: Run, name: str) -> Row:
    mistakes = len(found.wrong) + found.log.count("Traceback")
    return row(f"{name}: errors of ours, beside all calls", mistakes, found.calls, "calls", most=0.0)


def _of_memory(found: Run, name: str) -> list[Row]:
    return [
        row(
            f"{name}: most memory in the second half, beside the end of the first",
            found.later,
            found.warm,
            "MB",
            most=1.1,
        ),
        row(f"{name}: memory when all have gone, beside the same", found.left, found.warm, "MB", most=1.05),
    ]
