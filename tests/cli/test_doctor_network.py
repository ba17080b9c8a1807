"""The doctor's look at the way to Beam: a clock that is off, silence, certificates and proxies, each told apart."""

import shutil
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
from tests.cli.processes import on

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


@pytest.mark.skipif(not shutil.which("openssl"), reason="a certificate is made with openssl")
async def test_a_certificate_that_nobody_trusts_is_told_from_other_troubles(tmp_path: Path) -> None:
    await anyio.run_process(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-keyout", "key.pem", "-out", "cert.pem", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        cwd=tmp_path,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    async with answering(context=context) as url:
        code, found = await checks(tmp_path, **on(url))
    assert (code, "its certificate is not trusted (self-signed certificate)" in found["TLS"]["said"]) == (1, True)
    assert "SSL_CERT_FILE" in found["TLS"]["fix"]


async def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    proxy = {"HTTPS_PROXY": "http://me:hush@127.0.0.1:1", "NO_PROXY": ""}
    code, found = await checks(tmp_path, **on("https://beam.example"), **proxy)
    assert code == 1
    assert "through the proxy 127.0.0.1:1: the proxy does not let us through" in found["host"]["said"]
    assert "HTTPS_PROXY" in found["host"]["fix"]
