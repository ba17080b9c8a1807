"""Local files: read only inside the folders that the person allowed, written there and never over another."""

import hashlib
import mimetypes
import os
import re
import stat
import unicodedata
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

import anyio

from beam_mcp.beam.errors import Ambiguous, BadRequest, Forbidden
from beam_mcp.beam.file import CHUNK, Upload
from beam_mcp.views.cleaning import clean
from beam_mcp.views.text import line, listed, quoted

LARGEST_FILE = 25 * 1024 * 1024
LARGEST_TOGETHER = 50 * 1024 * 1024
_SIGNATURES = (
    (b"%PDF", "application/pdf"),
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
)
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[\d¹²³])\s*(\..*)?")
# What an assistant or a tool obeys where it finds it, and the folder may be a project's.
_OBEYED = re.compile(
    r"(?i)(claude|agents|gemini|qwen|skill|copilot-instructions)(\.(local|override))?\.md|\w+\.instructions\.md"
    r"|(conftest|sitecustomize|usercustomize|setup|noxfile)\.py|package\.json|(gnu)?makefile|justfile|dockerfile"
    r"|desktop\.ini|autorun\.inf"
)
LONGEST_NAME, LONGEST_ENDING = 200, 20  # bytes, where most systems take 255 for a name
HOW_TO_ALLOW = "Allow a folder with BEAM_MCP_FILES in this server's entry of the client's config."


def folder_of(uri: str) -> Path | None:
    """The folder a client's root names (MCP, Roots); None for anything but a local file URI."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        return None
    path = unquote(parts.path)
    return Path(path.lstrip("/") if re.match(r"/[A-Za-z]:", path) else path)


class Saved(NamedTuple):
    """A file that was written: where, of how many bytes, and its first ones."""

    path: Path
    size: int
    begin: bytes


@dataclass(frozen=True)
class Folders:
    """The folders whose files may be read and written, links resolved."""

    allowed: tuple[Path, ...]

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Folders":
        """Only those that exist; the whole disk is nobody's choice."""
        real = (folder.expanduser().resolve() for folder in folders)
        return cls(tuple(dict.fromkeys(path for path in real if path.is_dir() and path != Path(path.anchor))))

    def find(self, given: str) -> Path:
        """The real path of a file that may be read.

        Raises:
            BadRequest: there is no such file.
            Ambiguous: several allowed folders have one.
            Forbidden: it lies outside the allowed folders.
        """
        try:
            real = self._real(_path(given))
        except (OSError, ValueError, RuntimeError) as error:
            fault = (isinstance(error, OSError) and error.strerror) or "it is malformed"
            raise BadRequest(
                f"files: {quoted(given, 120)} is no path here: {line(fault, 60)}.", "Give a path."
            ) from error
        if not any(real.is_relative_to(folder) for folder in self.allowed):
            known = f" Allowed are: {listed(map(str, self.allowed))}." if self.allowed else " No folder is allowed."
            raise Forbidden(f"files: {quoted(given, 120)} is outside the allowed folders.{known}", HOW_TO_ALLOW)
        if not real.exists():
            raise BadRequest(f"files: there is no file {quoted(given, 120)}.", "Check the path.")
        if not real.is_file():
            what = f"files: {quoted(given, 120)} is a folder or a device, not a file."
            raise BadRequest(what, "Name an ordinary file.")
        return real

    def _real(self, path: Path) -> Path:
        """The path with links resolved; a relative one is looked for in every allowed folder."""
        if path.is_absolute():
            real = path.resolve()
        else:
            there = dict.fromkeys((f / path).resolve() for f in self.allowed if (f / path).exists())
            if len(there) > 1:
                what = f"files: {quoted(str(path), 120)} is in {len(there)} folders: {listed(map(str, there))}."
                raise Ambiguous(what, "Give the whole path.")
            real = next(iter(there), ((self.allowed or (Path(),))[0] / path).resolve())
        real.exists()  # some systems complain of a path only now
        return real

    async def save(self, name: str, pieces: AsyncGenerator[bytes], *, most: int) -> "Saved":
        """Write a new file into the first allowed folder, under a free name.

        Raises:
            Forbidden: no folder is allowed.
            BadRequest: it is larger than `most` bytes, or cannot be written; nothing is left behind.
        """
        if not self.allowed:
            raise Forbidden("No folder is allowed for downloads.", HOW_TO_ALLOW)
        path, file = _create(self.allowed[0], safe_name(name))
        size, begin = 0, b""
        try:
            with file:
                async for piece in pieces:
                    size += len(piece)
                    begin = begin or piece[:16]
                    _refuse_over(size, most)
                    await anyio.to_thread.run_sync(file.write, piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Saved(path, size, begin)


def _path(given: str) -> Path:
    """What is given as a path.

    Raises:
        BadRequest: it is empty, a web address, or a path of another machine.
    """
    if not given.strip():
        raise BadRequest("files: a path is empty.", "Give a path.")
    if re.match(r"(?i)https?://", given.strip()):
        raise BadRequest(f"files: {quoted(given, 120)} is a web address.", "Put it into urls.")
    path = folder_of(given) if given.startswith("file:") else Path(given).expanduser()
    if path is None or "\x00" in given:
        raise BadRequest(f"files: {quoted(given, 120)} is no path on this machine.", "Give a path.")
    return path


def _create(folder: Path, name: str) -> tuple[Path, BinaryIO]:
    """Open a file that was not there before: by its name, else with a number behind it."""
    stem, dot, ending = name.rpartition(".")
    try:
        taken = {_alike(path.name) for path in folder.iterdir()}
        for number in range(1, 100):
            behind = "" if number == 1 else f" ({number})"
            numbered = f"{stem}{behind}{dot}{ending}" if stem else f"{name}{behind}"
            if _alike(numbered) in taken:
                continue
            with suppress(FileExistsError):
                return folder / numbered, (folder / numbered).open("xb")
    except OSError as error:
        raise BadRequest(f"{folder} cannot be written ({error.strerror}).", HOW_TO_ALLOW) from error
    raise BadRequest(f"{folder} holds a hundred files called {quoted(name, 80)}.", "Move some away.")


def _alike(name: str) -> str:
    """What names have in common that are one and the same on some systems."""
    return unicodedata.normalize("NFC", name).casefold()


def _refuse_over(size: int, most: int) -> None:
    if size > most:
        raise BadRequest(f"The file is larger than {most // 1024 // 1024} MB.", "Get it in the Beam app.")


def safe_name(name: str) -> str:
    """A file name that every system takes, that leads nowhere else and that nothing obeys."""
    flat = _UNFIT.sub("_", line(clean(name).replace("\n", " "), 1000)).strip(" .")
    kept = _cut(flat).strip(" .")
    obeyed = not kept or _RESERVED.fullmatch(kept) or _OBEYED.fullmatch(kept)
    return f"_{kept}" if obeyed else kept


def _cut(name: str) -> str:
    """The name within the bytes it may have; its ending is kept, unless it is too long for one."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    left = LONGEST_NAME - len((dot + ending).encode())
    return stem.encode()[:left].decode("utf-8", "ignore") + dot + ending


def upload_of(path: Path) -> Upload:
    """The file as something to send; its content is read twice, once for its fingerprint, never held.

    Raises:
        BadRequest: it is no ordinary file, too large, or cannot be read.
    """
    try:
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise BadRequest(f"files: {line(path.name, 120)} is empty; Beam takes no empty file.", "Leave it out.")
            if size > LARGEST_FILE:
                limit = LARGEST_FILE // 1024 // 1024
                what = f"files: {line(path.name, 120)} has {size / 1024 / 1024:.0f} MB; at most {limit} MB can be sent."
                raise BadRequest(what, "Send a smaller one, or give a link to it in urls.")
            begin = file.read(16)
            file.seek(0)
            fingerprint = _fingerprint(file, size)
    except OSError as error:
        what = f"files: {line(path.name, 120)} cannot be read ({error.strerror})."
        raise BadRequest(what, "Check its permissions.") from error

    async def read() -> AsyncGenerator[bytes]:
        async with await anyio.open_file(path, "rb", opener=_open_plain) as source:
            while piece := await source.read(CHUNK):
                yield piece

    return Upload(safe_name(path.name), type_of(path.name, begin), size, fingerprint, read)


def _opened(path: Path) -> BufferedReader:
    return open(path, "rb", opener=_open_plain)


def _fingerprint(file: BufferedReader, size: int) -> str:
    """Of so many bytes: a file that grows while it is read need not have an end."""
    digest, left = hashlib.sha256(), size
    while left > 0 and (piece := file.read(min(CHUNK, left))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest()


def _open_plain(path: str, flags: int) -> int:
    """Open an ordinary file only: no link swapped in since it was checked, no device, no pipe that never ends."""
    # Of the three ways to follow no link, in folders either, each system has one; the check below is for the others.
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW_ANY", getattr(os, "O_NOFOLLOW", 0))
    descriptor = _walk(Path(path), flags) if hasattr(os, "O_PATH") else os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or Path(path).resolve() != Path(path):
        os.close(descriptor)
        raise OSError(0, "it is no ordinary file")
    return descriptor


def _walk(path: Path, flags: int) -> int:
    """Open a file folder by folder from the root, where no one of them may be a link."""
    root, *folders, name = path.parts
    here = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        for folder in folders:
            there = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = there
        return os.open(name, flags, dir_fd=here)
    finally:
        os.close(here)


def type_of(name: str, begin: bytes) -> str:
    """The MIME type by the file's ending, else by its first bytes."""
    known, packed = mimetypes.guess_type(name)
    if known and not packed:
        return known
    signed = next((kind for signature, kind in _SIGNATURES if begin.startswith(signature)), None)
    if signed:
        return signed
    return "application/octet-stream" if b"\x00" in begin or not begin else "text/plain"


def check_together(uploads: Iterable[Upload]) -> None:
    """All files of a task together have a limit too.

    Raises:
        BadRequest: they are too large.
    """
    size = sum(upload.size for upload in uploads)
    if size > LARGEST_TOGETHER:
        limit = LARGEST_TOGETHER // 1024 // 1024
        raise BadRequest(f"files: together they have {size / 1024 / 1024:.0f} MB; at most {limit} MB can be sent.")
