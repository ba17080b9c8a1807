"""The doctor: what is wrong is found and said with its fix, whatever is broken, and no secret with it."""

import json
import shutil
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.abc
import anyio.streams.tls
import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.settings import Settings
from tests.cli.key_stores import home, profiles
from tests.cli.logins import logged_in
from tests.cli.processes import on, started

pytestmark = pytest.mark.anyio
Checks = dict[str, dict[str, Any]]

CLOSED = "http://127.0.0.1:1"
HIDDEN = "very-secret-key"


async def doctor(cwd: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Exit code and what it says; nothing on stderr, no secret, no traceback."""
    async with started("doctor", *arguments, cwd=cwd, settings=home(cwd) | settings) as process:
        await process.hang_up()
        shown = (await process.rest()).decode()
        code = await process.ended()
        assert process.errors == b""
    assert "Traceback" not in shown
    for secret in (SANDBOX_KEY, HIDDEN, "hush"):
        assert secret not in shown
    return code, shown


async def checks(cwd: Path, *arguments: str, **settings: str) -> tuple[int, Checks]:
    """Exit code and the checks by name, as JSON has them."""
    code, shown = await doctor(cwd, "--json", *arguments, **settings)
    report = json.loads(shown)
    assert report["ok"] is (code == 0)
    for check in report["checks"]:
        assert check["state"] in {"ok", "warn", "fail", "skip"}
        assert check["fix"] or check["state"] not in {"warn", "fail"}, check
    return code, {check["name"]: check for check in report["checks"]}


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


async def test_where_all_is_well_every_line_says_so(tmp_path: Path) -> None:
    async with serving(World()) as url:
        code, shown = await doctor(tmp_path, **on(url))
        same, found = await checks(tmp_path, **on(url))
    assert (code, same) == (0, 0)
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == [
        "Settings",
        "Beam",
        "This machine",
        "Clients",
        "All is well.",
    ]
    assert "  ok    key: Accepted, for Sam Sandbox <sam@sandbox.example>; it is from: BEAM_API_KEY." in shown
    assert found["workspace"]["said"] == f"Sandbox ({WORKSPACE_ID}) is open to this key."
    assert found["agents"]["said"] == "11 agents can be seen."
    assert found["host"]["said"] == f"{urlsplit(url).netloc} answers."
    assert "median of three requests" in found["latency"]["said"]
    assert found["clients"]["state"] == "skip"
    assert "fix: Run: beam-mcp install CLIENT" in shown


async def test_every_setting_is_shown_with_its_source_and_a_secret_only_as_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BEAM_MCP_TIMEOUT=7\n")
    async with serving(World()) as url:
        await logged_in(tmp_path, url)
        _, found = await checks(tmp_path, "--output", "both", BEAM_AUTH="key")
        _, own = await checks(tmp_path, BEAM_API_URL=url, BEAM_API_KEY=SANDBOX_KEY)
    said = {name: check["said"] for name, check in found.items()}
    assert said["BEAM_API_KEY"] == "not set (default)"
    assert said["BEAM_WORKSPACE_ID"] == f"{WORKSPACE_ID} (profile default)"
    assert said["BEAM_API_URL"] == f"{url} (profile default)"
    assert said["BEAM_AUTH"] == "key (environment)"
    assert said["BEAM_MCP_OUTPUT"] == "both (flag)"
    assert said["BEAM_MCP_TIMEOUT"] == f"7.0 (.env in {tmp_path})"
    assert said["BEAM_MCP_PORT"] == "8000 (default)"
    assert f"profile default, in {profiles(tmp_path)}" in said["key"]
    assert own["BEAM_API_KEY"]["said"] == "set (environment)"


async def test_on_the_screen_the_settings_that_nobody_set_are_only_counted(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BEAM_MCP_TIMEOUT=7\n")
    _, some = await doctor(tmp_path, "--sandbox")
    (tmp_path / ".env").unlink()
    _, none = await doctor(tmp_path, BEAM_API_URL="", **dict.fromkeys(("BEAM_API_KEY", "BEAM_WORKSPACE_ID"), ""))
    every = len(Settings.model_fields)
    assert some.splitlines()[:4] == [
        "Settings",
        "  ok    BEAM_MCP_SANDBOX: True (flag)",
        f"  ok    BEAM_MCP_TIMEOUT: 7.0 (.env in {tmp_path})",
        f"  ok    the other {every - 2} have their defaults; --json lists them.",
    ]
    assert none.splitlines()[1] == f"  ok    all {every} have their defaults; --json lists them."


@pytest.mark.parametrize(
    ("dotenv", "arguments", "environment", "fix"),
    [
        (b"BEAM_API_KEY=hush\nBEAM_MCP_HOST=0.0.0.0", [], {}, "Set it in the environment or by the flag."),
        (b"BEAM_API_URL=https://a.example", [], {}, "Set both in the same place."),
        ("BEAM_API_KEY=hush".encode("utf-16"), [], {}, "Save it as UTF-8 that your user may read, or move it away."),
        (b"BEAM_MCP_PORT=many", [], {}, "Correct BEAM_MCP_PORT in .env in {folder}."),
        (b"", [], {"BEAM_MCP_PORT": "many"}, "Correct BEAM_MCP_PORT in the environment."),
        (b"", ["--port", "many"], {"BEAM_MCP_PORT": "1"}, "Correct --port on the command line."),
        (b"", [], {"BEAM_API_KEY": "a b"}, "Correct BEAM_API_KEY in the environment."),
        (b"", ["--transport", "http", "--host", "::"], {}, "Set BEAM_MCP_ALLOWED_HOSTS (--allowed-hosts)."),
    ],
)
async def test_the_fix_of_a_wrong_setting_says_where_it_is_set(
    tmp_path: Path, dotenv: bytes, arguments: list[str], environment: dict[str, str], fix: str
) -> None:
    (tmp_path / ".env").write_bytes(dotenv)
    code, found = await checks(tmp_path, *arguments, **environment)
    wrong = next(iter(found.values()))
    assert (code, wrong["state"], wrong["fix"]) == (1, "fail", fix.format(folder=tmp_path))
    assert not any(word in wrong["said"] for word in ("; set ", ".."))


@pytest.mark.parametrize(
    ("settings", "name", "words", "fix"),
    [
        ({"BEAM_API_KEY": ""}, "key", "No key is set, and nobody is logged in.", "beam-mcp login"),
        ({"BEAM_API_KEY": HIDDEN}, "key", "Beam did not accept the API key", "beam-mcp login"),
        ({"BEAM_WORKSPACE_ID": ""}, "workspace", "No workspace is set.", "BEAM_WORKSPACE_ID"),
        (
            {"BEAM_WORKSPACE_ID": "7"},
            "workspace",
            "(no UUID, so not shown) is no workspace of this key, which opens 1 workspace.",
            "beam-mcp login",
        ),
        ({"BEAM_API_URL": CLOSED}, "host", "it refuses connections", "Check BEAM_API_URL"),
        ({"BEAM_API_URL": "https://beam.invalid"}, "host", "beam.invalid cannot be reached", "."),
        ({"BEAM_API_URL": "https://{host}"}, "TLS", "TLS cannot be agreed on", "Check BEAM_API_URL"),
        ({"BEAM_API_KEY": "", "BEAM_API_KEY_FILE": "gone.txt"}, "BEAM_API_KEY_FILE (--api-key-file)", "gone.txt", ""),
    ],
)
async def test_what_is_wrong_is_said_with_its_fix(
    tmp_path: Path, settings: dict[str, str], name: str, words: str, fix: str
) -> None:
    async with serving(World()) as url:
        host = urlsplit(url).netloc
        given = on(url) | {variable: text.format(host=host) for variable, text in settings.items()}
        code, found = await checks(tmp_path, **given)
    assert code == 1
    assert (found[name]["state"], words in found[name]["said"]) == ("fail", True), found[name]
    assert fix in found[name]["fix"]
    assert found["Python"]["state"] == "ok"  # the rest is looked at all the same


async def test_a_login_for_another_host_and_a_damaged_one_are_said(tmp_path: Path) -> None:
    async with serving(World()) as url:
        await logged_in(tmp_path, url)
        _, found = await checks(tmp_path, BEAM_API_URL=CLOSED)
        assert "not sent to 127.0.0.1:1" in found["key"]["said"]
        profiles(tmp_path).write_text("{")
        code, found = await checks(tmp_path)
    assert code == 1
    assert "beam-mcp logout --all" in found["key"]["fix"]


@pytest.mark.skipif("os.name != 'posix'")
async def test_a_login_that_others_can_read_is_pointed_out(tmp_path: Path) -> None:
    async with serving(World()) as url:
        await logged_in(tmp_path, url)
        profiles(tmp_path).chmod(0o644)
        code, found = await checks(tmp_path)
    assert code == 0
    assert found["login"]["state"] == "warn"
    assert found["login"]["fix"] == f"Run: chmod 600 {profiles(tmp_path)}"


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


async def test_each_clients_config_is_read_and_what_is_wrong_there_is_said(tmp_path: Path) -> None:
    cursor, desktop = tmp_path / ".cursor" / "mcp.json", tmp_path / ".codeium" / "windsurf" / "mcp_config.json"
    for file in (cursor, desktop):
        file.parent.mkdir(parents=True)
    cursor.write_text('{"mcpServers": {"beam": {"command": "/nowhere/beam-mcp", "env": {"BEAM_API_KEY": "hush"}}}}')
    desktop.write_text('{"mcpServers": ')
    async with serving(World()) as url:
        code, found = await checks(tmp_path, **on(url))
    assert code == 1
    assert found["Cursor"]["said"].endswith("entry beam: its command /nowhere/beam-mcp is not found.")
    assert found["Cursor"]["fix"] == "Run: beam-mcp install cursor"
    assert (found["Windsurf"]["state"], str(desktop) in found["Windsurf"]["said"]) == ("fail", True)


async def test_an_entry_without_a_key_needs_a_login(tmp_path: Path) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir(parents=True)
    here = shutil.which("python3") or shutil.which("python") or "python"
    file.write_text(json.dumps({"mcpServers": {"beam": {"command": here, "args": ["-m", "beam_mcp.cli"]}}}))
    _, found = await checks(tmp_path, BEAM_API_URL=CLOSED)
    assert (found["Cursor"]["state"], found["Cursor"]["fix"]) == ("warn", "Run: beam-mcp login")
    async with serving(World()) as url:
        await logged_in(tmp_path, url)
        _, found = await checks(tmp_path)
    assert found["Cursor"]["state"] == "ok"


async def test_the_sandbox_and_a_public_server_need_no_key_of_ours(tmp_path: Path) -> None:
    code, found = await checks(tmp_path, "--sandbox")
    assert (code, found["host"]["state"]) == (0, "skip")
    async with serving(World()) as url:
        public = ("--transport", "http", "--host", "0.0.0.0", "--allowed-hosts", "beam.example")  # noqa: S104
        code, found = await checks(tmp_path, *public, BEAM_API_URL=url)
    assert (code, found["key"]["said"]) == (0, "Whoever connects brings a key of their own.")
