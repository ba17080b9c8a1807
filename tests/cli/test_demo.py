"""The demo as somebody without an account runs it, in a pipe."""

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.processes import COMMAND, surroundings

LIMIT = 90.0
LAST_LINE = r"Beam sent [\d,]+ bytes of JSON in \d+ answers; the model read about [\d,]+ tokens in 6 answers\.\n$"

# A folder of the person's own that would derail a server: nothing in it may reach the demo.
FOREIGN_DOTENV = "BEAM_MCP_TRANSPORT=http\nBEAM_MCP_READ_ONLY=1\nBEAM_API_URL=https://evil.example\n"


@dataclass
class Showing:
    """A demo under way."""

    process: "subprocess.Popen[str]"
    began: float
    typed: str

    def seen(self) -> tuple[int, str, str]:
        """Its exit code, what it showed and what it complained about."""
        out, err = self.process.communicate(self.typed, timeout=LIMIT)
        assert time.monotonic() - self.began < LIMIT + 5
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def showings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Showing]]:
    """All demos at once, since each mostly waits for its agent."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / ".env").write_text(FOREIGN_DOTENV)
    (folder / "mcp.py").write_text("raise SystemExit('a module of the person')")
    started = {
        "plain": _start(folder, [], ""),
        "typed": _start(folder, ["--ask"], "PO-7777\n"),
        "eof": _start(folder, ["--ask"], ""),
        "narrow": _start(folder, [], "", PYTHONIOENCODING="cp1252", PYTHONUTF8="0"),
    }
    yield started
    for showing in started.values():
        showing.process.kill()
        showing.process.communicate()


def _start(folder: Path, arguments: list[str], typed: str, **more: str) -> Showing:
    encoding = more.get("PYTHONIOENCODING", "utf-8")
    # Started as the installed command is, which does not look for modules in the current folder.
    start = [COMMAND[0], "-P", *COMMAND[1:], "demo", *arguments]
    process = subprocess.Popen(  # noqa: S603 - our own command
        start,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding=encoding,
        cwd=folder,
        env=surroundings(**more),
    )
    return Showing(process, time.monotonic(), typed)


def test_it_does_the_main_job_and_ends_with_what_it_cost(showings: dict[str, Showing]) -> None:
    code, shown, complaints = showings["plain"].seen()
    assert (code, complaints) == (0, "")
    for tool in ("list_agents", "create_task", "get_pending_questions", "answer_questions"):
        assert f"model {tool}(" in shown
    assert shown.count("model wait_for_tasks(") == 2
    assert "Tell it PO-2291." in shown
    assert "was matched to PO-2291 and booked" in shown
    assert re.search(LAST_LINE, shown)
    assert "\x1b" not in shown


def test_it_is_plain_in_a_pipe(showings: dict[str, Showing]) -> None:
    code, shown, _ = showings["narrow"].seen()
    assert code == 0
    assert "\x1b" not in shown
    assert "\r" not in shown


def test_a_typed_answer_reaches_the_agent(showings: dict[str, Showing]) -> None:
    code, shown, complaints = showings["typed"].seen()
    assert (code, complaints) == (0, "")
    assert "Tell it PO-7777." in shown
    assert "was matched to PO-7777 and booked" in shown


def test_no_answer_is_the_usual_answer(showings: dict[str, Showing]) -> None:
    code, shown, complaints = showings["eof"].seen()
    assert (code, complaints) == (0, "")
    assert "Tell it PO-2291." in shown


def test_it_goes_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    showing = _start(tmp_path, [], "")
    assert showing.process.stdin is not None
    assert showing.process.stdout is not None
    assert showing.process.stderr is not None
    showing.process.stdin.close()
    assert showing.process.stdout.readline().startswith("beam-mcp demo")
    showing.process.stdout.close()
    assert showing.process.wait(timeout=LIMIT) != 0
    assert showing.process.stderr.read() == ""
    showing.process.stderr.close()
