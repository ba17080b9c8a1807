"""The doctor's look at the way to Beam: a clock that is off, silence, certificates and proxies, each told apart."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import anyio
import anyio.abc
import anyio.streams.tls
import pytest

from tests.cli.doctors import checks
from tests.cli.processes import on, run
from tests.faults.addresses import certified

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def answering(headers: str = "", context: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """A host that answers every request with 401, these headers more, and nothing else."""

    async def answer(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            while True:
                try:
                    await stream.receive()
                    await stream.send(f"HTTP/1.1 401 No\r\n{headers}Content-Length: 0\r\n\r\n".encode())
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
    async with listener, anyio.create_task_group() as tasks:
        if context:
            secure = anyio.streams.tls.TLSListener(listener, context, standard_compatible=False)
            tasks.start_soon(secure.serve, answer)
        else:
            tasks.start_soon(listener.serve, answer)
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("minutes", "state", "words"),
    [(0, "ok", "agrees"), (2, "warn", "s behind Beam's"), (-2, "warn", "s ahead of Beam's"), (60, "fail", "3,")],
)
async def test_a_clock_that_is_off_is_found(tmp_path: Path, minutes: int, state: str, words: str) -> None:
    there = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    async with answering(f"Date: {there}\r\n") as url:
        _, found = await checks(tmp_path, **on(url))
    assert (found["clock"]["state"], words in found["clock"]["said"]) == (state, True), found["clock"]


async def test_a_host_that_never_answers_is_given_up(tmp_path: Path) -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as silent:
        port = silent.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610
        code, found = await checks(tmp_path, "--timeout", "1", **on(f"http://127.0.0.1:{port}"))
    assert (code, "it does not answer" in found["host"]["said"]) == (1, True)


async def test_a_certificate_that_nobody_trusts_is_told_from_other_troubles_and_the_fix_works(tmp_path: Path) -> None:
    async with answering(context=certified(tmp_path, 1)) as url:
        code, found = await checks(tmp_path, **on(url))
        assert (code, "its certificate is not trusted (self-signed certificate)" in found["TLS"]["said"]) == (1, True)
        assert "SSL_CERT_FILE" in found["TLS"]["fix"]
        _, found = await checks(tmp_path, **on(url), SSL_CERT_FILE=str(tmp_path / "certificate 1.pem"))
    assert "the certificate is trusted" in found["TLS"]["said"]


@pytest.mark.parametrize(("content", "why"), [(None, "No such file or directory"), ("no certificate", "it holds none")])
async def test_certificates_that_cannot_be_read_are_said_by_every_command(
    tmp_path: Path, content: str | None, why: str
) -> None:
    if content:
        (tmp_path / "trusted.pem").write_text(content)
    there = on("https://beam.example", SSL_CERT_FILE=str(tmp_path / "trusted.pem"))
    what = f"The file of trusted certificates cannot be read ({why})."
    fix = "Correct or unset SSL_CERT_FILE where beam-mcp runs, and restart it."
    _, found = await checks(tmp_path, **there)
    assert found["host"] == found["host"] | {"state": "fail", "said": what, "fix": fix}
    asked = run("whoami", cwd=tmp_path, **there)
    assert (asked.returncode, asked.stdout, asked.stderr.strip()) == (1, "", f"beam-mcp: {what} {fix}")


async def test_a_host_that_refuses_is_told_in_the_systems_words(tmp_path: Path) -> None:
    _, found = await checks(tmp_path, **on("http://127.0.0.1:1"))
    assert "it refuses connections (Connection refused)" in found["host"]["said"]


async def test_a_host_that_hangs_up_on_tls_is_told_in_words(tmp_path: Path) -> None:
    async def hang_up(stream: anyio.abc.ByteStream) -> None:
        await stream.aclose()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, hang_up)
        _, found = await checks(tmp_path, **on(f"https://127.0.0.1:{port}"))
        assert "the connection was cut (it hung up)" in found["host"]["said"]
        tasks.cancel_scope.cancel()


async def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    proxy = {"HTTPS_PROXY": "http://me:hush@127.0.0.1:1", "NO_PROXY": ""}
    code, found = await checks(tmp_path, **on("https://beam.example"), **proxy)
    assert code == 1
    assert "through the proxy 127.0.0.1:1: the proxy does not let us through" in found["host"]["said"]
    assert "HTTPS_PROXY" in found["host"]["fix"]
