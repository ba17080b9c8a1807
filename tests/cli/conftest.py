"""The settings as a command loads them, from sources that a test fills."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beam_mcp.cli.main import parser
from beam_mcp.settings import Settings, load

Enter = Callable[..., Settings]


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Enter:
    """Load the settings as a command does: flags typed, variables set, a `.env` in the current folder."""
    for name in os.environ:
        if name.upper().startswith("BEAM_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def entered(*flags: str, dotenv: str | bytes | None = None, **variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        if dotenv is not None:
            content = dotenv.encode() if isinstance(dotenv, str) else dotenv
            (tmp_path / ".env").write_bytes(content)
        given: dict[str, Any] = vars(parser().parse_args(flags))
        return load({name: value for name, value in given.items() if name != "command"})

    return entered
