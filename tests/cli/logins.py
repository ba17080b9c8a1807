"""Commands about logins, run to their end and never showing what they must not."""

from pathlib import Path

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from tests.cli.key_stores import home
from tests.cli.processes import started


async def command(*arguments: str, cwd: Path, stdin: str = "", **settings: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that gets this on stdin."""
    async with started(*arguments, cwd=cwd, settings=settings) as process:
        if stdin:
            await process.send(stdin.encode())
        await process.hang_up()
        shown = await process.rest()
        code = await process.ended()
    for secret in filter(None, (stdin.strip(), SANDBOX_KEY)):
        assert secret not in shown.decode() + process.errors.decode()
    assert "Traceback" not in process.errors.decode()
    return code, shown.decode(), process.errors.decode()


async def logged_in(cwd: Path, url: str, *more: str, workspace: str = WORKSPACE_ID, store: str = "") -> str:
    """What a login by script says that goes well."""
    arguments = ("login", "--key-stdin", "--workspace", workspace, *more)
    code, said, wrong = await command(*arguments, cwd=cwd, stdin=SANDBOX_KEY, BEAM_API_URL=url, **home(cwd, store))
    assert (code, wrong) == (0, "")
    return said
