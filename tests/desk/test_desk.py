"""What is remembered is bounded, and never somebody else's."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.beam.agent import Agent
from beam_mcp.beam.task import Task, TaskHead
from beam_mcp.desk.desk import AT_EASE, FEWEST, SAME_WORK, Bounded, Conversation, Desks, Person, digest

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def task(status: str = "IN_PROGRESS", updated: datetime = NOW, **more: object) -> Task:
    return Task.model_validate({"id": "t-1", "customId": "INV-1", "status": status, "updatedAt": updated, **more})


@given(st.lists(st.tuples(st.integers(0, 9), st.integers())), st.integers(1, 5))
def test_a_bounded_mapping_keeps_the_last_written(pairs: list[tuple[int, int]], most: int) -> None:
    kept = Bounded[int, int](most)
    for key, value in pairs:
        kept[key] = value
    last = list(dict.fromkeys(key for key, _ in reversed(pairs)))[:most]
    assert set(kept) == set(last)
    assert all(kept[key] == dict(pairs)[key] for key in last)


def test_a_conversation_knows_what_it_was_told() -> None:
    heard = Conversation()
    assert heard.unchanged_since(task()) is None
    heard.tell(task(), NOW)
    assert heard.unchanged_since(task()) == NOW
    assert heard.unchanged_since(task(updated=NOW + timedelta(seconds=1))) is None
    assert heard.unchanged_since(task("COMPLETED")) is None


def test_a_question_more_or_less_is_a_change_even_when_beam_says_no_other_time() -> None:
    node = {"id": "n", "status": "USER_INPUT_REQUIRED"}
    one = task("USER_INPUT_REQUIRED", agentTaskNodes=[{**node, "userQuestions": [{"question": "A?"}]}])
    two = task(
        "USER_INPUT_REQUIRED", agentTaskNodes=[{**node, "userQuestions": [{"question": q} for q in ("A?", "B?")]}]
    )
    heard = Conversation()
    heard.tell(one, NOW)
    assert heard.unchanged_since(two) is None


def test_news_is_what_stands_still_and_was_not_told() -> None:
    heard = Conversation()
    assert not heard.is_news(task("IN_PROGRESS"))
    assert heard.is_news(task("COMPLETED"))
    heard.tell(task("COMPLETED"), NOW)
    assert not heard.is_news(task("COMPLETED"))
    assert heard.is_news(task("FAILED"))
    assert heard.is_news(TaskHead.model_validate({"id": "t-2", "status": "PAUSED_BY_POLICY"}))


def test_a_person_finds_tasks_by_either_name_in_any_case() -> None:
    person = Person()
    person.saw(task(), TaskHead.model_validate({"id": "T-2"}), TaskHead.model_validate({"customId": "no id"}))
    assert person.task_ids == {"t-1": "t-1", "inv-1": "t-1", "t-2": "T-2"}


def test_a_uuid_is_not_remembered_under_itself() -> None:
    person, name = Person(), "5c1d9a52-8e0f-4a7b-9d3e-0b1c2d3e4f50"
    person.saw(TaskHead.model_validate({"id": name, "customId": "INV-3"}), TaskHead.model_validate({"id": name}))
    assert person.task_ids == {"inv-3": name}


def test_agents_are_known_for_five_minutes() -> None:
    person = Person()
    assert not person.knows_agents(NOW)
    person.agents, person.agents_at = (Agent(id="a"),), NOW
    assert person.knows_agents(NOW + timedelta(minutes=4))
    assert not person.knows_agents(NOW + timedelta(minutes=6))


def test_the_same_work_is_remembered_for_ten_minutes() -> None:
    person = Person()
    first = person.given("work", NOW)
    assert person.given("work", NOW + timedelta(minutes=9)) is first
    assert person.given("other", NOW) is not first
    assert person.given("work", NOW + timedelta(minutes=11)) is not first


def test_people_and_conversations_are_kept_apart() -> None:
    desks = Desks()
    desks.person("anna").saw(task())
    assert desks.person("ben").task_ids == {}
    assert desks.person("anna").task_ids
    desks.conversation("anna", "one").tell(task(), NOW)
    assert desks.conversation("anna", "one").unchanged_since(task()) == NOW
    assert desks.conversation("anna", "two").unchanged_since(task()) is None
    assert desks.conversation("ben", "one").unchanged_since(task()) is None


def test_where_conversations_have_no_name_nothing_is_remembered_of_them() -> None:
    desks = Desks()
    desks.conversation("anna", None).tell(task(), NOW)
    assert desks.conversation("anna", None).unchanged_since(task()) is None
    assert len(desks.conversations) == 0


def test_desks_forget_whoever_was_away_longest() -> None:
    desks = Desks(people=Bounded(2))
    first = desks.person("anna")
    desks.person("ben")
    assert desks.person("anna") is first
    desks.person("carla")
    assert set(desks.people) == {"anna", "carla"}


def test_few_are_remembered_in_full_and_many_share_what_those_may_hold() -> None:
    desks, many = Desks(), 10 * AT_EASE
    tasks = [TaskHead.model_validate({"id": f"t-{n}"}) for n in range(1000)]
    few = [desks.person(str(n)) for n in range(AT_EASE)]
    for person in few:
        person.saw(*tasks)
    assert {len(person.task_ids) for person in few} == {len(tasks)}
    for n in range(many):
        desks.person(str(n)).saw(*tasks)
    assert sum(len(desks.person(str(n)).task_ids) for n in range(many)) <= AT_EASE * len(tasks)
    assert list(few[0].task_ids)[-1] == "t-999"
    assert len(desks.person("0").task_ids) >= FEWEST


def test_what_was_started_in_the_last_minutes_is_forgotten_for_nobodys_sake() -> None:
    desks = Desks()
    works = [desks.person("anna").given(str(n), NOW) for n in range(500)]
    for n in range(999):
        desks.person(str(n))
    assert all(desks.person("anna").given(str(n), NOW) is works[n] for n in range(500))


def test_each_conversation_is_left_a_few_tasks_however_many_there_are() -> None:
    desks = Desks()
    for n in range(300):
        for number in range(200):
            desks.conversation("anna", str(n)).tell(task(id=str(number)), NOW)
    assert {len(desks.conversation("anna", str(n)).told) for n in range(300)} == {FEWEST}


@pytest.mark.anyio
async def test_who_writes_under_one_name_takes_turns_and_nothing_is_kept_of_it() -> None:
    person = Person()
    async with person.turn("t-1"):
        assert person.turn("t-1").locked()
        assert not person.turn("t-2").locked()
    assert not person.turn("t-1").locked()
    assert len(person.turns) == 0


@given(st.dictionaries(st.text(), st.integers()))
def test_a_digest_does_not_depend_on_the_order_of_keys(data: dict[str, int]) -> None:
    assert digest(data) == digest(dict(reversed(data.items())))
    assert digest(data) != digest(data, 1)


def test_strangers_make_nobody_forgotten_and_are_remembered_once_they_are_known() -> None:
    desks = Desks(people=Bounded(1), conversations=Bounded(1), strangers=Bounded(2), first_words=Bounded(2))
    anna, chat = desks.person("anna"), desks.conversation("anna", "one")
    strangers = [
        (desks.person(name, is_stranger=True), desks.conversation(name, "one", is_stranger=True)) for name in "xyz"
    ]
    assert (desks.person("anna"), desks.conversation("anna", "one")) == (anna, chat)
    assert desks.person("anna") is anna
    assert desks.person("x", is_stranger=True) is not strangers[0][0]
    assert desks.person("z") is strangers[2][0]
    assert desks.conversation("z", "one") is strangers[2][1]
    assert desks.person("anna") is not anna


def test_work_of_long_ago_takes_no_memory() -> None:
    person = Person()
    person.given("old", NOW)
    assert person.given("old", NOW + SAME_WORK) is person.given("old", NOW)
    person.given("new", NOW + SAME_WORK + timedelta(seconds=1))
    assert list(person.work) == ["new"]
