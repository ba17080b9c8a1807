"""Memory: idle, for each session, and after very many calls."""

import asyncio

from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import bare, ours
from tests.benchmarks.stdio import talk
from tests.benchmarks.upstream import small_id, upstream
from tests.benchmarks.web import Site, site

SESSIONS = 300


def measure(rounds: int) -> list[Row]:
    """Both, in processes of their own each time."""
    with upstream("work", "gzip") as url:
        return [_idle(url, min(rounds, 5)), _sessions(url, min(rounds, 3))]


def _idle(url: str, rounds: int) -> Row:
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        with talk(*ours(url)) as us, talk(*bare(url)) as them:
            mine.append(us.resident)
            theirs.append(them.resident)
    return row("memory when idle on stdio, beside a bare server", median(mine), median(theirs), "MB", most=1.15)


def _sessions(url: str, rounds: int) -> Row:
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        with (
            site(lambda port: ours(url, "--transport", "http", "--port", str(port))) as us,
            site(lambda port: bare(url, str(port))) as them,
        ):
            mine.append(asyncio.run(_a_session(us)))
            theirs.append(asyncio.run(_a_session(them)))
    return row("memory of an HTTP session of 2025, beside a bare server", median(mine), median(theirs), "KB", most=1.2)


async def _a_session(there: Site) -> float:
    """KB that each of many sessions holds, after some that came before."""
    held: list[float] = []
    for sessions in (SESSIONS // 10, SESSIONS):
        for index in range(sessions):
            await (await there.clients("legacy", 1))[0].call("get_task", task=small_id(index))
        held.append(there.resident)
    return (held[1] - held[0]) * 1000 / SESSIONS
