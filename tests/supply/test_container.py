"""The container runs read-only, as nobody in particular, and still serves; what it cannot write it says in words."""

import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, Started, on, started
from tests.cli.wires import LEGACY, MODERN, OverHttp, OverStdio, Speaker

from .container import INSTALLED, Stage, as_run, stages, why_not
from .dependencies import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can be run here")]
IMAGE: Stage = stages((ROOT / "manifests" / "Dockerfile").read_text(encoding="utf-8"))[-1]
CARRIED = ["python", "-m", "beam_mcp.cli"]
TRIES = """
import os, sys
for place in sys.argv[1:]:
    try:
        open(os.path.join(place, "written"), "w").close()
    except OSError as error:
        print(place, error.strerror)
    else:
        print(place, "written")
said = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(os.getuid(), os.getgid(), said["CapEff"], said["CapPrm"], said["NoNewPrivs"])
"""


class Box:
    """How a command is run as in the container: `command` is what comes before its arguments."""

    def __init__(self, image: str | None) -> None:
        self.truly = image is not None and os.geteuid() == 0
        self.mounts = {INSTALLED: image or sys.prefix} | ({} if image else {"/opt/source": str(ROOT)})
        self.entry = json.loads(IMAGE.one("ENTRYPOINT")) if image else CARRIED
        self.path = {} if image else {"PYTHONPATH": "/opt/source"}

    def command(self, *words: str, **settings: str) -> list[str]:
        """The whole line."""
        return [*as_run(IMAGE, self.mounts, truly=self.truly, **self.path, **settings), *(words or self.entry)]


@pytest.fixture
def box(request: pytest.FixtureRequest) -> Box:
    return Box(request.config.getoption("--image", default=None))


def inner(process: int) -> int:
    """The process that was started inside, by the number it has outside; inside it is the first one, as in Docker."""
    while children := Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split():
        process = int(children[0])
    return process


async def said_by(command: list[str]) -> tuple[int, str, str]:
    """How it ended, and what it wrote."""
    with anyio.fail_after(PATIENCE):
        done = await anyio.run_process(command, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@asynccontextmanager
async def running(box: Box, folder: Path, **settings: str) -> AsyncGenerator[Started]:
    """The entry point of the image, on this machine's loopback and a Beam of ours."""
    async with serving(World()) as url, started(cwd=folder, command=box.command(**on(url), **settings)) as server:
        yield server


async def test_nothing_can_be_written_but_tmp_and_there_are_no_rights(box: Box) -> None:
    places = ["/", "/etc", "/usr", "/var", INSTALLED, f"{INSTALLED}/lib", "/home", "/root", "/tmp"]
    code, said, errors = await said_by(box.command("python", "-c", TRIES, *places))
    *tried, rights = said.splitlines()
    assert (code, errors) == (0, "")
    assert [line for line in tried if line.endswith("written")] == ["/tmp written"]
    assert len(tried) == len(places)
    assert rights == f"10001 10001 {'0' * 16} {'0' * 16} 1"


async def test_it_serves_over_http_and_its_health_is_asked_as_the_image_asks_it(box: Box, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    here = {"BEAM_MCP_HOST": "127.0.0.1", "BEAM_MCP_PORT": port}
    asks = json.loads(IMAGE.one("HEALTHCHECK").partition(" CMD ")[2])
    async with running(box, tmp_path, **here) as server:
        async with httpx2.AsyncClient(base_url=await server.address(), trust_env=False) as http:
            for version in (LEGACY[-1], MODERN):
                speaker = Speaker(OverHttp(http), version)
                await speaker.greet()
                assert "Invoice Matcher" in await speaker.call("list_agents")
        assert await said_by(box.command(*asks, **here)) == (0, "", "")
        os.kill(inner(server.process.pid), signal.SIGTERM)
        assert await server.ended() == 0
        assert server.errors.count(b"\n") == 1, server.errors.decode()
    code, _, _ = await said_by(box.command(*asks, **here))
    assert code != 0


async def test_it_serves_on_stdio_and_says_where_no_receipt_can_be_kept(box: Box, tmp_path: Path) -> None:
    async with running(box, tmp_path, BEAM_MCP_TRANSPORT="stdio", BEAM_MCP_CONSENT="chat") as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        assert "INV-103" in await speaker.call("get_pending_questions")
        answered = await speaker.call("answer_questions", task="INV-103", answers={"1": "PO-2291"})
        assert answered.startswith("Answered INV-103")
        await server.hang_up()
        assert await server.ended() == 0
        told = server.errors.decode().splitlines()
    place = "/.local/share/beam-mcp/receipts.jsonl (Read-only file system)"
    advice = "BEAM_MCP_AUDIT names another file, or none if empty."
    assert set(told) == {
        f"WARNING beam_mcp.tools.carried: The receipt for INV-103 could not be written to {place}; {advice}"
    }


async def test_a_receipt_is_kept_where_a_volume_is_named(box: Box, tmp_path: Path) -> None:
    settings = {"BEAM_MCP_TRANSPORT": "stdio", "BEAM_MCP_CONSENT": "chat"}
    async with running(box, tmp_path, **settings, BEAM_MCP_AUDIT="/tmp/receipts.jsonl") as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        assert await speaker.call("answer_questions", task="INV-103", answers={"1": "PO-2291"})
        await server.hang_up()
        assert await server.ended() == 0
        assert server.errors.decode() == ""


async def test_a_login_that_cannot_be_kept_is_refused_in_words(box: Box) -> None:
    async with serving(World()) as url:
        settings = {"BEAM_API_URL": url, "BEAM_MCP_ALLOWED_HOSTS": "localhost"}
        with anyio.fail_after(PATIENCE):
            line = box.command(*box.entry, "login", "--key-stdin", **settings)
            told = await anyio.run_process(line, input=SANDBOX_KEY.encode(), check=False)
    said = told.stderr.decode()
    assert (told.returncode, told.stdout, said.count("\n")) == (1, b"", 1)
    assert "/.config/beam-mcp" in said
    assert said.endswith("Nothing was stored.\n")
