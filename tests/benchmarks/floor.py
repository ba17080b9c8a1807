"""The least that reading a big answer can cost: httpx2 into one buffer, msgspec to the same fields."""

import asyncio
import time
import types
from functools import cache
from typing import Any, Union, cast, get_args, get_origin

import httpx2
import msgspec
from pydantic import BaseModel

from tests.benchmarks.upstream import HEADERS


@cache
def same_fields(kind: Any) -> Any:
    """The same shape as a msgspec struct, and so with whatever it is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = [(name, same_fields(f.annotation), None) for name, f in kind.model_fields.items()]
        names = {name: f.alias or name for name, f in kind.model_fields.items()}
        return msgspec.defstruct(kind.__name__, fields, rename=names)
    inner = tuple(same_fields(part) for part in get_args(kind))
    if not inner:
        return cast("Any", kind)
    if get_origin(kind) in {Union, types.UnionType}:
        return Union[inner]  # noqa: UP007 - made of parts
    return cast("Any", get_origin(kind))[inner]


def read(url: str, target: str, model: type[BaseModel], times: int) -> list[float]:
    """Seconds of each of so many reads, one after the other, after one to warm up."""
    decoder = msgspec.json.Decoder(same_fields(model))

    async def reads() -> list[float]:
        seconds: list[float] = []
        async with httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=60) as client:
            for _ in range(times + 1):
                begun = time.perf_counter()
                body = bytearray()
                async with client.stream("GET", target) as response:
                    async for chunk in response.aiter_bytes():
                        body += chunk
                decoder.decode(body)
                seconds.append(time.perf_counter() - begun)
        return seconds[1:]

    return asyncio.run(reads())


def get(url: str, targets: list[str]) -> list[float]:
    """Seconds of one plain GET of each by httpx2 alone, after one to warm up."""

    async def reads() -> list[float]:
        seconds: list[float] = []
        async with httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=60) as client:
            for target in [targets[0], *targets]:
                begun = time.perf_counter()
                await client.get(target)
                seconds.append(time.perf_counter() - begun)
        return seconds[1:]

    return asyncio.run(reads())
