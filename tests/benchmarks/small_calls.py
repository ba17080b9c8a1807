"""Small calls: what one costs over stdio, and how many a second there are over HTTP."""

import asyncio

from tests.benchmarks import floor
from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import bare, ours
from tests.benchmarks.stdio import Talk, talk
from tests.benchmarks.upstream import SMALL_TASKS, small_id, upstream
from tests.benchmarks.web import Era, Site, calls_a_second, site

CALLS = 100  # a round
TURN = 25  # calls
CLIENTS = 64


def measure(rounds: int) -> list[Row]:
    """Both, `rounds` times."""
    with upstream("work", "gzip") as url:
        return [over_stdio(url, rounds), *_over_http(url, rounds)]


def _targets(indices: range) -> list[str]:
    return [f"/agent-tasks/{small_id(index)}" for index in indices]


def over_stdio(url: str, rounds: int, calls: int = CALLS) -> Row:
    """Milliseconds of get_task beyond its GET, beside a trivial tool of a bare server: the middle one of many turns.

    A turn is short, since a shared machine is half as fast from one second to the next, and the three are compared.
    """
    floor.get(url, _targets(range(SMALL_TASKS)))  # what upstream told once it tells at once
    with talk(*ours(url)) as us, talk(*bare(url)) as them:
        _turn(url, us, them, 0)
        turns = [_turn(url, us, them, begin % SMALL_TASKS) for begin in range(0, rounds * calls, TURN)]
    beyond, get, trivial = sorted(turns, key=lambda turn: turn[0] / turn[2])[len(turns) // 2]
    name = f"small get_task over stdio less its GET of {get:.2f} ms, beside a trivial tool"
    return row(name, beyond, trivial, "ms", most=1.3)


def _turn(url: str, us: Talk, them: Talk, begin: int) -> tuple[float, float, float]:
    """Milliseconds of a get_task beyond its GET, of that GET, and of the trivial tool."""
    indices = range(begin, begin + TURN)
    get = median(floor.get(url, _targets(indices)))
    mine = median(us.call("get_task", task=small_id(index)).seconds for index in indices)
    theirs = median(them.call("echo", text=small_id(index)).seconds for index in indices)
    return (mine - get) * 1000, get * 1000, theirs * 1000


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
    fast, other = (median(side) for side in zip(*speeds[1:], strict=True))
    name = f"small get_task over HTTP, {CLIENTS} clients, {era}, beside a bare server"
    return row(name, fast, other, "calls/s", least=0.8)
