"""Small calls: what one costs over stdio, and how many a second there are over HTTP."""

import asyncio

from tests.benchmarks import floor
from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import bare, ours
from tests.benchmarks.stdio import talk
from tests.benchmarks.upstream import SMALL_TASKS, small_id, upstream
from tests.benchmarks.web import Era, Site, calls_a_second, site

CALLS = 100  # a round
CLIENTS = 64


def measure(rounds: int) -> list[Row]:
    """Both, `rounds` times."""
    with upstream("work", "gzip") as url:
        return [over_stdio(url, rounds), *_over_http(url, rounds)]


def _targets(indices: range) -> list[str]:
    return [f"/agent-tasks/{small_id(index)}" for index in indices]


def over_stdio(url: str, rounds: int, calls: int = CALLS) -> Row:
    """Milliseconds of get_task beyond its GET, beside a trivial tool of a bare server."""
    mine: list[float] = []
    gets: list[float] = []
    theirs: list[float] = []
    floor.get(url, _targets(range(min(rounds * calls, SMALL_TASKS))))  # what upstream told once it tells at once
    with talk(*ours(url)) as us, talk(*bare(url)) as them:
        for begin in range(0, rounds * calls, calls):
            indices = range(begin, begin + calls)
            gets += floor.get(url, _targets(indices))
            mine += [us.call("get_task", task=small_id(index)).seconds for index in indices]
            theirs += [them.call("echo", text=small_id(index)).seconds for index in indices]
    beyond = (median(mine) - median(gets)) * 1000
    name = f"small get_task over stdio less its GET of {median(gets) * 1000:.2f} ms, beside a trivial tool"
    return row(name, beyond, median(theirs) * 1000, "ms", most=1.3)


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
