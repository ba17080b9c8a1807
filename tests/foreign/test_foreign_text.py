"""Foreign text mixed at will, harmless text, and ids that pass for others: what the one rule makes of each."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.sandbox.world import World
from beam_mcp.views.cleaning import clean, escaped, tame
from beam_mcp.views.text import block, line, named, quoted
from tests.foreign import checks
from tests.foreign.bodies import WHEN, serve, uid
from tests.foreign.corpus import CORPUS, HARMLESS, LONG
from tests.foreign.corpus_words import IDS
from tests.tools.chat import chatting

pytestmark = pytest.mark.anyio

SHORT = [attack.text for attack in CORPUS if len(attack.text) < LONG]
# Whole attacks, halves of them, and the signs they are made of.
BITS = [
    *SHORT,
    *(t[: len(t) // 2] for t in SHORT),
    *(t[len(t) // 2 :] for t in SHORT),
    *"<>[](){}!|/`~\"'\\:\n\r\x1b\u200d\u0301",
]
mixed = st.lists(st.sampled_from(BITS) | st.text(max_size=8), max_size=8).map("".join)


@settings(max_examples=150)
@given(mixed)
def test_whatever_is_mixed_is_tame_afterwards_and_stays_as_it_is(text: str) -> None:
    said = tame(text)
    assert checks.in_words(said[:5000]) == []
    assert tame(said) == said
    assert not [line for line in said.split("\n") if checks.OURS.match(line)]
    fenced = block(said, author="the agent")
    bare, wrong = checks.outside(f"ours\n{fenced}\nNext: ours")
    assert (bare, wrong) == (["ours", "Next: ours"], [])


@settings(max_examples=150)
@given(mixed, st.integers(2, 200))
def test_whatever_is_mixed_stays_in_its_quotation_on_its_line(text: str, limit: int) -> None:
    for said in (quoted(text, limit), named(line(text, limit))):
        assert "\n" not in said
        assert checks.QUOTED.sub("", said).count('"') == 0
        assert checks.in_words(said) == []
    assert checks.QUOTED.fullmatch(quoted(text, limit))


@settings(max_examples=100)
@given(st.recursive(mixed, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(mixed, inner, max_size=3)))
def test_raw_json_stays_exact_and_hides_nothing(data: object) -> None:
    plain = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()
    shown = escaped(plain)
    assert json.loads(shown) == json.loads(plain)
    assert checks.unseen(shown) == set()
    assert checks.TOKENS.search(shown) is None


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_text_is_left_as_it_is(name: str) -> None:
    text = HARMLESS[name]
    assert clean(text) == tame(text) == text
    assert line(text, 100) == " ".join(text.split())
    assert checks.in_words(text) == []


async def test_harmless_text_comes_through_unharmed_whatever_its_language() -> None:
    world = World(populated=False)
    async with chatting(world) as chat:
        for name, text in HARMLESS.items():
            body = {"id": uid(name), "status": "COMPLETED", "taskSummary": f"{text}\n{text}", "taskQuery": text}
            body |= {"createdAt": WHEN, "agentGraph": {"agent": {"id": uid("agent"), "name": text}}}
            serve(world, f"^/agent-tasks/{uid(name)}$", body)
            output = await chat.ask("get_task", task=uid(name), detail="output")
            assert f"\n{text}\n{text}\n" in output
            told = await chat.ask("get_task", task=uid(name))
            flat = " ".join(text.split())
            assert f'Asked for: "{flat}"' in told
            assert f"agent {flat}," in told or f'agent "{flat}",' in told


LOOK_ALIKE = (
    "Cyrillic",
    "Cyrillic, whole",
    "Greek",
    "fullwidth",
    "Kelvin",
    "long s",
    "mathematical",
    "digits",
    "hyphen",
)


async def test_an_id_that_looks_like_another_never_leads_to_it_and_is_pointed_out() -> None:
    world = World(populated=False)
    false = {name: world.add_task("Invoice Matcher", custom_id=text, status="COMPLETED") for name, text in IDS.items()}
    async with chatting(world) as chat:
        for wanted in ("INV-107", "ABC-107", "inv 107", "INVK-107", "INS-107"):
            assert "in workspace" in await chat.fail("get_task", task=wanted)
        real = world.add_task("Payment Runner", custom_id="INV-107", status="COMPLETED")
        for name, task in false.items():
            told = await chat.ask("get_task", task=task.id)
            shown = told.partition(",")[0]
            assert ("letters that look like others" in told) is (name in LOOK_ALIKE), told
            again = await chat.call("get_task", task=shown, detail="steps")
            assert "Payment Runner" not in again.text
            assert again.text.startswith(shown), name
            assert shown != "INV-107"
        assert "Payment Runner" in await chat.ask("get_task", task="INV-107")
        listed = await chat.ask("list_tasks", page_size=50)
        assert listed.count("letters that look like others") == len(LOOK_ALIKE)
        assert sum(line.startswith("- INV-107,") for line in listed.splitlines()) == 1
    assert real.custom_id == "INV-107"


async def test_an_id_that_is_another_tasks_own_is_no_handle() -> None:
    world = World(populated=False)
    victim = world.add_task("Payment Runner", age=3600)
    thief = world.add_task("Payment Runner", age=3600, custom_id=victim.id)
    async with chatting(world) as chat:
        told = await chat.ask("get_pending_questions", task=thief.id)
        assert thief.id in told
        assert victim.id not in told
