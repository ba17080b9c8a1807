"""Files: sent along with a new task as a stream, fetched by a signed link that needs no credentials."""

import base64
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from beam_mcp.beam.errors import BadRequest, NotFound
from beam_mcp.beam.http import Beam
from beam_mcp.beam.wire import Wire

CHUNK = 3 * 64 * 1024  # bytes; a multiple of three, so that base64 needs padding only at the end


@dataclass(frozen=True)
class Upload:
    """A file to send: `size` in bytes and `sha256` of its content, which `read` yields in pieces."""

    name: str
    mime_type: str
    size: int
    sha256: str
    read: Callable[[], AsyncGenerator[bytes]]

    def described(self) -> dict[str, str]:
        """As Beam wants it, without the data: `fileSize` is the byte count as text (API.md, POST /agent-tasks)."""
        return {"mimeType": self.mime_type, "fileName": self.name, "fileSize": str(self.size)}


@dataclass(frozen=True)
class JsonWithFiles:
    """A JSON body whose `encodedContextFiles` are read and encoded while it is sent, so that no file is ever held."""

    body: dict[str, Any]
    files: Sequence[Upload]

    @property
    def length(self) -> int:
        """The whole length in bytes, known before anything is read."""
        return sum(4 * ((file.size + 2) // 3) for file in self.files) + sum(map(len, self._frame()))

    async def stream(self) -> AsyncGenerator[bytes]:
        """The body in pieces.

        Raises:
            BadRequest: a file changed while it was read; the request is broken off then.
        """
        *starts, end = self._frame()
        for start, file in zip(starts, self.files, strict=True):
            yield start
            async for piece in _base64(file):
                yield piece
        yield end

    def _frame(self) -> list[bytes]:
        """What stands before each file's data, and after the last."""
        head = json.dumps(self.body, ensure_ascii=False)[:-1]
        starts = [json.dumps(file.described(), ensure_ascii=False)[:-1] + ', "data": "' for file in self.files]
        first = f'{head}, "encodedContextFiles": [{starts[0]}'
        return [part.encode() for part in (first, *('"}, ' + start for start in starts[1:]), '"}]}')]


async def _base64(file: Upload) -> AsyncGenerator[bytes]:
    rest, seen = b"", 0
    async with aclosing(file.read()) as pieces:
        async for piece in pieces:
            seen += len(piece)
            if seen > file.size:
                break
            rest += piece
            whole = len(rest) - len(rest) % 3
            yield base64.b64encode(rest[:whole])
            rest = rest[whole:]
    if seen != file.size:
        raise BadRequest(f"files: {file.name} changed while it was read; nothing was started.", "Try again.")
    yield base64.b64encode(rest)


class _Link(Wire):
    download_url: str = ""

    def lacks(self) -> str | None:
        return None if self.download_url else "link to the file"


async def download_link(beam: Beam, agent_id: str, file_id: str) -> str:
    """A signed link to a file of an agent or its tasks; whoever has it can read the file.

    Raises:
        NotFound: no such file in this workspace.
    """
    agent, file = quote(agent_id, safe=""), quote(file_id, safe="")
    try:
        found = await beam.get(_Link, f"/context/agent/{agent}/file/{file}/download")
    except NotFound:
        found = await beam.get(_Link, f"/agent/{agent}/context/file/{file}/download")
    return found.download_url


async def download(beam: Beam, link: str) -> AsyncGenerator[bytes]:
    """The bytes behind a link of `download_link`, in pieces; until it is closed, it is one of this key's requests.

    Raises:
        BeamError: the link is unsafe, refused or broken, or there are too many requests.
    """
    async with beam.http.shares.turn(beam.identity.mark), aclosing(beam.http.download(link)) as pieces:
        async for piece in pieces:
            yield piece
