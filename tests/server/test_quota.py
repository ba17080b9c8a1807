"""How much one caller may take: requests a minute, sessions, requests at once, sizes; and that nobody else notices."""

from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import anyio.abc
import anyio.lowlevel
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.beam.transport import MOST_OF_ONE, MOST_OF_STRANGERS
from beam_mcp.server import quota
from beam_mcp.server.quota import Limits, Open, Rate, Sessions, Share
from beam_mcp.server.refusals import Refused

from .sharing import ACCEPT, ANNA, BERT, LISTING, STRANGER, Shared, dashed, said_by, shared

pytestmark = pytest.mark.anyio

PATIENCE = 60


@pytest.fixture(scope="module")
async def strict() -> AsyncIterator[Shared]:
    """A server that takes twelve requests a minute, and lends its own key."""
    async with shared(lends=True, rate=12) as site:
        yield site


async def test_who_sends_too_much_waits_and_nobody_else_does(strict: Shared) -> None:
    for key in (ANNA, BERT):
        assert "Invoice Matcher" in await strict.call(x_api_key=key)
    answers = [await strict.discover(x_api_key=ANNA) for _ in range(14)]
    assert [answer.status_code for answer in answers] == [200] * 12 + [429] * 2
    assert 4 <= int(answers[-1].headers["retry-after"]) <= 6
    assert said_by(answers[-1]).startswith("You sent more than 12 requests within a minute: wait ")
    assert (await strict.greet(x_api_key=ANNA)).status_code == 429
    assert (await strict.discover(x_api_key=ANNA, current_workspace_id="another")).status_code == 429
    for other in ({"x_api_key": BERT}, {"authorization": f"Bearer {ANNA}"}, {"x_api_key": STRANGER}):
        assert (await strict.discover(**other)).status_code == 200
    for _ in range(20):  # whoever uses this machine's own key is its owner
        assert (await strict.discover()).status_code == 200


async def test_keys_that_are_made_up_are_counted_by_the_address_they_come_from() -> None:
    async with shared(rate=12) as site:
        assert "Invoice Matcher" in await site.call(x_api_key=ANNA)
        statuses = [(await site.discover(x_api_key=f"made-up-{number}")).status_code for number in range(13)]
        assert statuses == [200] * 11 + [429] * 2
        assert [(await site.discover(x_api_key=ANNA)).status_code for _ in range(12)] == [200] * 12


async def test_however_many_keys_are_made_up_there_is_room_for_those_who_are_known() -> None:
    each, few = Share(at_once=9, sessions=9), Share(at_once=4, sessions=3)
    limits = Limits(each, few, replace(Limits().strangers, at_once=5, sessions=4))
    async with shared(limits=limits) as site:
        assert "Invoice Matcher" in await site.call(x_api_key=ANNA)
        opened = [await site.greet(x_api_key=f"made-up-{number}") for number in range(4)]
        assert [answer.status_code for answer in opened] == [200] * 3 + [429]
        assert [(await site.greet(x_api_key=ANNA)).status_code for _ in range(9)] == [200] * 9
        assert (await site.greet(x_api_key=ANNA)).status_code == 429


async def test_made_up_keys_whose_calls_hang_leave_connections_to_those_who_are_known() -> None:
    async with shared() as site:
        assert "Invoice Matcher" in await site.call(x_api_key=ANNA)
        world, said = site.world, list[str]()
        site.office.http.shares.patience = 0.2
        keys = [f"made-up-{number}" for number in range(7)]
        for key in keys:
            world.faults.add("latency", key=key, seconds=6 * PATIENCE, times=None)

        async def hang(key: str) -> None:
            said.append(await site.call(x_api_key=key))

        async with anyio.create_task_group() as tasks:
            for key in keys:
                for _ in range(MOST_OF_ONE):
                    tasks.start_soon(hang, key)
            with anyio.fail_after(PATIENCE):
                while sum(seen.headers.get("x-api-key") in keys for seen in world.requests) < MOST_OF_STRANGERS:
                    await anyio.lowlevel.checkpoint()
            assert "Invoice Matcher" in await site.call(x_api_key=ANNA)
            with anyio.fail_after(PATIENCE):
                while len(said) < len(keys) * MOST_OF_ONE - MOST_OF_STRANGERS:
                    await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert all("Too many calls with keys that Beam has not accepted yet" in words for words in said)


async def test_a_session_counts_as_its_owners_once_beam_knows_them() -> None:
    few = Share(at_once=9, sessions=1)
    async with shared(limits=Limits(there=few)) as site:
        session = (await site.greet(x_api_key=ANNA)).headers["mcp-session-id"]
        assert (await site.greet(x_api_key=BERT)).status_code == 429
        assert "Invoice Matcher" in await site.call(x_api_key=ANNA)
        mine = dashed({"x_api_key": ANNA, "mcp_session_id": session})
        assert (await site.http.post("/mcp", json=LISTING, headers=ACCEPT | mine)).is_success
        assert (await site.greet(x_api_key=BERT)).status_code == 200


async def test_who_is_turned_away_again_and_again_is_counted_by_their_address() -> None:
    async with shared(rate=12) as site:
        assert "Invoice Matcher" in await site.call(x_api_key=ANNA)
        statuses = [(await site.discover()).status_code for _ in range(13)]
        assert statuses == [401] * 11 + [429] * 2
        assert (await site.discover(x_api_key=ANNA)).status_code == 200


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 10))
def test_no_minute_ever_has_more_than_twice_as_many_requests_as_allowed(pauses: list[float], most: int) -> None:
    """A full minute's worth may be saved up; after that it is one in each 60/most seconds."""
    now, taken = 0.0, list[float]()
    rate = Rate(most, clock=lambda: now)
    for pause in pauses:
        now += pause
        try:
            rate.spend("a")
        except Refused as refused:
            now += int((refused.headers or {})["retry-after"])
            rate.spend("a")  # what was said to be worth trying is
        taken.append(now)
        assert sum(1 for at in taken if at > now - 60) <= 2 * most


def test_a_caller_who_is_forgotten_begins_anew_and_no_more_are_remembered_than_fit() -> None:
    rate = Rate(1, clock=lambda: 0.0)
    rate.spend("a")
    with pytest.raises(Refused):
        rate.spend("a")
    for other in range(quota.MOST_CALLERS):
        rate.spend(f"other {other}")
    rate.spend("a")
    assert len(rate.due) == quota.MOST_CALLERS


async def test_one_caller_opens_a_hundred_sessions_and_ended_ones_make_room() -> None:
    async with shared() as site:
        for key in (ANNA, BERT):
            assert "Invoice Matcher" in await site.call(x_api_key=key)
        opened = [await site.greet(x_api_key=ANNA) for _ in range(quota.MOST_SESSIONS_EACH + 1)]
        assert {answer.status_code for answer in opened[:-1]} == {200}
        assert opened[-1].status_code == 429
        assert said_by(opened[-1]).startswith("You have 100 sessions open here")
        assert (await site.greet(x_api_key=BERT)).status_code == 200
        assert (await site.discover(x_api_key=ANNA)).status_code == 200
        ended = dashed({"x_api_key": ANNA, "mcp_session_id": opened[0].headers["mcp-session-id"]})
        assert (await site.http.delete("/mcp", headers=ACCEPT | ended)).is_success
        assert (await site.greet(x_api_key=ANNA)).status_code == 200
        assert (await site.greet(x_api_key=ANNA)).status_code == 429


def test_sessions_end_by_themselves_and_all_together_are_bounded() -> None:
    now = 0.0
    sessions = Sessions(most=3, clock=lambda: now)
    mine = {who: (Share(who, sessions=2),) for who in "ab"} | {"owner": ()}

    def opens(who: str, session: str) -> int:
        try:
            sessions.check(mine[who])
        except Refused as refused:
            return refused.status
        sessions.opened(who, session, mine[who])
        return 200

    assert [opens("a", name) for name in "123"] == [200, 200, 429]
    assert [opens("owner", "4"), opens("b", "5"), opens("owner", "6")] == [200, 503, 503]
    sessions.closed("b", "1")
    assert opens("b", "7") == 503
    now = quota.IDLE_SECONDS - 1
    sessions.used("a", "1", mine["a"])
    sessions.used("b", "2", mine["b"])
    now = quota.IDLE_SECONDS + 1
    assert [opens("b", "7"), opens("b", "8"), opens("a", "9")] == [200, 200, 503]


def test_what_is_open_at_once_is_counted_under_each_name_until_it_is_closed() -> None:
    a, b, all_of_them = Share("a", 2), Share("b", 2), Share("all", 3, too_many_at_once="As many as may be.")
    open_now = Open()
    with open_now.one((a, all_of_them)):
        with open_now.one((a, all_of_them)):
            with pytest.raises(Refused, match="2 of your requests are open here at once"), open_now.one((a,)):
                raise AssertionError
            with open_now.one((b, all_of_them)):
                with pytest.raises(Refused, match="As many as may be"), open_now.one((b, all_of_them)):
                    raise AssertionError
                with open_now.one((b,)):
                    pass
        with open_now.one((a,)):
            pass
    assert not open_now.now


async def test_streams_of_one_caller_are_bounded_and_closed_ones_make_room() -> None:
    async with shared(limits=Limits(Share(at_once=3))) as site:
        for key in (ANNA, BERT):
            assert "Invoice Matcher" in await site.call(x_api_key=key)
        async with anyio.create_task_group() as tasks:
            closing = anyio.Event()

            async def hold(*, task_status: anyio.abc.TaskStatus[None]) -> None:
                async with site.http.stream("GET", "/sse", headers={"x-api-key": ANNA}) as stream:
                    assert stream.status_code == 200
                    task_status.started()
                    await closing.wait()

            for _ in range(3):
                await tasks.start(hold)
            assert (await site.discover(x_api_key=ANNA)).status_code == 429
            assert (await site.discover(x_api_key=BERT)).status_code == 200
            closing.set()
        with anyio.fail_after(PATIENCE):
            while (await site.discover(x_api_key=ANNA)).status_code == 429:
                await anyio.lowlevel.checkpoint()


LARGE = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"' + b"x" * 5_000_000 + b'"}}'


async def pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(LARGE), 100_000):
        yield LARGE[start : start + 100_000]


async def until_data(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line.startswith("data: "):
            return


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_larger_than_four_megabytes_is_refused_however_it_is_sent(strict: Shared, announced: bool) -> None:  # noqa: FBT001
    session = (await strict.greet()).headers["mcp-session-id"]
    sent = ACCEPT | {"content-type": "application/json"}
    async with strict.http.stream("GET", "/sse") as stream:
        said = [line async for line in until_data(stream.aiter_lines())]
        post_to = said[-1].removeprefix("data: ")
        for path, headers in (("/mcp", {}), ("/mcp", {"mcp-session-id": session}), (post_to, {})):
            try:
                answer = await strict.http.post(path, content=LARGE if announced else pieces(), headers=sent | headers)
            except (httpx2.WriteError, httpx2.ReadError):
                continue  # cut while it was still sending
            assert answer.status_code == 413, path


@pytest.mark.parametrize("many", [{"x-long": "x" * 33_000}, {f"x-{number}": "x" * 1000 for number in range(33)}])
async def test_headers_longer_than_anything_needs_are_refused(strict: Shared, many: dict[str, str]) -> None:
    for path in ("/mcp", "/sse", "/decide/x"):
        answer = await strict.http.get(path, headers=many)
        assert (answer.status_code, answer.headers["connection"]) == (431, "close")
    assert (await strict.greet(**dict(list(many.items())[:30]) if len(many) > 1 else {})).status_code == 200
