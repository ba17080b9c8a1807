"""The inbox says how much of it was read."""

from datetime import UTC, datetime

from beam_mcp.beam.task import Task
from beam_mcp.views.inbox import InboxItem, InboxView


def test_an_inbox_that_was_read_in_part_says_so() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    items = [InboxItem.of(Task(id=str(number), status="USER_INPUT_REQUIRED"), now) for number in range(1000)]
    view = InboxView.of(items, page=1, workspace="w", at_beam=1200)
    assert view.body().startswith("1,000 of 1,200 waiting tasks were read (")
