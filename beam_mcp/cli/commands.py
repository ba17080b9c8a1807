"""The commands: their names, what they are for, their own arguments, and what runs them, imported when it is run."""

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beam_mcp.settings import load

Given = dict[str, Any]


def _no_arguments(_: argparse.ArgumentParser) -> None: ...


@dataclass(frozen=True)
class Command:
    """One command. `run` takes what was given on the command line and returns the exit code.

    With `has_options` it takes the flags of the settings as well, which `load` then joins with the environment.
    """

    name: str
    about: str
    run: Callable[[Given], int]
    has_options: bool = False
    add_arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments


def _serve(given: Given) -> int:
    settings = load(given)
    gc.disable()  # building what is imported next makes no garbage, only work for the collector
    from beam_mcp.cli.serve import serve  # noqa: PLC0415 - here and below: what is wrong is told before it is imported

    return serve(settings)


def _demo(given: Given) -> int:
    from beam_mcp.cli.demo import demo  # noqa: PLC0415

    return demo(ask=given["ask"])


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ask", action="store_true", help="type the answer to the agent's question yourself")


SERVE = Command(
    "serve",
    "serve on stdio, or with --transport http at /mcp and /sse, or with --transport sse at /sse",
    _serve,
    has_options=True,
)
COMMANDS = (
    SERVE,
    Command("demo", "run the main job on the sandbox and show it, step by step", _demo, add_arguments=_demo_arguments),
)
