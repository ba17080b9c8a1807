"""Homes of people on Linux, macOS and Windows, and what is written into them."""

from pathlib import Path
from typing import Any

from beam_mcp.cli.clients import Client
from beam_mcp.cli.clients_places import Machine
from beam_mcp.cli.install import Wish
from beam_mcp.cli.installed import servers_in, text_of

SYSTEMS = ["linux", "darwin", "win32"]
BACKUP = ".before-beam-mcp"


def machine(home: Path, system: str = "linux", **variables: str) -> Machine:
    """The machine of somebody whose home this is, with nothing on the PATH."""
    roaming = {"APPDATA": str(home / "Roaming"), "LOCALAPPDATA": str(home / "Local")} if system == "win32" else {}
    return Machine(system, home, home / "work", roaming | variables)


def wish(on: Machine, *options: str, name: str = "beam", scope: Any = "user") -> Wish:
    return Wish(on, name, scope, list(options))


def entries(known: Client, path: Path) -> dict[str, Any]:
    return servers_in(known, text_of(path))[1]


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
