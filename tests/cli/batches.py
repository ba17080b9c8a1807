"""Commands one after another in one process, each as `beam-mcp` runs it: most of what one costs is starting Python."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import anyio

from tests.cli.processes import PATIENCE, surroundings

_EACH = """
import contextlib, io, json, os, sys
from beam_mcp.cli.main import main
told = []
for command in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(command["environment"])
    os.chdir(command["cwd"])
    sys.stdin = io.TextIOWrapper(io.BytesIO(command["stdin"].encode()), "utf-8")
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            code = main(command["arguments"])
        except SystemExit as ended:
            code = ended.code
    told.append([code, out.getvalue(), errors.getvalue()])
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Command:
    """What is typed where, with which settings and what on stdin."""

    arguments: Sequence[str]
    cwd: Path
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: str = ""


@dataclass(frozen=True)
class Told:
    """How a command ended, and what it said."""

    code: int
    out: str
    errors: str


async def told(commands: Sequence[Command]) -> list[Told]:
    """What became of each; none sees a setting of another, and a crash of one fails all."""
    asked = [
        asdict(command) | {"cwd": str(command.cwd), "environment": surroundings(**command.settings)}
        for command in commands
    ]
    with anyio.fail_after(4 * PATIENCE):
        done = await anyio.run_process(
            [sys.executable, "-c", _EACH],
            input=json.dumps(asked).encode(),
            env=surroundings(),
            stderr=subprocess.STDOUT,
            check=False,
        )
    assert done.returncode == 0, done.stdout.decode()
    return [Told(*each) for each in json.loads(done.stdout)]
