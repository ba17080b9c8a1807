"""The command that a client is to run: the one we were started with, so that it is found without a PATH."""

import os
import sys
from pathlib import Path
from shutil import which
from typing import Any

from beam_mcp.settings import Settings
from beam_mcp.settings_values import flag

COMMAND = "beam-mcp"
_IN_A_CACHE = ("archive-v", "environments-v", "builds-v")  # where uvx keeps what it runs, until it is cleaned


def launch(started: Path) -> tuple[str, list[str]]:
    """The program and its first arguments, by full paths; `started` is what this process was started as."""
    found = which(str(started)) if started.stem == COMMAND else which(COMMAND)
    if not found:
        return sys.executable, ["-m", "beam_mcp.cli"]
    path = Path(found).absolute()
    if any(part.startswith(_IN_A_CACHE) for part in path.parts):
        return which("uvx") or "uvx", [COMMAND]
    if {"pipx", ".cache"} <= set(path.parts):  # what `pipx run` keeps for a fortnight
        return which("pipx") or "pipx", ["run", COMMAND]
    return str(path), []


def options(given: dict[str, Any]) -> list[str]:
    """The settings given to `install`, as arguments of the entry; paths in full, since a client starts us elsewhere."""
    return [word for field in Settings.model_fields if field in given for word in _option(field, given[field])]


def _option(field: str, value: Any) -> list[str]:
    if value is True:
        return [flag(field)]
    kind = str(Settings.model_fields[field].annotation)
    if "Path" in kind:
        value = os.pathsep.join(str(Path(part).expanduser().absolute()) for part in value.split(os.pathsep) if part)
    return [flag(field), value]
