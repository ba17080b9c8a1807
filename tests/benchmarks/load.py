"""Load: many people at once over HTTP, while Beam is well, while it is not, and while it hangs for one of them."""

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.load_beam import beam, starts
from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import ours
from tests.benchmarks.web import Site, site
from tests.cli.processes import ROOT, surroundings

CLIENTS = 200
HANGING = 60  # calls of the one whose Beam hangs; without shares they would take half of all connections
SHORTEST = 18  # seconds
SHIFTS = 6  # of people who come and go: memory is looked at between them, when nothing is under way
OF_CHOICE = "wait_for_tasks"  # takes as long as it is asked to


@dataclass(frozen=True)
class Run:
    """What one run showed: seconds of all calls, what became of them, MB held after each shift, and the log."""

    seconds: list[float]
    right: int
    told: int
    wrong: list[str]
    twice: list[str]
    started: int
    held: list[float]
    log: str

    @property
    def calls(self) -> int:
        """All that were answered, and those that were not."""
        return self.right + self.told + len(self.wrong)

    def slowest(self, percent: int) -> float:
        """Milliseconds within which so many of a hundred calls were answered."""
        return statistics.quantiles(self.seconds, n=100)[percent - 1] * 1000


def run(mood: str, seconds: int, *, clients: int = CLIENTS, hanging: int = 0, shifts: int = SHIFTS) -> Run:
    """So many clients for so long, over a Beam in this mood."""
    with beam(mood) as url, tempfile.TemporaryFile() as log:
        with site(lambda port: ours(url, "--transport", "http", "--port", str(port)), log) as there:
            lived = [_lived(there, seconds // shifts, clients, hanging, shift) for shift in range(shifts)]
        log.seek(0)
        count = starts(url)
        timed: list[dict[str, list[float]]] = [told["seconds"] for told, _ in lived]
        return Run(
            seconds=[took for tools in timed for tool in tools if tool != OF_CHOICE for took in tools[tool]],
            right=sum(told["right"] for told, _ in lived),
            told=sum(told["told"] for told, _ in lived),
            wrong=[wrong for told, _ in lived for wrong in told["ours"]],
            twice=[work for work, times in count.items() if times > 1],
            started=sum(count.values()),
            held=[held for _, held in lived],
            log=log.read().decode(),
        )


def _lived(there: Site, *numbers: int) -> tuple[dict[str, Any], float]:
    """What the people of a shift say, and the MB that are held when all of them have gone."""
    command = [sys.executable, "-m", "tests.benchmarks.load_people", *map(str, (there.port, *numbers))]
    lived = subprocess.run(command, cwd=ROOT, env=surroundings(), stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    return json.loads(lived.stdout), there.resident


def measure(rounds: int) -> list[Row]:
    """A run in each mood, of so many seconds: what is promised of each, and how slow the slowest calls were."""
    seconds = max(rounds, SHORTEST)
    well, faulty = run("well", seconds), run("faulty", seconds)
    slow = run("slow for one", seconds, hanging=HANGING)
    name = f"{CLIENTS} clients for {seconds} s"
    for found in (well, faulty, slow):
        sys.stderr.write("".join(f"{line}\n" for line in [*found.wrong[:10], *found.twice[:10], found.log[-2000:]]))
    faults = f"{name}, faults injected ({faulty.told} told of {faulty.calls} calls)"
    hung = f"{name}, {HANGING} calls of another hang"
    grown = f"{faults}: memory after the later shifts, beside the earlier ones"
    return [
        *(_of_ours(found, which) for found, which in ((well, name), (faulty, faults), (slow, hung))),
        row(f"{faults}: started twice, beside all starts", len(faulty.twice), faulty.started, "tasks", most=0.0),
        *_beside(faulty, well, faults),
        *_beside(slow, well, hung),
        row(grown, median(faulty.held[SHIFTS // 2 :]), median(faulty.held[: SHIFTS // 2]), "MB", most=1.15),
    ]


def _beside(found: Run, well: Run, name: str) -> list[Row]:
    says = f"{name}: {{}} of 100 calls answered within, beside neither".format
    return [row(says(percent), found.slowest(percent), well.slowest(percent), "ms") for percent in (50, 99)]


def _of_ours(found: Run, name: str) -> Row:
    mistakes = len(found.wrong) + found.log.count("Traceback")
    return row(f"{name}: errors of ours, beside all calls", mistakes, found.calls, "calls", most=0.0)
