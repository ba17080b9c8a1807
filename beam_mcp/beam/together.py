"""Several reads at the same time, as one."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup

T = TypeVar("T")

AT_ONCE = 4  # tasks of up to 3 MB read at the same time


async def each(names: Sequence[str], read: Callable[[str], Awaitable[T]]) -> list[T]:
    """Read several, a few at a time, in the order of their names; the first error comes out by itself."""
    found: dict[str, T] = {}
    turn = anyio.CapacityLimiter(AT_ONCE)

    async def one(name: str) -> None:
        async with turn:
            found[name] = await read(name)

    async with together() as readers:
        for name in dict.fromkeys(names):
            readers.start_soon(one, name)
    return [found[name] for name in names]


@asynccontextmanager
async def together() -> AsyncGenerator[TaskGroup]:
    """A task group whose first error comes out by itself, as if there had been one task only."""
    try:
        async with anyio.create_task_group() as group:
            yield group
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
