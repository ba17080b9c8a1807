"""Who we are towards Beam: key, token or a token brought along; and that none of them is ever told."""

from dataclasses import replace
from typing import Any

import anyio
import pytest

from beam_mcp.beam.agent import list_agents
from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import BeamError, Forbidden, MayHaveHappened, NotConfigured, Unauthorized
from beam_mcp.beam.http import Beam
from beam_mcp.beam.new_task import NewTask, create_task
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.beam.user import current_user
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.world import World

from .line import PERSON, calls, connected

pytestmark = pytest.mark.anyio

MANY = 50


@pytest.fixture
def token(beam: Beam) -> Beam:
    """The same Beam, reached with tokens only."""
    return beam.http.acting_as(replace(PERSON, mode="token"))


@pytest.fixture
def auto(beam: Beam) -> Beam:
    """The same Beam, reached with whatever works."""
    return beam.http.acting_as(replace(PERSON, mode="auto"))


async def read(beam: Beam) -> None:
    """Any read."""
    await list_agents(beam, page_size=1)


async def write(beam: Beam, world: World) -> None:
    """Any write."""
    await create_task(beam, NewTask(world.agent("Invoice Matcher").id, query="x"))


async def read_many(beam: Beam) -> None:
    """Many reads at the same time."""
    async with anyio.create_task_group() as readers:
        for _ in range(MANY):
            readers.start_soon(read, beam)


def used(world: World) -> list[str]:
    """How each request that was not for a token proved who it came from."""
    proofs = [seen for seen in world.requests if not seen.path.startswith("/auth/")]
    return ["key" if "x-api-key" in seen.headers else "token" for seen in proofs]


async def test_by_key_only_the_key_is_ever_tried(world: World, beam: Beam) -> None:
    world.access.reads = world.access.writes = {"token"}
    with pytest.raises(Unauthorized):
        await read(beam)
    with pytest.raises(Unauthorized):
        await write(beam, world)
    assert used(world) == ["key", "key"]
    assert world.access.exchanges == 0


async def test_many_calls_at_once_get_one_token(world: World, token: Beam) -> None:
    await read_many(token)
    assert (world.access.exchanges, world.access.refreshes) == (1, 0)
    assert used(world) == ["token"] * MANY


async def test_many_calls_that_meet_an_expired_token_renew_it_once(world: World, token: Beam) -> None:
    await read(token)
    world.clock.push(3601)
    await read_many(token)
    assert (world.access.exchanges, world.access.refreshes) == (1, 1)
    assert len(calls(world, "GET")) <= 1 + 2 * MANY


async def test_where_refreshing_fails_the_key_is_exchanged_again(world: World, token: Beam) -> None:
    await read(token)
    world.access.refreshable = False
    world.clock.push(3601)
    await read_many(token)
    assert (world.access.exchanges, world.access.refreshes) == (2, 0)


async def test_a_token_that_is_refused_twice_is_not_tried_for_ever(world: World, token: Beam) -> None:
    world.access.reads = {"key"}
    with pytest.raises(Unauthorized):
        await read(token)
    assert used(world) == ["token", "token"]


@pytest.mark.parametrize("name", ["idToken", "accessToken", "access_token", "token"])
async def test_a_token_is_taken_under_every_name(world: World, token: Beam, name: str) -> None:
    world.access.token_field = name
    await read(token)
    assert used(world) == ["token"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_token_is_renewed_before_its_life_ends_as_told_beside_or_inside_it(
    world: World, token: Beam, *, announced: bool
) -> None:
    world.access.announces_lifetime, world.access.token_lifetime = announced, 1
    await read(token)
    with anyio.fail_after(30):
        while world.access.refreshes == 0:
            await read(token)
    world.access.token_lifetime = 3600
    assert used(world) == ["token"] * len(used(world))


async def test_a_long_lived_token_is_kept(world: World, token: Beam) -> None:
    world.access.announces_lifetime = False
    for _ in range(5):
        await read(token)
    assert (world.access.exchanges, world.access.refreshes) == (1, 0)


async def test_auto_reads_with_the_key_while_that_works(world: World, auto: Beam) -> None:
    await read(auto)
    await write(auto, world)
    assert used(world) == ["key", "key"]
    assert world.access.exchanges == 0


@pytest.mark.parametrize("status", [401, 403])
async def test_auto_repeats_a_refused_read_with_a_token(world: World, auto: Beam, status: int) -> None:
    world.access.reads, world.access.refused_status = {"token"}, status
    await read(auto)
    assert used(world) == ["key", "token"]


@pytest.mark.parametrize("status", [401, 403])
async def test_auto_never_repeats_a_refused_write(world: World, auto: Beam, status: int) -> None:
    world.access.writes, world.access.refused_status = {"token"}, status
    with pytest.raises((Unauthorized, Forbidden)):
        await write(auto, world)
    assert used(world) == ["key"]
    assert (world.access.exchanges, world.acts) == (0, [])


@pytest.mark.parametrize("code", [400, 401, 403, 404])
async def test_where_no_token_can_be_had_the_first_refusal_is_told(world: World, auto: Beam, code: int) -> None:
    world.access.reads, world.access.refused_status = {"token"}, 403
    world.faults.add("status", "^/auth/", code=code, times=None)
    with pytest.raises(Forbidden):
        await read(auto)
    world.faults.clear()
    world.faults.add("not_json", "^/auth/", times=None)
    with pytest.raises(Forbidden):
        await read(auto)


@pytest.mark.parametrize("kind", ["status", "empty_body", "not_json", "truncated_json", "wrong_type", "error_in_200"])
async def test_a_key_that_cannot_be_exchanged_is_said_to_be_refused(world: World, token: Beam, kind: Any) -> None:
    world.faults.add(kind, "^/auth/", code=404, times=None)
    with pytest.raises(Unauthorized) as refused:
        await read(token)
    with pytest.raises(Unauthorized):
        await write(token, world)
    assert refused.value.advice
    assert not world.acts


async def test_a_write_whose_token_was_refused_is_not_repeated_but_the_next_call_has_a_new_one(
    world: World, token: Beam
) -> None:
    await read(token)
    world.clock.push(3601)
    with pytest.raises(Unauthorized):
        await write(token, world)
    assert len(calls(world, "POST", "/agent-tasks")) == 1
    await write(token, world)
    assert (world.access.refreshes, len(world.acts)) == (1, 1)


async def test_a_write_that_never_left_for_want_of_a_token_did_not_happen(world: World, token: Beam) -> None:
    world.faults.add("cut_before", "^/auth/", times=None)
    with pytest.raises(BeamError) as cut:
        await write(token, world)
    assert not isinstance(cut.value, MayHaveHappened)
    assert not calls(world, "POST", "/agent-tasks")


async def test_a_token_brought_along_is_used_alone(world: World, token: Beam) -> None:
    await read(token)
    [bearer] = world.access.tokens
    world.requests.clear()
    guest = token.http.acting_as(Identity(bearer=bearer, workspace=WORKSPACE_ID, mode="auto"))
    await read(guest)
    await write(guest, world)
    world.clock.push(3601)
    with pytest.raises(Unauthorized):
        await read(guest)
    with pytest.raises(Unauthorized):
        await write(guest, world)
    assert used(world) == ["token"] * 4
    assert world.access.exchanges == 1


async def test_what_is_not_configured_is_said_before_anything_is_sent(world: World, beam: Beam) -> None:
    nobody, homeless = Identity(workspace=WORKSPACE_ID), Identity(key=SANDBOX_KEY)
    said: list[str] = []
    for identity in (nobody, homeless):
        stranger = beam.http.acting_as(identity)
        with pytest.raises(NotConfigured) as missing:
            await read(stranger)
        said.append(str(missing.value))
        with pytest.raises(NotConfigured):
            await write(stranger, world)
    with pytest.raises(NotConfigured):
        await current_user(beam.http.acting_as(nobody))
    assert not world.requests
    assert [words.partition(".")[0] for words in said] == ["No Beam API key is set", "No Beam workspace is set"]


def chain(error: BaseException | None) -> str:
    """Everything an error and its causes say, as a log would."""
    return f"{error!r} {error} {chain(error.__cause__)}" if error else ""


ECHOES: list[Any] = [
    f"The key {SANDBOX_KEY} is not known",
    {"message": [f"bad {SANDBOX_KEY}"]},
    {"error": {"message": SANDBOX_KEY}},
    {"apiKey": SANDBOX_KEY},
    "x" * 192 + SANDBOX_KEY,
    "x" * 1995 + SANDBOX_KEY,
]


async def echoed(code: int, body: Any) -> None:
    """Nothing of the key is told where Beam answers with it."""
    world = World(populated=False)
    world.faults.add("status", "^/agent-tasks", code=code, body=body, times=None, headers={"retry-after": "99"})
    async with connected(world) as beam:
        with pytest.raises(BeamError) as refused:
            await list_tasks(beam, Filter())
        assert SANDBOX_KEY[:6] not in chain(refused.value)
        with pytest.raises(BeamError) as refused:
            await write(beam, world)
        assert SANDBOX_KEY[:6] not in chain(refused.value)


async def test_a_key_that_beam_echoes_is_not_passed_on() -> None:
    async with anyio.create_task_group() as group:
        for code in (400, 401, 404, 503, 200):
            for body in ECHOES:
                group.start_soon(echoed, code, body)


@pytest.mark.parametrize("code", [201, 400, 401, 500])
@pytest.mark.parametrize("form", ['"{}"', "{}", '{{"idToken":"{}"', '["{}"]', '{{"message":"{}"}}'])
async def test_neither_key_nor_token_shows_where_the_exchange_goes_wrong(
    world: World, token: Beam, code: int, form: str
) -> None:
    secret = SANDBOX_KEY if code != 201 else "eyJhbGciOiJIUzI1NiJ9.secret"
    world.faults.add(
        "status", "^/auth/", code=code, body=form.format(secret), times=None, headers={"retry-after": "99"}
    )
    with pytest.raises(BeamError) as refused:
        await read(token)
    assert secret[:6] not in chain(refused.value)


async def test_nothing_that_holds_a_secret_shows_it(world: World, token: Beam) -> None:
    await read(token)
    [issued] = world.access.tokens
    identity = Identity(key=SANDBOX_KEY, bearer=issued, workspace=WORKSPACE_ID)
    session = token.http.session_of(PERSON)
    shown = repr([identity, session, token.http, token, identity.fingerprint, str(session), str(identity)])
    for secret in (SANDBOX_KEY, issued, "refresh-1"):
        assert secret not in shown


def test_a_fingerprint_tells_people_apart_and_is_the_same_for_the_same() -> None:
    people = [PERSON, replace(PERSON, key="other"), replace(PERSON, workspace="w"), replace(PERSON, bearer="b")]
    assert len({person.fingerprint for person in people}) == 4
    assert PERSON.fingerprint == replace(PERSON).fingerprint
