"""A form that nobody ever answers: the call ends after a day, and nothing was sent."""

import asyncio

import anyio
import pytest

from beam_mcp.sandbox.world import World
from tests.beam.hurried import Hurried
from tests.tools.chat import Human, Said, chatting

HOUR, DAY = 3600.0, 24 * 3600.0  # seconds
WORDS = "Nobody answered for a day, so nothing was sent. Call {} again when the person is there."


class Gone(Human):
    """A person who left with the form open; `was_awaited` if the call still waited when the day was nearly over."""

    was_awaited = False

    async def meanwhile(self) -> None:
        """Most of a day passes, the rest of it, and after a while another day."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Hurried)
        loop.push(DAY - HOUR)
        await anyio.sleep(5)
        self.was_awaited = True
        for seconds in (HOUR, DAY):
            loop.push(seconds)
            await anyio.sleep(5)
        await anyio.sleep_forever()


@pytest.mark.parametrize(
    ("tool", "agent"), [("approve_step", "Payment Runner"), ("answer_questions", "Invoice Matcher")]
)
def test_after_a_day_it_is_told_and_nothing_was_sent(tool: str, agent: str) -> None:
    world = World()
    task, human = world.add_task(agent, age=HOUR), Gone()

    async def call() -> Said:
        async with chatting(world, mode="legacy", human=human) as chat:
            with anyio.fail_after(1.5 * DAY):
                return Said(await chat.client.call_tool(tool, {"task": task.custom_id}))

    said = anyio.run(call, backend_options={"loop_factory": Hurried})
    assert said.is_error
    assert human.was_awaited
    assert said.text == WORDS.format(tool)
    assert len(human.seen) == 1
    assert world.acts == []
