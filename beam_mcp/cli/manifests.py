"""Everything that registries, clients and containers read about this server, made from the code."""

import zlib
from pathlib import Path
from typing import Any

from beam_mcp.cli.manifests_bundle import NoRequirements, manifest, write_bundle
from beam_mcp.cli.manifests_clients import readme, ready
from beam_mcp.cli.manifests_docker import docker
from beam_mcp.cli.manifests_icon import png, svg
from beam_mcp.cli.manifests_registry import server_json
from beam_mcp.cli.manifests_texts import as_json
from beam_mcp.cli.screen import complain, screen

_STALE, _WRONG = 1, 2
_ICON = "icon.png"


def made() -> dict[str, bytes]:
    """Every file, by its path below `manifests/`."""
    texts = {
        "README.md": readme(),
        "server.json": as_json(server_json()),
        "claude-desktop/manifest.json": as_json(manifest()),
        "icon.svg": svg(),
        **docker(),
        **ready(),
    }
    return {f"claude-desktop/{_ICON}": png(), **{name: text.encode() for name, text in texts.items()}}


def manifests(given: dict[str, Any]) -> int:
    """Write them, check them or write the bundle; return the exit code, 1 if what is there is out of date."""
    folder = Path(given["out"] or ("dist" if given["bundle"] else "manifests"))
    try:
        if given["check"]:
            return _checked(folder)
        folder.mkdir(parents=True, exist_ok=True)
        written = [write_bundle(folder)] if given["bundle"] else _write(folder)
    except OSError as error:
        complain(f"{error.filename or folder} cannot be written ({error.strerror}).")
        return _WRONG
    except NoRequirements as error:
        complain(f"{error}.")
        return _WRONG
    screen().print(*written, sep="\n")
    return 0


def _write(folder: Path) -> list[Path]:
    files = made()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _checked(folder: Path) -> int:
    stale = [name for name, content in made().items() if not _is_current(folder / name, content)]
    if not stale:
        return 0
    others = f" and {len(stale) - 3} more" if len(stale) > 3 else ""
    named = ", ".join(str(folder / name) for name in stale[:3])
    complain(f"out of date: {named}{others}; run beam-mcp manifests.")
    return _STALE


def _is_current(path: Path, content: bytes) -> bool:
    if not path.is_file():
        return False
    there = path.read_bytes()
    # Two builds of zlib compress alike pixels to unlike bytes, and git may give texts the line ends of the system.
    return _drawn(there) == _drawn(content) if path.name == _ICON else there.replace(b"\r\n", b"\n") == content


def _drawn(image: bytes) -> bytes:
    """The pixels of a PNG that we wrote."""
    start = image.find(b"IDAT") + 4
    try:
        return zlib.decompress(image[start : image.rfind(b"IEND") - 8])
    except zlib.error:
        return b""
