"""Whatever arguments a model makes up, each tool answers or says in a sentence what is wrong with them."""

import gc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.world import World
from beam_mcp.tools.toolsets import TOOLSETS
from tests.fuzz.wild import QUIET, Json, arguments
from tests.tools.chat import Said, chatting

TOOLS = [verb.name for toolset in TOOLSETS for verb in toolset.tools]
SNAPSHOTS = Path(__file__).parents[1] / "snapshots"

Ask = Callable[[str, Json], Said]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Call a tool, in a world full of tasks whose time stands nearly still, with a folder to read and write."""
    folder = tmp_path_factory.mktemp("allowed")
    (folder / "report.pdf").write_bytes(b"%PDF-1.4")
    talking = chatting(World(speed=0.001), folders=[folder])
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(talking) as chat:
        yield lambda tool, arguments: portal.call(partial(chat.call, tool, **arguments))
    gc.collect()


def schema_of(tool: str) -> Json:
    """What the tool says of its arguments."""
    return from_json((SNAPSHOTS / f"{tool}.json").read_bytes())["inputSchema"]


@pytest.mark.parametrize("tool", TOOLS)
@settings(QUIET, max_examples=25)
@given(data=st.data())
def test_a_tool_takes_any_arguments_and_never_breaks(
    ask: Ask, caplog: pytest.LogCaptureFixture, tool: str, data: st.DataObject
) -> None:
    given_ones: dict[str, Any] = from_json(to_json(data.draw(arguments(schema_of(tool)))))
    said = ask(tool, given_ones)
    assert said.text
    assert "made a mistake" not in said.text
    assert SANDBOX_KEY not in said.text
    assert [record for record in caplog.records if record.exc_info] == []
