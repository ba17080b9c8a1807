"""Very many calls: memory stays where it is, over stdio and over HTTP."""

import asyncio
from collections.abc import Callable, Iterable

from tests.benchmarks.rows import Row, row
from tests.benchmarks.servers import ours
from tests.benchmarks.stdio import talk
from tests.benchmarks.upstream import small_id, upstream
from tests.benchmarks.web import Era, Site, site

CALLS_A_ROUND = 10_000
TENTHS = 10
CLIENTS = 16
CALLS_A_SESSION = 50


def measure(rounds: int) -> list[Row]:
    """So many times 10,000 calls through each door; what it holds in the end beside what it held after a tenth."""
    calls = rounds * CALLS_A_ROUND
    with upstream("work", "gzip") as url:
        return [_over_stdio(url, calls), _over_http(url, calls, "legacy"), _over_http(url, calls, "modern")]


def _over_stdio(url: str, calls: int) -> Row:
    with talk(*ours(url)) as us:
        held = _held(calls, lambda tasks: [us.call("get_task", task=task) for task in tasks], lambda: us.resident)
    return _row("stdio", held)


def _over_http(url: str, calls: int, era: Era) -> Row:
    with site(lambda port: ours(url, "--transport", "http", "--port", str(port))) as there:
        held = _held(calls, lambda tasks: asyncio.run(_visit(there, era, tasks)), lambda: there.resident)
    return _row(f"HTTP, {era}", held)


def _row(door: str, held: list[float]) -> Row:
    steps = ", ".join(f"{megabytes:.0f}" for megabytes in held)
    name = f"memory after many calls over {door}, beside a tenth of them ({steps})"
    return row(name, held[-1], held[0], "MB", most=1.05)


def _held(calls: int, make: Callable[[list[str]], object], resident: Callable[[], float]) -> list[float]:
    """MB after each tenth of the calls."""
    held: list[float] = []
    for _ in range(TENTHS):
        make([small_id(index) for index in range(calls // TENTHS)])
        held.append(resident())
    return held


async def _visit(there: Site, era: Era, tasks: Iterable[str]) -> None:
    """Many clients at once; each leaves after some calls, and another comes."""
    left = iter(tasks)

    async def come_and_go() -> None:
        while True:
            client = await there.clients(era, 1)
            for _ in range(CALLS_A_SESSION):
                if (task := next(left, None)) is None:
                    return await client[0].close()
                await client[0].call("get_task", task=task)
            await client[0].close()

    await asyncio.gather(*(come_and_go() for _ in range(CLIENTS)))
