"""Configs of other programs, changed whole or not at all, with the state before kept beside them."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

BACKUP = ".before-beam-mcp"
_MINE = 0o600


class NotWritten(Exception):
    """A config that could not be changed, and why, in one line; it is as it was."""


def back_up(path: Path) -> Path | None:
    """A copy of a config beside it, replacing the one before; None if there is no config yet.

    Raises:
        NotWritten: there is no room or no right for it.
    """
    if not path.exists():
        return None
    copy = path.with_name(path.name + BACKUP)
    try:
        copy.unlink(missing_ok=True)
        copy.touch(mode=_MINE)  # until it is as private as what is copied
        shutil.copy2(path, copy)
    except OSError as error:
        raise NotWritten(f"{copy} cannot be written ({error.strerror}); {path.name} was left as it was") from None
    return copy


def replace(path: Path, before: str, after: str) -> None:
    """Write a config at once, through links to where it really is, if it still says what it said `before`.

    Raises:
        NotWritten: there is no room or no right for it, or it says something else by now.
    """
    real = Path(os.path.realpath(path))
    new = real.with_name(f".{real.name}.{secrets.token_hex(4)}")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        with open(new, "xb", opener=_private if real.exists() else None) as file:
            file.write(after.encode())
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            _check(real, before)
            shutil.copymode(real, new)
        new.replace(real)
    except OSError as error:
        raise NotWritten(f"{path} cannot be written ({error.strerror}); it was left as it was") from None
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    """For its owner alone until it is as private as what it replaces: others may have keys in there."""
    return os.open(path, flags, _MINE)


def _check(real: Path, before: str) -> None:
    if not os.access(real, os.W_OK):
        raise NotWritten(f"{real} may not be written (it is read-only); it was left as it was")
    if real.read_bytes() != before.encode():
        raise NotWritten(f"{real} was changed by another program just now; run this again")
