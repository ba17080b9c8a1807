"""What a person writes into a field of an action is what is sent, to the letter and the digit, or nothing is."""

from typing import Any

import pytest

from beam_mcp.sandbox.world import World
from tests.tools.chat import Human, chatting

from .paged import paged, wanting

pytestmark = pytest.mark.anyio


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)


@pytest.mark.parametrize(("given", "written"), [(" rm -rf /tmp/x ", "rm -rf /tmp/x"), ("a", "a "), ("  ", "")])
async def test_blanks_that_a_person_took_away_or_added_are_an_edit(world: World, given: str, written: str) -> None:
    task = wanting(world, {"command": given})
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        assert (await pages.send(page, "approve", parameter_1=written)).status == 200
    assert pages.acts()[0][1]["toolParameters"]["command"] == written


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_blanks_that_a_client_trimmed_from_a_form_are_no_edit(world: World, mode: Any) -> None:
    task = wanting(world, {"command": " rm -rf /tmp/x "})
    human = Human(content={"decision": "approve", "parameter_1": "rm -rf /tmp/x"})
    async with chatting(world, mode=mode, human=human) as chat:
        await chat.ask("approve_step", task=task.custom_id)
    assert "toolParameters" not in world.acts[0].payload


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0.10", 0.1),
        ("-7", -7),
        ("9007199254740991", 9007199254740991),
        ("1e3", 1000.0),
        ("1000000000000000000000", 10**21),
        ("0.000001", 0.000001),
        ("0e999", 0.0),
    ],
)
async def test_a_number_is_sent_as_it_was_written(world: World, written: str, number: float) -> None:
    task = wanting(world, {"amount": 120.5})
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        assert (await pages.send(page, "approve", parameter_1=written)).status == 200
    given = pages.acts()[0][1]["toolParameters"]["amount"]
    assert (given, type(given)) == (number, type(number))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (120.5, "1e400"),
        (120.5, "-1e400"),
        (120.5, "1e-400"),
        (120.5, "9007199254740993"),
        (120.5, "12345678901234567.89"),
        (120.5, "0.12345678901234567891"),
        ({"amount": 1}, '{"amount": 1e400}'),
    ],
)
async def test_a_number_that_cannot_be_sent_as_written_is_refused(world: World, given: Any, written: str) -> None:
    task = wanting(world, {"amount": given})
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        again = await pages.send(page, "approve", parameter_1=written)
        assert again.status == 409
        assert "Nothing was sent." in again
        assert again.form.fields["parameter_1"] == written
        assert not pages.acts()
