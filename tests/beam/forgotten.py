"""A process of its own in which nobody awaits any more what was awaited: it tells what is open and kept after that."""

import sys

import anyio

from beam_mcp.beam.lookout import LINGER, SWEEP

from .hurried import Hurried
from .test_beam_waiting_long import watched


async def main() -> None:
    """Wait, leave, and tell."""
    async with watched(tasks=1) as here:
        await here.wait(20)
        await anyio.sleep(LINGER + 2 * SWEEP)
        told = "sniffio" if "sniffio" in sys.modules else "", here.beam.http.streams, here.beam.http.kept
    sys.stdout.write("{} {} {}".format(*told))


if __name__ == "__main__":
    anyio.run(main, backend_options={"loop_factory": Hurried})
