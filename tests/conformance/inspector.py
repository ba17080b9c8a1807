"""Look at our server through the MCP Inspector's command line: `python -m tests.conformance.inspector [PROGRAM]`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio

from beam_mcp.server.build import chosen_tools
from beam_mcp.server.prompts import prompts
from beam_mcp.server.resources import RESOURCES, TEMPLATES
from tests.cli.processes import COMMAND, PATIENCE, ROOT, started, surroundings

# What each list has to contain, by the field that tells its entries apart.
LISTS: dict[str, tuple[str, str, set[str]]] = {
    "tools/list": ("tools", "name", {tool.name for tool in chosen_tools(None, read_only=False)}),
    "resources/list": ("resources", "uri", {str(resource.uri) for resource in RESOURCES}),
    "resources/templates/list": ("resourceTemplates", "uriTemplate", {t.uri_template for t in TEMPLATES}),
    "prompts/list": ("prompts", "name", {prompt.name for prompt, _ in prompts()}),
}
STRICT = {"tools/list": ("--strict",)}  # exit code 6 for a schema that some client cannot read; only here is it taken


async def main(program: str) -> None:
    """Go through every door in every era that it has."""
    with tempfile.TemporaryDirectory() as home:
        async with started("--sandbox", "--transport", "http", "--port", "0", cwd=Path(home)) as server:
            site = await server.address()
            doors = {"stdio": ["--", *COMMAND, "--sandbox"], "http": ["--server-url", f"{site}/mcp"]}
            for era in ("legacy", "modern"):
                for door, target in doors.items():
                    await look([program, "--cli", "--protocol-era", era, "--transport", door], target, home)
            await look([program, "--cli", "--transport", "sse"], ["--server-url", f"{site}/sse"], home)


async def look(inspector: Sequence[str], target: Sequence[str], home: str) -> None:
    """Everything that is listed, and one call.

    Raises:
        AssertionError: something is not as it has to be.
    """
    for method, (kind, field, wanted) in LISTS.items():
        result = await ask([*inspector, "--method", method, *STRICT.get(method, ())], target, home)
        found = {entry[field] for entry in result[kind]}
        assert wanted <= found, f"{method} lacks {wanted - found}"
    call = await ask([*inspector, "--method", "tools/call", "--tool-name", "list_agents"], target, home)
    assert call["isError"] is False, call
    assert "Invoice Matcher" in call["content"][0]["text"], call
    assert ("_meta" in call) == ("modern" in inspector), call  # only since 2026-07-28 a result says who gave it
    print("as it has to be:", *inspector[2:])  # noqa: T201


async def ask(inspector: Sequence[str], target: Sequence[str], home: str) -> dict[str, Any]:
    """What one run of the inspector finds; it writes nothing to stderr if all is well."""
    command = [*inspector, "--format", "json", *target]
    with anyio.fail_after(PATIENCE):
        done = await anyio.run_process(
            command, check=False, stdin=subprocess.DEVNULL, cwd=ROOT, env=surroundings(HOME=home, USERPROFILE=home)
        )
    assert (done.returncode, done.stderr) == (0, b""), f"{' '.join(command)}\n{done.returncode}: {done.stderr.decode()}"
    return json.loads(done.stdout)["result"]


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if sys.argv[1:] else "mcp-inspector")
