"""Requests that no page of ours sends: refused with a page that says so, and nothing is done."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode, urlsplit

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from beam_mcp.server.pages import Pages
from tests.tools.chat import PATIENCE

from .paged import Paged, paged

pytestmark = pytest.mark.anyio

FORM = "application/x-www-form-urlencoded"
SEALS = {
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=3600)


@pytest.fixture
async def pages(world: World, payment: TaskState) -> AsyncIterator[Paged]:
    """The pages of a person for whom the payment waits."""
    assert payment.id in world.tasks
    async with paged(world) as found:
        yield found


async def good_form(pages: Paged, task: TaskState) -> tuple[str, dict[str, str]]:
    """Where an approval is sent, and what with."""
    address = pages.decision(task)
    return address, (await pages.see(address)).form.fields | {"choice": "approve"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://localhost"}, 403),
        ({"origin": "http://[::1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "anything"}, 403),
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:80"}, 421),
    ],
)
async def test_a_form_from_elsewhere_does_nothing(
    pages: Paged, payment: TaskState, headers: dict[str, str], status: int
) -> None:
    address, fields = await good_form(pages, payment)
    answer = await pages.http.post(address, data=fields, headers=headers)
    assert answer.status_code == status
    assert not pages.acts()
    assert (await pages.http.post(address, data=fields, headers={"origin": pages.base})).status_code == 303
    assert len(pages.acts()) == 1


@pytest.mark.parametrize(
    ("kind", "status"),
    [("multipart/form-data; boundary=x", 415), ("application/json", 415), ("text/plain", 415), ("", 415)],
)
async def test_only_the_encoding_of_a_plain_form_is_taken(
    pages: Paged, payment: TaskState, kind: str, status: int
) -> None:
    address, fields = await good_form(pages, payment)
    headers = {"content-type": kind} if kind else {}
    answer = await pages.http.post(address, content=urlencode(fields).encode(), headers=headers)
    assert answer.status_code == status
    assert "nothing was done" in answer.text
    assert not pages.acts()


async def test_a_file_is_no_form(pages: Paged, payment: TaskState) -> None:
    address, fields = await good_form(pages, payment)
    answer = await pages.http.post(address, data=fields, files={"feedback": ("a.txt", b"x" * 100)})
    assert answer.status_code == 415
    assert not pages.acts()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"choice=approve&" + b"&".join(b"f%d=" % n for n in range(3000)), 400),
        (b"choice=approve&" + b"&".join(b"f%d=" % n for n in range(1500)), 400),
        (b"choice=approve&choice=reject", 400),
        (b"choice=approve&feedback=%FF%FE", 400),
        (b"choice=approve&feedback=\xff", 400),
        (b"choice=delete", 400),
        (b"", 400),
        (b"&&&===%%%", 400),
        (b"choice=approve&feedback=" + b"x" * 300_000, 400),
        (b"choice=approve&feedback=" + b"x" * 4_100_000, 413),
        (b"choice=approve", 409),
    ],
)
async def test_a_body_that_is_no_form_of_ours_does_nothing(
    pages: Paged, payment: TaskState, body: bytes, status: int
) -> None:
    address, _ = await good_form(pages, payment)
    answer = await pages.http.post(address, content=body, headers={"content-type": FORM})
    assert answer.status_code == status
    assert not pages.acts()
    assert len((await pages.see(address)).forms) == 1


async def test_a_body_of_unsaid_length_is_read_no_further_than_it_is_taken(pages: Paged, payment: TaskState) -> None:
    address, fields = await good_form(pages, payment)

    def flood() -> Iterator[bytes]:
        yield b"choice=approve&feedback="
        for _ in range(70):
            yield b"x" * 65_536

    async def chunks(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    answer = await pages.http.post(address, content=chunks(flood()), headers={"content-type": FORM})
    assert answer.status_code == 413
    assert "larger than what is taken here" in answer.text
    assert not pages.acts()
    small = chunks(iter([urlencode(fields).encode()]))
    assert (await pages.http.post(address, content=small, headers={"content-type": FORM})).status_code == 303


async def test_a_body_that_does_not_come_is_not_waited_for(world: World, payment: TaskState) -> None:
    async with paged(world, patience=0.05) as pages:
        address = urlsplit((await good_form(pages, payment))[0])
        head = f"POST {address.path} HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: {FORM}\r\n"
        with anyio.fail_after(PATIENCE):
            async with await anyio.connect_tcp("127.0.0.1", address.port or 0) as line:
                await line.send(f"{head}content-length: 100\r\n\r\nchoice=appr".encode())
                assert (await line.receive()).startswith(b"HTTP/1.1 408")
        assert not pages.acts()


async def test_every_answer_is_sealed_and_errors_are_pages_too(pages: Paged, payment: TaskState) -> None:
    address, _ = await good_form(pages, payment)
    inbox = pages.inbox()
    for method, place, status in (
        ("GET", address, 200),
        ("HEAD", address, 200),
        ("GET", inbox, 200),
        ("GET", f"{pages.base}/page/style.css", 200),
        ("GET", f"{pages.base}/page/form.js", 200),
        ("GET", f"{pages.base}/page/page.js", 200),
        ("GET", f"{pages.base}/page/icon.svg", 200),
        ("GET", f"{pages.base}/page/card.html", 404),
        ("GET", f"{pages.base}/page/..%2f..%2fpages.py", 404),
        ("GET", f"{pages.base}/", 404),
        ("GET", f"{pages.base}/decide/", 404),
        ("GET", f"{pages.base}/decide/{'x' * 5000}", 404),
        ("PUT", address, 405),
        ("DELETE", address, 405),
        ("POST", inbox, 405),
        ("OPTIONS", address, 405),
        ("POST", address, 415),
        ("POST", f"{pages.base}/decide/unknown", 404),
    ):
        answer = await pages.http.request(method, place)
        assert answer.status_code == status, (method, place)
        for name, begins in SEALS.items():
            assert answer.headers[name].startswith(begins), (method, place, name)
        assert SANDBOX_KEY not in answer.text
        assert "set-cookie" not in answer.headers
        if status >= 400 and method != "HEAD":
            assert "<h1>" in answer.text, (method, place)
    stranger = await pages.http.get(address, headers={"host": "evil.example"})
    assert stranger.status_code == 421
    assert stranger.headers["content-security-policy"].startswith("default-src 'none'")
    assert not pages.acts()


async def test_the_pages_are_as_sealed_beside_other_things_as_alone(pages: Paged, payment: TaskState) -> None:
    app = Starlette(routes=[*Pages(pages.links).routes(), Route("/else", Response("else"))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        for method, place, status in (
            ("GET", urlsplit(pages.decision(payment)).path, 200),
            ("PUT", urlsplit(pages.inbox()).path, 405),
            ("GET", "/inbox/unknown", 404),
            ("GET", "/page/unknown", 404),
            ("GET", "/page/style.css", 200),
        ):
            answer = await http.request(method, place)
            assert (answer.status_code, answer.headers["x-frame-options"]) == (status, "DENY"), place
        assert "x-frame-options" not in (await http.get("/else")).headers


async def test_links_cannot_be_guessed_and_are_never_the_same(pages: Paged, payment: TaskState) -> None:
    tokens = {pages.inbox().rpartition("/")[2] for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) >= 32 for token in tokens)
    assert pages.decision(payment) == pages.decision(payment)
