"""Addresses where no Beam answers: closed ports, unknown names, broken TLS, and servers that do not speak HTTP well."""

import gzip
import ipaddress
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.abc
from anyio.abc import ByteStream, TaskGroup
from anyio.streams.tls import TLSStream
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOWHERE = "https://no-such-host.invalid"
Handler = Callable[[ByteStream], Awaitable[None]]

TWICE = gzip.compress(gzip.compress(b'{"data":"' + b"a" * 50_000_000 + b'"}'))  # 50 MB in some hundred bytes
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


async def cut(stream: ByteStream) -> None:
    """Say nothing and close."""
    await stream.aclose()


async def heard(stream: ByteStream) -> None:
    """Read a request's head."""
    seen = b""
    with suppress(anyio.EndOfStream):
        while b"\r\n\r\n" not in seen:
            seen += await stream.receive()


def saying(reply: bytes) -> Handler:
    """Answer each request with these bytes and close."""

    async def handle(stream: ByteStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await heard(stream)
                await stream.send(reply)

    return handle


async def endless_headers(stream: ByteStream) -> None:
    """Send headers for as long as anybody listens."""
    async with stream:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await heard(stream)
            await stream.send(HEAD)
            while True:
                await stream.send(b"x-more: and more\r\n" * 500)


def told(body: bytes, **headers: str) -> bytes:
    """A whole answer."""
    lines = b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in headers.items())
    return HEAD + lines + b"content-length: %d\r\n\r\n" % len(body) + body


HANDLERS: Mapping[str, Handler] = {
    "cut at once": cut,
    "not HTTP": saying(b"\x00\xff\x16\x03 220 mail.example ESMTP\r\n\r\n"),
    "endless headers": endless_headers,
    "packed twice": saying(told(TWICE, content_encoding="gzip, gzip")),
    "broken packing": saying(told(b"no gzip at all", content_encoding="gzip")),
}


@asynccontextmanager
async def addresses(folder: Path) -> AsyncGenerator[Mapping[str, str]]:
    """Every such address by its name, for as long as the context lasts; certificates are written to `folder`."""
    found = {"unknown name": NOWHERE}
    async with AsyncExitStack() as open_ones, anyio.create_task_group() as tasks:
        found["refused"] = f"http://127.0.0.1:{open_ones.enter_context(_taken())}"
        for name, handler in HANDLERS.items():
            found[name] = f"http://127.0.0.1:{await _listen(open_ones, tasks, handler)}"
        for name, days in (("untrusted certificate", 1), ("expired certificate", -1)):
            port = await _listen(open_ones, tasks, offering(certified(folder, days)))
            found[name] = f"https://127.0.0.1:{port}"
        plain = await _listen(open_ones, tasks, saying(told(b"{}")))
        found["no TLS"] = f"https://127.0.0.1:{plain}"
        yield found
        tasks.cancel_scope.cancel()


@contextmanager
def _taken() -> Generator[int]:
    """A port that is ours and refuses connections."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def _listen(open_ones: AsyncExitStack, tasks: TaskGroup, handler: Handler) -> int:
    listener = await open_ones.enter_async_context(await anyio.create_tcp_listener(local_host="127.0.0.1"))
    tasks.start_soon(listener.serve, handler)
    return listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's, not a database's


def offering(context: ssl.SSLContext) -> Handler:
    """Offer TLS, which nobody accepts."""

    async def handle(stream: ByteStream) -> None:
        async with stream:
            with suppress(ssl.SSLError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await TLSStream.wrap(stream, server_side=True, ssl_context=context)
                raise AssertionError("somebody trusts it")

    return handle


def certified(folder: Path, days: int) -> ssl.SSLContext:
    """A server's side of TLS with a certificate of its own that is good for so many days, or was until then."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    until = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=30))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"certificate {days}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
