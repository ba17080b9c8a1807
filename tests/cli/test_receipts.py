"""What is on record of a decision whose server is killed before Beam has answered, or whose file takes no line."""

import contextlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, on, run, started
from tests.cli.test_inbox_and_receipts import HOUR, form_of, opened

pytestmark = pytest.mark.anyio


async def test_what_was_under_way_when_the_process_was_killed_is_recorded_as_not_known(tmp_path: Path) -> None:
    world = World(populated=False)
    task = world.add_task("Payment Runner", age=HOUR)
    world.faults.add("latency", "/user-consent$", seconds=PATIENCE)
    audit = tmp_path / "receipts.jsonl"
    async with serving(world) as beam:
        settings = on(beam, BEAM_MCP_AUDIT=str(audit))
        async with (
            started("inbox", "--no-browser", cwd=tmp_path, settings=settings) as inbox,
            httpx2.AsyncClient(trust_env=False, follow_redirects=True) as browser,
            anyio.create_task_group() as tasks,
        ):
            address = await opened(inbox)
            action, mark = form_of((await browser.get(address)).text, task.id)
            tasks.start_soon(_press, browser, urljoin(address, action), {"mark": mark, "choice": "approve"})
            with anyio.fail_after(PATIENCE):
                await world.until(lambda: any(seen.path.endswith("/user-consent") for seen in world.requests))
            inbox.process.kill()
            await inbox.ended()
    [line] = audit.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["result"] == ""
    shown = run("receipts", cwd=tmp_path, BEAM_MCP_AUDIT=str(audit))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.count("approved Send payment on a page, agent Payment Runner") == 1
    assert "then: not known, the server was stopped" in shown.stdout


async def _press(browser: httpx2.AsyncClient, action: str, data: dict[str, str]) -> None:
    with contextlib.suppress(httpx2.TransportError):
        await browser.post(action, data=data)


def test_both_lines_of_a_decision_are_shown_as_one(tmp_path: Path) -> None:
    audit = tmp_path / "receipts.jsonl"
    one = {"task": "INV-1", "task_id": "t", "step_id": "s", "agent": "A", "reached": "chat", "decision": "answered"}
    begun: dict[str, Any] = one | {"id": "1", "shown": {}, "sent": {}}
    lines = [begun, begun | {"id": "2", "task": "INV-2"}, begun | {"result": "working"}]
    audit.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    shown = run("receipts", cwd=tmp_path, BEAM_MCP_AUDIT=str(audit))
    assert "INV-1" in shown.stdout.splitlines()[0]
    assert "then: working" in shown.stdout.splitlines()[1]
    assert "INV-2" in shown.stdout.splitlines()[2]
    assert "then: not known" in shown.stdout.splitlines()[3]
    assert len(shown.stdout.splitlines()) == 4


@pytest.mark.parametrize(
    ("audit", "is_wrong"), [(".", True), ("file/receipts.jsonl", True), ("new/r.jsonl", False), ("", False)]
)
def test_the_doctor_says_when_receipts_cannot_be_written_and_makes_no_file(
    tmp_path: Path, audit: str, *, is_wrong: bool
) -> None:
    (tmp_path / "file").touch()
    shown = run("doctor", "--sandbox", "--json", cwd=tmp_path, BEAM_MCP_AUDIT=audit and str(tmp_path / audit))
    said = [check for check in json.loads(shown.stdout)["checks"] if check["name"] == "receipts"]
    assert [(check["state"], "BEAM_MCP_AUDIT" in check["fix"]) for check in said] == [("warn", True)] * is_wrong
    assert not (tmp_path / "new").exists()
