"""`beam-mcp inbox` and `beam-mcp receipts`: deciding in a browser, and what is kept of it."""

import json
import os
import re
import stat
import sys
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import TextContent

from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.batches import Command, told
from tests.cli.processes import PATIENCE, SIGNALS, Started, on, run, started, surroundings

pytestmark = pytest.mark.anyio

HOUR = 3600.0


async def opened(command: Started) -> str:
    """The address that the command says."""
    with anyio.fail_after(PATIENCE):
        while True:
            line = (await command.line()).decode()
            if found := re.search(r"http://127\.0\.0\.1:\d+/inbox/\S+", line):
                return found[0]


def form_of(html: str, task_id: str) -> tuple[str, str]:
    """Where the form of a task leads, and its mark."""
    found = re.search(
        rf'<form[^>]*action="([^"]+)"[^>]*data-task="{task_id}"[^>]*>.*?name="mark" value="(\w+)"', html, re.DOTALL
    )
    assert found, html
    return found[1].replace("&amp;", "&"), found[2]


async def test_what_is_decided_in_the_inbox_moves_the_task_on_and_the_chat_knows(tmp_path: Path) -> None:
    world = World(populated=False)
    asks, wants = world.add_task("Invoice Matcher", age=HOUR), world.add_task("Payment Runner", age=HOUR)
    audit = tmp_path / "kept" / "receipts.jsonl"
    async with serving(world) as beam:
        settings = on(beam, BEAM_MCP_AUDIT=str(audit))
        async with started("inbox", "--no-browser", cwd=tmp_path, settings=settings) as inbox:
            address = await opened(inbox)
            async with httpx2.AsyncClient(
                base_url=address.partition("/inbox/")[0], trust_env=False, follow_redirects=True
            ) as browser:
                page = (await browser.get(address)).text
                action, mark = form_of(page, asks.id)
                answered = await browser.post(action, data={"mark": mark, "choice": "answer", "answer_1": "PO-7"})
                assert "Answered" in answered.text
                assert "PO-7" in answered.text
                action, mark = form_of(answered.text, wants.id)
                approved = await browser.post(action, data={"mark": mark, "choice": "approve", "feedback": "go"})
                assert "Approved" in approved.text
                assert "Nothing waits for you" in (await browser.get(address)).text
            process = StdioServerParameters(
                command=sys.executable, args=["-m", "beam_mcp.cli"], env=surroundings(**settings), cwd=tmp_path
            )
            async with Client(process) as chat:
                said = (await chat.call_tool("get_pending_questions", {})).content[0]
            assert isinstance(said, TextContent)
            assert "Nothing waits for you" in said.text
            if SIGNALS:
                inbox.process.send_signal(SIGNALS[0])
                assert await inbox.ended() in {0, 130}
                assert b"Traceback" not in inbox.errors
    assert [act.kind for act in world.acts] == ["user-input", "user-consent"]
    arguments: list[list[str]] = [["--json"], [], ["--json", "--task", wants.custom_id]]
    read = [Command(["receipts", *given], tmp_path, {"BEAM_MCP_AUDIT": str(audit)}) for given in arguments]
    printed, shown, one = await told(read)
    kept = [json.loads(line) for line in printed.out.splitlines()]
    assert [(one["task_id"], one["decision"], one["reached"]) for one in kept] == [
        (asks.id, "answered", "page"),
        (wants.id, "approved", "page"),
    ]
    assert kept[0]["sent"]["answers"][0]["answer"] == "PO-7"
    assert kept[1]["shown"]["parameters"]["iban"] == "DE89370400440532013000"
    assert kept[1]["sent"] == {"edited": {}, "feedback": "go"}
    assert SANDBOX_KEY not in audit.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(audit.stat().st_mode) == 0o600
        assert stat.S_IMODE(audit.parent.stat().st_mode) == 0o700

    assert (shown.code, shown.errors) == (0, "")
    assert re.search(r"answered on a page, agent Invoice Matcher", shown.out)
    assert re.search(r"approved Send payment on a page, agent Payment Runner", shown.out)
    assert [json.loads(line)["decision"] for line in one.out.splitlines()] == ["approved"]


async def test_an_empty_setting_keeps_no_receipts(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "LOCALAPPDATA": str(tmp_path / "data")}
    kept: dict[str, bool] = {}
    for name, audit in (("off", {"BEAM_MCP_AUDIT": ""}), ("on", {})):
        world = World(populated=False)
        task = world.add_task("Invoice Matcher", age=HOUR)
        async with serving(world) as beam:
            environment = surroundings(**on(beam, **home, **audit))
            process = StdioServerParameters(
                command=sys.executable, args=["-m", "beam_mcp.cli"], env=environment, cwd=tmp_path
            )
            async with Client(process) as chat:
                await chat.call_tool("answer_questions", {"task": task.custom_id, "answers": {"1": "PO-1"}})
        assert len(world.acts) == 1
        kept[name] = bool(run("receipts", "--json", cwd=tmp_path, **home).stdout)
    assert kept == {"off": False, "on": True}
    shown = run("receipts", cwd=tmp_path, **home)
    assert "answered in the chat, agent Invoice Matcher" in shown.stdout


def test_lines_that_are_no_receipts_are_counted_and_left_out(tmp_path: Path) -> None:
    audit = tmp_path / "receipts.jsonl"
    audit.write_bytes(b"{}\nnot json\n\xff\xfe\n")
    shown = run("receipts", cwd=tmp_path, BEAM_MCP_AUDIT=str(audit))
    assert shown.returncode == 1
    assert "No receipts in" in shown.stdout
    assert "3 lines" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    shown = run("receipts", cwd=tmp_path, BEAM_MCP_AUDIT=str(tmp_path))
    assert shown.returncode == 2
    assert shown.stderr.startswith("beam-mcp: BEAM_MCP_AUDIT (--audit): ")
    assert shown.stderr.count("\n") == 1


async def test_a_receipt_that_cannot_be_written_does_not_stop_the_decision(tmp_path: Path) -> None:
    world = World(populated=False)
    task = world.add_task("Invoice Matcher", age=HOUR)
    async with serving(world) as beam:
        environment = surroundings(**on(beam, BEAM_MCP_AUDIT=str(tmp_path)))
        process = StdioServerParameters(
            command=sys.executable, args=["-m", "beam_mcp.cli"], env=environment, cwd=tmp_path
        )
        async with Client(process) as chat:
            said = await chat.call_tool("answer_questions", {"task": task.custom_id, "answers": {"1": "PO-1"}})
    assert not said.is_error
    assert len(world.acts) == 1


async def test_where_nothing_may_be_decided_there_is_no_inbox_page(tmp_path: Path) -> None:
    forbidden = {
        "BEAM_MCP_READ_ONLY (--read-only)": {"BEAM_MCP_READ_ONLY": "yes"},
        "BEAM_MCP_TOOLSETS (--toolsets)": {"BEAM_MCP_TOOLSETS": "agents,tasks"},
    }
    keyed = {"BEAM_API_KEY": "k", "BEAM_WORKSPACE_ID": "w"}
    typed = [Command(["inbox", "--no-browser"], tmp_path, keyed | settings) for settings in forbidden.values()]
    for named, shown in zip(forbidden, await told(typed), strict=True):
        assert (shown.code, shown.out) == (2, "")
        assert shown.errors.startswith(f"beam-mcp: {named}: ")
        assert shown.errors.count("\n") == 1
