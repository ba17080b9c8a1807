"""Whose configs are looked at, and where: worked out from a `Machine`, so that every system can be tried anywhere."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from beam_mcp.settings import surroundings

# What of the environment decides where clients are and where they keep their configs.
_DECIDE = ("APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "PATH")


@dataclass(frozen=True)
class Machine:
    """The system as `sys.platform` names it, the home, the project's folder, and what the environment says."""

    system: str
    home: Path
    project: Path
    variables: Mapping[str, str]

    def folder(self, variable: str, *otherwise: str) -> Path:
        """The folder that a variable names, else one below the home."""
        named = self.variables.get(variable)
        return Path(named) if named else self.home.joinpath(*otherwise)

    def app_data(self) -> Path:
        """Where applications with windows keep their settings."""
        if self.system == "win32":
            return self.folder("APPDATA", "AppData", "Roaming")
        if self.system == "darwin":
            return self.home / "Library" / "Application Support"
        return self.xdg()

    def xdg(self) -> Path:
        """Where programs that follow freedesktop.org keep their settings, on whatever system."""
        return self.folder("XDG_CONFIG_HOME", ".config")


def this_machine() -> Machine:
    """The one we run on, with the current folder as the project."""
    return Machine(sys.platform, Path.home(), Path.cwd(), surroundings(_DECIDE))


def claude_desktop(machine: Machine) -> Path:
    """The config of Claude Desktop."""
    name = Path("Claude", "claude_desktop_config.json")
    if machine.system == "win32":
        packages = machine.folder("LOCALAPPDATA", "AppData", "Local") / "Packages"
        # Installed as a package, which is usual since 2026, it sees a Roaming folder of its own.
        for package in sorted(packages.glob("Claude_*")):
            return package / "LocalCache" / "Roaming" / name
    return machine.app_data() / name


def zed(machine: Machine) -> Path:
    """The settings of Zed."""
    folder = machine.app_data() / "Zed" if machine.system == "win32" else machine.xdg() / "zed"
    return folder / "settings.json"


def opencode(folder: Path) -> Path:
    """The config of opencode in a folder: the one with comments if there is one."""
    commented = folder / "opencode.jsonc"
    return commented if commented.exists() else folder / "opencode.json"
