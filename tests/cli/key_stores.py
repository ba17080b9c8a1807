"""A home of one's own for each test, and the key stores that may be found there."""

import json
import os
from pathlib import Path
from threading import Event

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

FILE = "profiles.json"


def home(folder: Path, store: str = "") -> dict[str, str]:
    """The variables that make a folder the home of a process, with the key store of this name here, or none."""
    place = str(folder)
    return {
        "HOME": place,
        "USERPROFILE": place,
        "XDG_CONFIG_HOME": place,
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": place,
        "APPDATA": place,
        "PYTHON_KEYRING_BACKEND": f"{__name__}.{store}" if store else "keyring.backends.fail.Keyring",
        "BEAM_MCP_PROFILE": "",
    }


def profiles(folder: Path) -> Path:
    """The file of profiles in such a home, whether it is there or not."""
    return next(folder.rglob(FILE), folder / "beam-mcp" / FILE)


def kept(folder: Path) -> dict[str, str]:
    """What the key store of such a home holds."""
    file = folder / "key-store.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


class Working(KeyringBackend):
    """A key store that works, in a file."""

    priority = 1  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    name = "Test Store"  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep one."""
        self._write(self._read() | {f"{service}/{username}": password})

    def get_password(self, service: str, username: str) -> str | None:
        """Show one."""
        return self._read().get(f"{service}/{username}")

    def delete_password(self, service: str, username: str) -> None:
        """Remove one."""
        left = self._read()
        if left.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError
        self._write(left)

    def _read(self) -> dict[str, str]:
        return kept(Path(os.environ["HOME"]))

    def _write(self, passwords: dict[str, str]) -> None:
        (Path(os.environ["HOME"]) / "key-store.json").write_text(json.dumps(passwords), encoding="utf-8")


class Forgetful(Working):
    """One that keeps nothing and says nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep nothing."""


class Locked(Working):
    """One whose person does not unlock it."""

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
        """Refuse."""
        raise KeyringLocked("the key is sandbox-key")


class Broken(Working):
    """One that fails as nobody expects, with more in its words than should be."""

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002
        """Fail."""
        raise ZeroDivisionError(password)


class Hanging(Working):
    """One that never answers."""

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002
        """Wait for a person who is not there."""
        Event().wait()
