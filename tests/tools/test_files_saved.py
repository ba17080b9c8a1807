"""Downloads: only into the folder that is allowed, under a name that is free on every system, whole or not at all."""

import shutil
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.transport import MOST_OF_ONE
from beam_mcp.sandbox.world import World
from beam_mcp.tools.folders import Folders

from .chat import PATIENCE, Chat, Said, chat_in, chatting, office_for

pytestmark = pytest.mark.anyio

WORK = {"agent": "Invoice Matcher", "query": "Match it"}
PIECES = 200_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is allowed, beside one that is not."""
    for name in ("allowed", "outside"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "a.txt").write_text(
            "inside" if name == "allowed" else "the secret outside", encoding="utf-8"
        )
    return tmp_path / "allowed"


def lying_below(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with the bytes of ordinary files."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}


async def saved(chat: Chat, world: World, name: str, data: bytes = b"%PDF-1.4 data", **more: Any) -> Said:
    """Download a file of this name from a task of its own."""
    task = world.add_task("Onboarding Helper", status="COMPLETED", age=3600)
    file = world.add_file(task.agent.id, name, data, **more)
    task.files.append(file)
    return await chat.call("download_file", file=file.id, task=task.custom_id)


async def test_a_folder_that_is_a_link_is_the_folder_it_leads_to(world: World, folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    async with chatting(world, folders=[link]) as chat:
        await chat.ask("create_task", **WORK, files=["deep/a.txt"])
        await chat.ask("create_task", **WORK, files=[str(link / "deep" / "a.txt")], again=True)
        said = await saved(chat, world, "report.pdf")
    assert said.text.startswith(f"Saved {folder / 'report.pdf'} ")


@pytest.mark.parametrize(
    ("there", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Report.PDF", "report.pdf"),
        ("STRASSE.txt", "straße.txt"),
        ("Cafe\u0301.txt", "Caf\u00e9.txt"),
        ("ﬁle.txt", "FILE.txt"),
    ],
)
async def test_a_name_that_is_another_elsewhere_takes_a_number(
    world: World, folder: Path, there: str, name: str
) -> None:
    (folder / there).write_bytes(b"was here before")
    before = lying_below(folder)
    async with chatting(world, folders=[folder]) as chat:
        said = await saved(chat, world, name)
    stem, ending = name.rsplit(".", 1)
    new = {path: data for path, data in lying_below(folder).items() if path not in before}
    assert new == {f"{stem} (2).{ending}": b"%PDF-1.4 data"}, said.text
    assert lying_below(folder) == before | new


@pytest.mark.parametrize("target", ["deep/a.txt", "../outside/deep/a.txt", "../outside/new.txt", "/dev/null"])
async def test_a_link_that_bears_the_name_is_neither_followed_nor_replaced(
    world: World, folder: Path, target: str
) -> None:
    (folder / "report.pdf").symlink_to(target)
    before = lying_below(folder.parent)
    async with chatting(world, folders=[folder]) as chat:
        said = await saved(chat, world, "report.pdf")
    after = lying_below(folder.parent)
    assert "report (2).pdf" in said.text
    assert {name: data for name, data in after.items() if name in before} == before
    assert set(after) - set(before) == {"allowed/report (2).pdf"}
    assert (folder / "report.pdf").is_symlink()


async def test_a_download_that_is_too_large_or_given_up_leaves_nothing_behind(folder: Path) -> None:
    waits = anyio.Event()

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"x" * PIECES
        waits.set()
        await anyio.sleep_forever()

    before = lying_below(folder)
    with pytest.raises(BadRequest, match="larger than"):
        await Folders.of([folder]).save("report.pdf", pieces(), most=PIECES - 1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: Folders.of([folder]).save("report.pdf", pieces(), most=2 * PIECES))
        await waits.wait()
        assert "report.pdf" in lying_below(folder)
        tasks.cancel_scope.cancel()
    assert lying_below(folder) == before


@pytest.mark.parametrize(
    "base",
    [
        "http://files.example",
        "ftp://127.0.0.1",
        "file:///etc",
        "javascript:alert(1)//",
        "//files.example",
        "http://127.0.0.1\\@files.example",
        "http://127.0.0.1@files.example",
        "https://a\x00b",
        "https://[::1",
        "https://me:hush@files.example",
    ],
)
async def test_a_link_that_others_could_read_along_is_not_followed(world: World, folder: Path, base: str) -> None:
    world.download_base = base
    before = lying_below(folder)
    async with chatting(world, folders=[folder]) as chat:
        said = await saved(chat, world, "report.pdf")
    assert "not safe to follow" in said.text
    assert lying_below(folder) == before


async def test_a_folder_that_cannot_be_written_is_told(world: World, folder: Path) -> None:
    async with chatting(world, folders=[folder]) as chat:
        shutil.rmtree(folder)
        said = await saved(chat, world, "report.pdf")
    assert said.is_error
    assert "No folder is allowed for downloads" in said.text


def test_a_saved_file_can_be_run_by_nobody(folder: Path) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"#!/bin/sh"

    path = anyio.run(lambda: Folders.of([folder]).save("run.sh", pieces(), most=100)).path
    assert not stat.S_IMODE(path.stat().st_mode) & 0o111


async def test_a_download_is_one_of_the_requests_that_a_key_may_have_under_way(world: World, folder: Path) -> None:
    async with office_for(world, folders=[folder]) as office, chat_in(office, world) as chat:
        shares = office.http.shares
        shares.patience = 0.2
        assert "Saved " in await saved(chat, world, "first.pdf")
        assert not shares.busy
        world.faults.add("latency", "^/storage/", seconds=PATIENCE, times=None)
        before = len(world.requests)
        async with anyio.create_task_group() as tasks:
            for _ in range(MOST_OF_ONE):
                tasks.start_soon(saved, chat, world, "slow.pdf")
            while sum(seen.path.startswith("/storage/") for seen in world.requests[before:]) < MOST_OF_ONE:
                await anyio.lowlevel.checkpoint()
            assert "16 calls with this key are waiting for Beam already." in await chat.fail("list_agents")
            tasks.cancel_scope.cancel()
        with anyio.fail_after(PATIENCE):
            while shares.busy:
                await anyio.lowlevel.checkpoint()
