"""Memory: idle, for each session, and while many big answers arrive at once."""

import asyncio

from tests.benchmarks.rows import Row, median, row
from tests.benchmarks.servers import bare, ours
from tests.benchmarks.stdio import memory, talk
from tests.benchmarks.upstream import small_id, upstream
from tests.benchmarks.web import Site, site

SESSIONS = 300
PAGES, PAGE = 16, 20  # big pages at once, and how many MB each of them has


def measure(rounds: int) -> list[Row]:
    """All of them, in processes of their own each time."""
    with upstream("work", "gzip") as url:
        return [_idle(url, min(rounds, 5)), _sessions(url, min(rounds, 3)), *_pages(url)]


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


def _pages(url: str) -> list[Row]:
    with site(lambda port: ours(url, "--transport", "http", "--port", str(port))) as us:
        asyncio.run(read(us, 1))
        idle = us.resident
        asyncio.run(read(us, PAGES))
        most, held = memory(us.process.pid, "VmHWM") - idle, list[float]()
        for _ in range(2):  # where its blocks come to lie is settled after some times
            for _ in range(4):
                asyncio.run(read(us, PAGES))
            held.append(us.resident)
    name = f"{PAGES} pages of {PAGE} MB at once over HTTP"
    return [
        row(f"{name}: peak memory above one, beside their bodies", most, PAGES * PAGE, "MB", most=0.5),
        row(f"{name}: memory after nine times, beside after five", held[1], held[0], "MB", most=1.1),
    ]


async def read(there: Site, pages: int) -> None:
    """So many clients ask for such a page at the same time."""
    clients = await there.clients("modern", pages)
    await asyncio.gather(*(client.call("list_tasks", page_size=100) for client in clients))
    for client in clients:
        await client.close()
