"""Every cell of the table played for real, many at the same time, and what became of it in the table's own words."""

import itertools
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import BeamError, MayHaveHappened
from beam_mcp.beam.http import Beam, Http
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.faults.addresses import addresses
from tests.faults.calls import CALLS, Call, Make
from tests.faults.table import HURRIED, PATIENT, Row

BOUND = 60.0  # seconds; a cell that takes longer hangs
LARGEST = 1024 * 1024  # bytes of an answer
LANES = 2  # cells of a call that are played at the same time
AT_ONCE = 16  # of all calls of a kind

Found = dict[tuple[str, str], str]
_numbers = itertools.count()


@dataclass
class Lane:
    """A world of its own, in which the cells of one call are played one after another."""

    world: World
    http: Http
    strange: Mapping[str, Http]
    folder: Path
    ready: tuple[Make, Any] | None = None

    async def play(self, row: Row, call: Call) -> str:
        """What became of this call with this fault."""
        key = self.world.access.key = f"key-{next(_numbers)}"
        person = Identity(key=key, workspace=WORKSPACE_ID, mode=call.mode)
        self.world.faults.clear()
        well = self.http.acting_as(replace(person, mode="key"))
        make, right = self.ready if self.ready and call.kind == "read" else await self._prepare(call, well)
        self.world.requests.clear()
        self.world.acts.clear()
        if isinstance(row.fault, str):
            return await self._outcome(call, make, self.strange[row.fault].acting_as(person), right)
        fault: dict[str, Any] = {"times": None, **row.fault}
        self.world.faults.add(path=call.path, method=call.method, **fault)
        return await self._outcome(call, make, self.http.acting_as(person), right)

    async def _prepare(self, call: Call, well: Beam) -> tuple[Make, Any]:
        """What to do, and what comes of it where nothing goes wrong; a read can be done again and again."""
        make = await call.ready(self.world, well, self.folder)
        self.ready = make, call.right if call.right or call.kind == "write" else await make(well)
        return self.ready

    async def _outcome(self, call: Call, make: Make, beam: Beam, right: Any) -> str:
        try:
            with anyio.fail_after(BOUND):
                found = await make(beam)
        except TimeoutError:
            return "HANGS"
        except BeamError as error:
            return self._failed(call, error) + "".join(self._marks(call))
        except Exception as crash:  # noqa: BLE001 - whatever else comes out is what this table looks for
            return f"CRASHES {crash!r}"
        return self._succeeded(call, found, right) + "".join(self._marks(call))

    def _succeeded(self, call: Call, found: Any, right: Any) -> str:
        if call.kind != "write":
            return "right" if found == right else "WRONG"
        [*acts] = self.world.acts
        return "done" if [act.task_id for act in acts] == [found.id] else f"CLAIMED, {len(acts)} done"

    def _failed(self, call: Call, error: BeamError) -> str:
        name, acts = type(error).__name__, len(self.world.acts)
        if isinstance(error, MayHaveHappened):
            return "unknown" + (f", {acts} done" if acts else "")
        return f"{name} THOUGH DONE" if call.kind == "write" and acts else name

    def _marks(self, call: Call) -> Iterator[str]:
        sent = sum(1 for seen in self.world.requests if seen.method == call.method and call.strikes(seen.path))
        if call.kind == "write" and sent > 1:
            yield f", SENT {sent} TIMES"
        elif call.kind == "read" and sent > 1:
            yield f" ×{sent}"
        if left := [path.name for path in self.folder.iterdir()]:
            yield f", LEFT {left}"


async def play_all(rows: Sequence[Row], folder: Path) -> Found:
    """What became of every cell of these rows."""
    found: Found = {}
    elsewhere = World(populated=False)
    async with AsyncExitStack() as open_ones:
        other = await open_ones.enter_async_context(serving(elsewhere))
        strange = await open_ones.enter_async_context(_strange(folder))
        lanes = [
            (call, left, await open_ones.enter_async_context(_lane(strange, folder / f"{call.name} {number}", limit)))
            for call, left, limit in _work(rows, other)
            for number in [next(_numbers) for _ in left[:LANES]]
        ]
        turns = {kind: anyio.CapacityLimiter(AT_ONCE) for kind in ("read", "write", "other")}

        async def play(call: Call, left: list[Row], lane: Lane) -> None:
            while left:
                row = left.pop()
                async with turns[call.kind]:
                    found[row.name, call.name] = await lane.play(row, call)

        # Not before all are open, since opening so many takes time that a hurried call does not have.
        async with anyio.create_task_group() as tasks:
            for work in lanes:
                tasks.start_soon(play, *work)
    assert not elsewhere.requests, elsewhere.requests
    return found


def _work(rows: Sequence[Row], other: str) -> Iterator[tuple[Call, list[Row], float]]:
    """For each call what is to be played, last first, with how much time a call has."""
    for call in CALLS:
        for limit in (PATIENT, HURRIED):
            yield call, [row.at(other) for row in reversed(rows) if row.limit == limit and row.expected(call)], limit


@asynccontextmanager
async def _lane(strange: Mapping[str, Http], folder: Path, limit: float) -> AsyncGenerator[Lane]:
    world = World(populated=False)
    await anyio.Path(folder).mkdir()
    async with serving(world) as url:
        http = Http(url, timeout=limit, largest=LARGEST)
        try:
            yield Lane(world, http, strange, folder)
        finally:
            await http.aclose()


@asynccontextmanager
async def _strange(folder: Path) -> AsyncGenerator[Mapping[str, Http]]:
    async with addresses(folder) as urls:
        found = {name: Http(url, timeout=PATIENT, largest=LARGEST) for name, url in urls.items()}
        try:
            yield found
        finally:
            for http in found.values():
                await http.aclose()


def different(found: Found, rows: Sequence[Row]) -> dict[tuple[str, str], tuple[str, str]]:
    """The cells that are otherwise than the table says: what it says, and what was found."""
    return {
        (row.name, call.name): (row.expected(call), found.get((row.name, call.name), "NOT PLAYED"))
        for row in rows
        for call in CALLS
        if row.expected(call) and found.get((row.name, call.name)) != row.expected(call)
    }
