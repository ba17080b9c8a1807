"""The settings as a command loads them, from sources that a test fills."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beam_mcp.cli.main import parser
from beam_mcp.settings import Settings, load
from tests.cli.logins import logged_in

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


@pytest.fixture(scope="module")
async def login(tmp_path_factory: pytest.TempPathFactory, url: str) -> Path:
    """A home of somebody who is logged in at the Beam of the module; who changes it, changes a copy."""
    home = tmp_path_factory.mktemp("login")
    await logged_in(home, url)
    return home


@pytest.fixture
def at_home(login: Path, tmp_path: Path) -> Path:
    """Such a home of one's own."""
    shutil.copytree(login, tmp_path, dirs_exist_ok=True)
    return tmp_path
