"""All promises of speed and lightness, measured side by side: `python -m tests.benchmarks [NAME ...] [--quick]`.

Without names it measures everything, which takes a quarter of an hour, and keeps what it found in results.md; what the
load showed is kept in load.md whenever it was run.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks import big_answers, big_inbox, load, memory, small_calls, soak, start
from tests.benchmarks.rows import Row, machine, table, written

RESULTS, LOAD = (Path(__file__).with_name(name) for name in ("results.md", "load.md"))
PIECES: Mapping[str, tuple[Callable[[int], list[Row]], int]] = {
    "start": (start.measure, 21),
    "big_answers": (big_answers.measure, 9),
    "big_inbox": (big_inbox.measure, 3),
    "small_calls": (small_calls.measure, 9),
    "memory": (memory.measure, 5),
    "soak": (soak.measure, 10),
    "load": (load.measure, 120),  # seconds of each run
}


def main() -> None:
    """Measure, print, and keep it where everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(PIECES)}")
    parser.add_argument("--quick", action="store_true", help="one round of each: whether it runs, not how fast")
    given = parser.parse_args()
    if unknown := set(given.names) - set(PIECES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PIECES)}")
    rows: list[Row] = []
    for name in given.names or PIECES:
        measure, rounds = PIECES[name]
        found = measure(1 if given.quick else rounds)
        print(table(found), end="\n\n", flush=True)  # noqa: T201
        rows += found
        if name == "load" and not given.quick:
            written(found, LOAD)
    if not given.names and not given.quick:
        written(rows, RESULTS)
    print(f"{machine()}\n{sum(row['met'] is False for row in rows)} promises not kept")  # noqa: T201


if __name__ == "__main__":
    main()
