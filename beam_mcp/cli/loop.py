"""The event loop that servers run on: uvloop's, where there is one, answers a fifth more calls than asyncio's own."""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TypeVarTuple, Unpack

import anyio

Ts = TypeVarTuple("Ts")

OPTIONS = {"use_uvloop": find_spec("uvloop") is not None}  # there is none for Windows


def run(serving: Callable[[Unpack[Ts]], Awaitable[None]], *given: *Ts) -> None:
    """Run it to its end."""
    anyio.run(serving, *given, backend_options=OPTIONS)
