"""Where a downloaded file went."""

from pathlib import PurePath
from typing import Self

from beam_mcp.views.text import line, named, quoted
from beam_mcp.views.view import View


class DownloadedView(View):
    """A file that was saved."""

    path: str
    size: str
    kind: str

    @classmethod
    def of(cls, *, path: str, size: int, kind: str) -> Self:
        """`size` in bytes, `kind` as a MIME type."""
        large = (
            f"{size / 1024 / 1024:.1f} MB"
            if size >= 1024 * 1024
            else f"{size / 1024:.1f} kB"
            if size >= 1024
            else f"{size} bytes"
        )
        return cls(path=path, size=large, kind=line(kind, 60))

    def body(self) -> str:
        """One line; a file may be called in whole sentences."""
        file = PurePath(self.path)
        is_plain = named(file.stem) == file.stem and (not file.suffix or file.suffix[1:].isalnum())
        place = self.path if is_plain else quoted(self.path, len(self.path) + 1)
        return f"Saved {place} ({self.size}, {named(self.kind)})."
