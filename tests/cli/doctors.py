"""What the doctor says, as a person sees it and as JSON has it: never a secret, nothing on stderr, no traceback."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from beam_mcp.sandbox.access import SANDBOX_KEY
from tests.cli.batches import Command, told
from tests.cli.key_stores import home
from tests.cli.processes import started

Checks = dict[str, dict[str, Any]]

HIDDEN = "very-secret-key"


async def doctor(cwd: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Exit code and what it says; nothing on stderr, no secret, no traceback."""
    async with started("doctor", *arguments, cwd=cwd, settings=home(cwd) | settings) as process:
        await process.hang_up()
        shown = (await process.rest()).decode()
        code = await process.ended()
        assert process.errors == b""
    return code, harmless(shown)


def harmless(shown: str) -> str:
    """The same, which has no secret and no traceback in it."""
    assert "Traceback" not in shown
    for secret in (SANDBOX_KEY, HIDDEN, "hush"):
        assert secret not in shown
    return shown


async def checks(cwd: Path, *arguments: str, **settings: str) -> tuple[int, Checks]:
    """Exit code and the checks by name, as JSON has them."""
    return read(*await doctor(cwd, "--json", *arguments, **settings))


async def all_checks(cases: Iterable[tuple[Path, Sequence[str], Mapping[str, str]]]) -> list[tuple[int, Checks]]:
    """The same of many folders with their arguments and settings, all by one process."""
    every = [Command(["doctor", "--json", *given], cwd, home(cwd) | dict(settings)) for cwd, given, settings in cases]
    found = await told(every)
    assert not any(each.errors for each in found)
    return [read(each.code, harmless(each.out)) for each in found]


def read(code: int, shown: str) -> tuple[int, Checks]:
    """A report as JSON."""
    report = json.loads(shown)
    assert report["ok"] is (code == 0)
    for check in report["checks"]:
        assert check["state"] in {"ok", "warn", "fail", "skip"}
        assert check["fix"] or check["state"] not in {"warn", "fail"}, check
    return code, {check["name"]: check for check in report["checks"]}
