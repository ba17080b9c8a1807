"""The official conformance suite against our server, in both eras: `python -m tests.conformance [PROGRAM]`."""

import logging
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import anyio
from mcp import MCPDeprecationWarning

from tests.conformance.server import serving

VERSIONS = ("2025-06-18", "2025-11-25", "2026-07-28")  # the first is what several clients still speak
EXPECTED = Path(__file__).with_name("expected.yml")
PATIENCE = 300.0  # seconds for one version; it takes about five


async def main(program: str) -> int:
    """In how many versions something unexpected was found."""
    # The fixtures crash and use what is deprecated because the suite wants them to: that is no news.
    logging.basicConfig(level=logging.CRITICAL)
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    async with serving() as url:
        return sum([await surprises(program, url, version) for version in VERSIONS])


async def surprises(program: str, url: str, version: str) -> bool:
    """Whether the suite found a failure that we do not expect, or none where we expect one, or nothing at all."""
    with tempfile.TemporaryDirectory() as results, anyio.fail_after(PATIENCE):
        what = ("--suite", "all", "--spec-version", version, "--expected-failures", str(EXPECTED), "-o", results)
        done = await anyio.run_process([program, "server", "--url", url, *what], stderr=subprocess.STDOUT, check=False)
        said = done.stdout.decode()
        passed = re.search(r"Total: [1-9]\d* passed", said)
        print(f"-- {version}", said[said.rfind("=== SUMMARY") :] if passed else said, sep="\n")  # noqa: T201
        return not passed or done.returncode != 0


if __name__ == "__main__":
    sys.exit(anyio.run(main, sys.argv[1] if sys.argv[1:] else "conformance"))
