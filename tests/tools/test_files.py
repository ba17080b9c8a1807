"""Files between the person's machine and Beam: only in allowed folders, byte for byte, never past the model."""

import base64
import os
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.server.web import web_app

from .chat import Chat, Era, Said, chatting, office_for

pytestmark = pytest.mark.anyio

HOUR = 3600.0
WORK = {"agent": "Invoice Matcher", "query": "Match it"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is allowed, beside one that is not."""
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret", encoding="utf-8")
    return allowed


def received(world: World) -> list[tuple[str, str, str, bytes]]:
    """Name, type, size and bytes of every file that Beam was sent with the last task."""
    sent = next(seen.body for seen in reversed(world.requests) if seen.method == "POST" and seen.path == "/agent-tasks")
    files = sent["encodedContextFiles"]
    return [(f["fileName"], f["mimeType"], f["fileSize"], base64.b64decode(f["data"], validate=True)) for f in files]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_files_in_the_clients_roots_are_sent_byte_for_byte(world: World, folder: Path, mode: Era) -> None:
    data = bytes(range(256)) * 2345
    (folder / "scan.pdf").write_bytes(data)
    (folder / "notes").write_text("just words", encoding="utf-8")
    (folder / "one.csv").write_bytes(b"1")
    async with chatting(world, mode=mode, roots=[folder]) as chat:
        paths = [str(folder / "scan.pdf"), "notes", (folder / "one.csv").as_uri()]
        assert (await chat.ask("create_task", **WORK, files=paths)).startswith("Started")
    assert received(world) == [
        ("scan.pdf", "application/pdf", str(len(data)), data),
        ("notes", "text/plain", "10", b"just words"),
        ("one.csv", "text/csv", "1", b"1"),
    ]


async def test_a_folder_of_the_settings_needs_no_roots(world: World, folder: Path) -> None:
    (folder / "a.txt").write_text("a", encoding="utf-8")
    async with chatting(world, folders=[folder]) as chat:
        await chat.ask("create_task", **WORK, files="a.txt")
    assert received(world)[0][3] == b"a"


async def test_other_content_under_the_same_name_is_other_work(world: World, folder: Path) -> None:
    async with chatting(world, folders=[folder]) as chat:
        for content, word in (("one", "Started"), ("one", "Not started again"), ("two", "Started")):
            (folder / "a.txt").write_text(content, encoding="utf-8")
            assert (await chat.ask("create_task", **WORK, files=["a.txt"])).startswith(word)


@pytest.mark.parametrize(
    "path",
    ["{outside}/secret.txt", "../outside/secret.txt", "{allowed}/../outside/secret.txt", "link.txt", "into/secret.txt"],
)
async def test_a_file_outside_the_allowed_folders_is_refused(world: World, folder: Path, path: str) -> None:
    outside = folder.parent / "outside"
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "into").symlink_to(outside)
    async with chatting(world, folders=[folder]) as chat:
        words = await chat.fail("create_task", **WORK, files=[path.format(outside=outside, allowed=folder)])
    assert "is outside the allowed folders" in words
    assert world.acts == []


async def test_what_is_no_ordinary_file_is_refused_at_once(world: World, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "folder").mkdir()
    async with chatting(world, folders=[folder, Path("/dev")]) as chat:
        with anyio.fail_after(30):
            for name in ("pipe", "folder", "device", "/dev/zero", "missing.txt"):
                words = await chat.fail("create_task", **WORK, files=[name])
                assert words.startswith("files: "), words
    assert world.acts == []


async def test_a_file_that_may_not_be_read_and_one_that_is_too_large_are_refused(world: World, folder: Path) -> None:
    with (folder / "large.bin").open("wb") as large:
        large.truncate(26 * 1024 * 1024)
    async with chatting(world, folders=[folder]) as chat:
        assert "at most 25 MB" in await chat.fail("create_task", **WORK, files=["large.bin"])
        for name in ("a.bin", "b.bin", "c.bin"):
            with (folder / name).open("wb") as part:
                part.truncate(20 * 1024 * 1024)
        assert "at most 50 MB" in await chat.fail("create_task", **WORK, files=["a.bin", "b.bin", "c.bin"])
    assert world.acts == []


async def test_an_empty_file_is_refused_by_name(world: World, folder: Path) -> None:
    (folder / "empty.csv").write_bytes(b"")
    async with chatting(world, folders=[folder]) as chat:
        assert "empty.csv is empty" in await chat.fail("create_task", **WORK, files=["empty.csv"])


async def test_the_whole_disk_is_nobodys_choice(world: World, folder: Path) -> None:
    async with chatting(world, folders=[Path("/")], roots=[Path("/")]) as chat:
        words = await chat.fail("create_task", **WORK, files=[str(folder.parent / "outside" / "secret.txt")])
    assert "outside the allowed folders" in words


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "files: a path is empty."),
        ("z" * 5000, "is no path here: File name too long."),
        ("~nobody-of-this-name/a.txt", "is no path here"),
        ("https://example.com/a.pdf", "is a web address. Put it into urls."),
        ("folder", '"folder" is a folder or a device, not a file. Name an ordinary file.'),
        ("pipe", '"pipe" is a folder or a device, not a file. Name an ordinary file.'),
    ],
)
async def test_what_cannot_be_sent_is_told_its_fault(world: World, folder: Path, path: str, fault: str) -> None:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    async with chatting(world, folders=[folder]) as chat:
        assert fault in await chat.fail("create_task", **WORK, files=[path])
    assert world.acts == []


async def test_a_relative_name_in_two_folders_is_ambiguous(world: World, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for place in (folder, other):
        (place / "a.txt").write_text("a", encoding="utf-8")
    async with chatting(world, folders=[folder, other]) as chat:
        words = await chat.fail("create_task", **WORK, files=["a.txt"])
    assert str(folder / "a.txt") in words
    assert str(other / "a.txt") in words
    assert world.acts == []


async def test_two_files_of_one_name_are_told_apart_by_id(world: World, folder: Path) -> None:
    task = world.add_task("Onboarding Helper", status="COMPLETED", age=HOUR)
    two = [world.add_file(task.agent.id, "report.pdf", data) for data in (b"one", b"two")]
    task.files.extend(two)
    async with chatting(world, folders=[folder]) as chat:
        words = await chat.fail("download_file", file="report.pdf", task=task.custom_id)
        await chat.ask("download_file", file=two[1].id, task=task.custom_id)
    assert all(f"report.pdf (id {file.id})" in words for file in two)
    assert (folder / "report.pdf").read_bytes() == b"two"


async def test_a_name_that_is_no_text_is_sent_under_one_that_is(world: World, folder: Path) -> None:
    odd = os.path.join(os.fsencode(folder), b"odd \xff name\x1b[31m.txt")  # noqa: PTH118 - bytes are no Path
    with open(odd, "wb") as file:  # noqa: PTH123, ASYNC230 - likewise
        file.write(b"odd")
    async with chatting(world, folders=[folder]) as chat:
        said = await chat.call("create_task", **WORK, files=[str(folder)])
        assert said.is_error
        (folder / "ümlaut – 文.txt").write_bytes(b"fine")
        await chat.ask("create_task", **WORK, files=["ümlaut – 文.txt"])
    assert received(world)[0][0] == "ümlaut – 文.txt"


async def saved(chat: Chat, world: World, name: str, data: bytes = b"%PDF-1.4 data") -> Said:
    """Download a file of this name from a task of its own."""
    task = world.add_task("Onboarding Helper", status="COMPLETED", age=HOUR)
    task.files.append(world.add_file(task.agent.id, name, data))
    return await chat.call("download_file", file=name, task=task.custom_id)


async def test_a_file_is_saved_whole_and_a_second_never_over_it(world: World, folder: Path) -> None:
    data = os.urandom(300_000)
    async with chatting(world, folders=[folder]) as chat:
        first = await saved(chat, world, "report.pdf", data)
        second = await saved(chat, world, "report.pdf", b"other")
    assert first.text == f"Saved {folder / 'report.pdf'} (293.0 kB, application/pdf)."
    assert "report (2).pdf (5 bytes" in second.text
    assert (folder / "report.pdf").read_bytes() == data
    assert (folder / "report (2).pdf").read_bytes() == b"other"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".bashrc",
        "a\x00b.pdf",
        "con.pdf",
        "new\nline.pdf",
        "x" * 500,
        "\u202efdp.exe",
    ],
)
async def test_a_hostile_name_leads_nowhere_else(world: World, folder: Path, name: str) -> None:
    async with chatting(world, folders=[folder]) as chat:
        said = await saved(chat, world, name)
    kept = [path for path in folder.parent.rglob("*") if path.is_file() and path.name != "secret.txt"]
    if said.is_error:
        assert kept == []
    else:
        assert [path.parent for path in kept] == [folder]
        assert kept[0].name.lstrip(".") == kept[0].name
        assert kept[0].name.isprintable()
        assert "\n" not in said.text


def lying_in(folder: Path) -> list[str]:
    """What lies in a folder."""
    return [path.name for path in folder.iterdir()]


async def test_a_download_that_breaks_leaves_nothing_behind(world: World, folder: Path) -> None:
    world.faults.add("cut_mid_body", "^/storage/", times=None)
    async with chatting(world, folders=[folder]) as chat:
        said = await saved(chat, world, "report.pdf", os.urandom(200_000))
    assert said.is_error
    assert lying_in(folder) == []


async def test_a_signed_link_and_the_bytes_never_reach_the_model(world: World, folder: Path) -> None:
    async with chatting(world, folders=[folder]) as chat:
        said = await saved(chat, world, "report.pdf", b"CANARY bytes")
    assert "CANARY" not in said.text
    assert "http" not in said.text
    assert all(file.signature not in said.text for file in world.files.values())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_over_http_no_local_file_is_read_or_written(world: World, folder: Path, mode: Era) -> None:
    (folder / "a.txt").write_text("a", encoding="utf-8")
    task = world.add_task("Invoice Matcher", age=HOUR)
    async with office_for(world, folders=[folder]) as office:
        server = build(office)
        app = web_app(server, transport="http")
        transport = httpx2.ASGITransport(app=app)
        async with (
            server.session_manager.run(),
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http,
            Client(streamable_http_client("http://127.0.0.1:8000/mcp", http_client=http), mode=mode) as client,
        ):
            chat = Chat(client, world, office)
            reading = await chat.fail("create_task", **WORK, files=["a.txt"])
            writing = await chat.fail("download_file", file=task.files[0].name, task=task.custom_id)
    assert "cannot be read or written over HTTP" in reading
    assert reading.endswith("Use urls.")
    assert "cannot be read or written over HTTP" in writing
    assert writing.endswith("Get it in the Beam app.")
    assert world.acts == []
