"""The terminal as our commands write to it."""

import sys

from rich.console import Console

from beam_mcp.views.text import flat


def screen(*, to_stderr: bool = False) -> Console:
    """Where a command shows what it found; whatever stdout is, no sign or name makes it fail.

    `to_stderr` is for sentences beside a stdout that another program may read.
    """
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="replace")  # a pipe on Windows knows neither every name nor every sign
    return Console(stderr=to_stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


def complain(words: str) -> None:
    """Say on stderr what went wrong."""
    print(f"beam-mcp: {flat(words)}", file=sys.stderr)  # noqa: T201 - stderr is where a command complains
