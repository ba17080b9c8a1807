"""Appending a line to a file that other processes append to at the same time."""

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PATIENCE = 2.0  # seconds for the others' lines; a decision waits for this
PAUSE = 0.02  # seconds between two looks

if sys.platform == "win32":
    import msvcrt

    # Windows keeps others from what is locked, readers too, so it is a byte that no file of ours reaches.
    _FAR = 2**31 - 2

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def append_line(path: Path, line: bytes) -> None:
    """Append `line` and a line break, after whatever others append; folder and file are made for this user alone.

    Raises:
        OSError: the file cannot be made or written; a part of the line may be in it, which the next one is kept from.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a+b") as file, _alone(descriptor):
        file.write((b"\n" if _is_torn(file) else b"") + line + b"\n")
        file.flush()


@contextmanager
def _alone(descriptor: int) -> Generator[None]:
    """While no other process appends. O_APPEND alone is no help on Windows, where it is a seek and then a write."""
    locked = _locked(descriptor)
    try:
        yield
    finally:
        if locked:
            _unlock(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether we hold it now. If not, there are no locks here, or somebody keeps theirs: better mixed up than lost."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):  # what POSIX and Windows say when it is somebody else's
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE)
        except OSError:
            return False
        else:
            return True


def _is_torn(file: IO[bytes]) -> bool:
    """Whether the last line has no end: the disk was full, or its writer was killed."""
    end = file.seek(0, os.SEEK_END)
    if not end:
        return False
    file.seek(end - 1)
    return file.read(1) != b"\n"
