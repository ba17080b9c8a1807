"""Small calls: what one costs over stdio, and how many a second there are over HTTP."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import permutations

from tests.benchmarks import floor
from tests.benchmarks.rows import Row, median, middle, row
from tests.benchmarks.servers import bare, ours
from tests.benchmarks.stdio import Talk, talk
from tests.benchmarks.upstream import SMALL_TASKS, small_id, upstream
from tests.benchmarks.web import Era, Site, calls_a_second, site

CALLS = 200  # a round
TURN = 25  # calls
ORDERS = list(permutations(range(3)))  # whoever comes after whom is slower by up to a third
CLIENTS = 64


def measure(rounds: int) -> list[Row]:
    """Both, `rounds` times."""
    with upstream("work", "gzip") as url:
        return [over_stdio(url, rounds), *_over_http(url, rounds)]


def _targets(indices: range) -> list[str]:
    return [f"/agent-tasks/{small_id(index)}" for index in indices]


def over_stdio(url: str, rounds: int, calls: int = CALLS) -> Row:
    """Milliseconds of get_task beyond its GET, beside a trivial tool of a bare server: the middle one of many turns."""
    floor.get(url, _targets(range(SMALL_TASKS)))  # what upstream told once it tells at once
    with talk(*ours(url)) as us, talk(*bare(url)) as them:
        _turn(url, us, them, 0)
        turns = [_turn(url, us, them, begin) for begin in range(0, rounds * calls, TURN)]
    beyond, trivial, get = middle(turns)
    name = f"small get_task over stdio less its GET of {get:.2f} ms, beside a trivial tool"
    return row(name, beyond, trivial, "ms", most=1.3)


def _turn(url: str, us: Talk, them: Talk, begin: int) -> tuple[float, float, float]:
    """Milliseconds of a get_task beyond its GET, of the trivial tool, and of that GET; what comes first changes."""
    tasks = [small_id(index % SMALL_TASKS) for index in range(begin, begin + TURN)]
    kinds: list[Callable[[], Iterable[float]]] = [
        lambda: (us.call("get_task", task=task).seconds for task in tasks),
        lambda: (them.call("echo", text=task).seconds for task in tasks),
        lambda: floor.get(url, [f"/agent-tasks/{task}" for task in tasks]),
    ]
    took = {kind: median(kinds[kind]()) * 1000 for kind in ORDERS[begin // TURN % len(ORDERS)]}
    return took[0] - took[2], took[1], took[2]


def _over_http(url: str, rounds: int) -> list[Row]:
    """Calls a second of many clients, beside a bare server with the same upstream call."""
    floor.get(url, _targets(range(CLIENTS * 5)))
    with (
        site(lambda port: ours(url, "--transport", "http", "--port", str(port))) as us,
        site(lambda port: bare(url, str(port))) as them,
    ):
        return [asyncio.run(_many(us, them, era, rounds)) for era in ("legacy", "modern")]


async def _many(us: Site, them: Site, era: Era, rounds: int) -> Row:
    tasks = [small_id(index) for index in range(CLIENTS * 5)]
    speeds = [
        (await calls_a_second(us, era, CLIENTS, tasks), await calls_a_second(them, era, CLIENTS, tasks))
        for _ in range(rounds + 1)
    ]
    fast, other = middle(speeds[1:])
    name = f"small get_task over HTTP, {CLIENTS} clients, {era}, beside a bare server"
    return row(name, fast, other, "calls/s", least=0.8)
