"""The servers that are compared: ours, the SDK's alone, and one generated from Beam's OpenAPI document."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.cli.processes import COMMAND, ROOT, on, surroundings

OPENAPI = ROOT.parent / "shared" / "beam-api" / "openapi-reconstructed.json"
FASTMCP = "fastmcp==4.1.2"
PLACE = Path(tempfile.gettempdir()) / "beam-mcp-benchmarks"

_GENERATED = """
import json, sys
import httpx2
from fastmcp import FastMCP
document, url, key, workspace = sys.argv[1:]
headers = {"x-api-key": key, "current-workspace-id": workspace}
client = httpx2.AsyncClient(base_url=url, headers=headers, timeout=60)
spec = json.load(open(document))
FastMCP.from_openapi(spec, client=client, name="generated").run(show_banner=False, log_level="ERROR")
"""


def ours(url: str, *flags: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of beam-mcp over a Beam at this address."""
    return [*COMMAND, *flags], surroundings(**on(url))


def bare(url: str, *flags: str) -> tuple[list[str], dict[str, str]]:
    """The SDK's MCPServer with two trivial tools, one of which reads from the same address."""
    return [sys.executable, "-m", "tests.benchmarks.bare", url, *flags], surroundings()


def generated(url: str) -> tuple[list[str], dict[str, str]]:
    """FastMCP.from_openapi, in an environment of its own."""
    if not OPENAPI.exists():
        raise SystemExit(f"FastMCP is generated from Beam's OpenAPI document, which is not at {OPENAPI}.")
    settings = on(url)
    given = [str(OPENAPI), url, settings["BEAM_API_KEY"], settings["BEAM_WORKSPACE_ID"]]
    return [str(_fastmcp()), "-c", _GENERATED, *given], surroundings()


def _fastmcp() -> Path:
    """The Python of a virtual environment that has FastMCP; made on first use."""
    folder = PLACE / FASTMCP
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / "complete").exists():
        _run(sys.executable, "-m", "venv", "--clear", str(folder), env={})
        _run(str(python), "-m", "pip", "install", "--quiet", FASTMCP, env=dict(os.environ))
        (folder / "complete").touch()
    return python


def _run(*command: str, env: Mapping[str, str]) -> None:
    subprocess.run(command, check=True, env=dict(env) or None)  # noqa: S603 - our own commands
