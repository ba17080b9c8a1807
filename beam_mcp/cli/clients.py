"""The clients we know: where each keeps its MCP servers, how an entry of ours looks there, and what to do next.

This one table drives `install`, `manifests` and `doctor`.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from beam_mcp.cli.clients_places import Machine, claude_desktop, opencode, zed

Entry = dict[str, Any]
Scope = Literal["user", "project"]
SCOPES: tuple[Scope, ...] = ("user", "project")
ACCOUNT = {"x-api-key": "BEAM_API_KEY", "current-workspace-id": "BEAM_WORKSPACE_ID"}  # header: variable


def _local(command: str, args: list[str]) -> Entry:
    return {"command": command, "args": args}


def _typed(command: str, args: list[str]) -> Entry:
    return {"type": "stdio", "command": command, "args": args}


def _in_one_list(command: str, args: list[str]) -> Entry:
    return {"type": "local", "command": [command, *args]}


def _remote(address: str, variable: str, **kind: str) -> Callable[[str], Entry]:
    """An entry for HTTP, by the client's word for the URL and by how its configs name an environment variable."""

    def entry(url: str) -> Entry:
        return {**kind, address: url, "headers": {header: variable.format(name) for header, name in ACCOUNT.items()}}

    return entry


def _codex_remote(url: str) -> Entry:
    return {"url": url, "env_http_headers": ACCOUNT}


@dataclass(frozen=True)
class Client:
    """One client. `under` are the keys that lead to its servers; `newer` is a deeper key that some configs have there.

    `program` is its command, by which it is found. `adds` and `removes` are that command's arguments, given the name of
    an entry. They are left out where that command rewrites what others wrote, comments too, as those of Codex 0.169,
    Gemini CLI 0.61 and opencode 1.18 do: those files are edited here.
    """

    name: str
    title: str
    under: tuple[str, ...]
    user: Callable[[Machine], Path]
    then: str
    project: Callable[[Machine], Path] | None = None
    form: Literal["json", "toml"] = "json"
    stdio: Callable[[str, list[str]], Entry] = _local
    http: Callable[[str], Entry] | None = None
    asks: bool = False  # whether it can ask the person for what an entry for HTTP needs
    newer: str = ""
    program: str = ""
    link: Callable[[str, Entry], str] | None = None  # an address that opens the client and offers the entry
    page: Callable[[str, Entry], str] | None = None  # the same by way of the web, for pages that allow no other links
    adds: Callable[[str, Entry], list[str]] | None = None
    removes: Callable[[str], list[str]] | None = None

    def config(self, machine: Machine, scope: Scope = "user") -> Path | None:
        """The file that holds its servers; None where it has no config of this scope."""
        where = self.user if scope == "user" else self.project
        return where(machine) if where else None


def _claude_adds(name: str, entry: Entry) -> list[str]:
    return ["mcp", "add-json", "--scope", "user", name, json.dumps(entry)]


def _claude_removes(name: str) -> list[str]:
    return ["mcp", "remove", "--scope", "user", name]


def _code_link(name: str, entry: Entry) -> str:
    return "vscode:mcp/install?" + quote(json.dumps({"name": name} | entry, separators=(",", ":")), safe="")


def _code_page(name: str, entry: Entry) -> str:
    config = quote(json.dumps(entry, separators=(",", ":")), safe="")
    return f"https://vscode.dev/redirect/mcp/install?name={name}&config={config}"


def _cursor_link(name: str, entry: Entry) -> str:
    return "cursor://anysphere.cursor-deeplink/mcp/install" + _cursor_query(name, entry)


def _cursor_page(name: str, entry: Entry) -> str:
    return "https://cursor.com/en/install-mcp" + _cursor_query(name, entry)


def _cursor_query(name: str, entry: Entry) -> str:
    config = b64encode(json.dumps(entry, separators=(",", ":")).encode()).decode()
    return f"?name={name}&config={quote(config, safe='')}"


def _code_adds(name: str, entry: Entry) -> list[str]:
    return ["--add-mcp", json.dumps({"name": name} | entry)]


CLIENTS = (
    Client(
        "claude-desktop",
        "Claude Desktop",
        under=("mcpServers",),
        user=claude_desktop,
        then="Quit Claude Desktop, not just its window, and start it again.",
    ),
    Client(
        "claude-code",
        "Claude Code",
        under=("mcpServers",),
        user=lambda on: on.folder("CLAUDE_CONFIG_DIR") / ".claude.json",
        project=lambda on: on.project / ".mcp.json",
        stdio=_typed,
        http=_remote("url", "${{{}}}", type="http"),
        program="claude",
        adds=_claude_adds,
        removes=_claude_removes,
        then="Start a new session of Claude Code; /mcp shows the server.",
    ),
    Client(
        "vscode",
        "VS Code",
        under=("servers",),
        user=lambda on: on.app_data() / "Code" / "User" / "mcp.json",
        project=lambda on: on.project / ".vscode" / "mcp.json",
        stdio=_typed,
        http=_remote("url", "${{input:{}}}", type="http"),
        asks=True,
        program="code",
        link=_code_link,
        page=_code_page,
        adds=_code_adds,
        then="Run the command MCP: List Servers in VS Code and start it; VS Code asks once whether you trust it.",
    ),
    Client(
        "cursor",
        "Cursor",
        under=("mcpServers",),
        user=lambda on: on.home / ".cursor" / "mcp.json",
        project=lambda on: on.project / ".cursor" / "mcp.json",
        http=_remote("url", "${{env:{}}}"),
        program="cursor",
        link=_cursor_link,
        page=_cursor_page,
        then="Switch it on in Cursor under Settings, Tools & MCP.",
    ),
    Client(
        "windsurf",
        "Windsurf",
        under=("mcpServers",),
        user=lambda on: on.home / ".codeium" / "windsurf" / "mcp_config.json",
        http=_remote("serverUrl", "${{env:{}}}"),
        program="windsurf",
        then="Press Refresh in Windsurf under Settings, Cascade, MCP Servers.",
    ),
    Client(
        "zed",
        "Zed",
        under=("context_servers",),
        user=zed,
        project=lambda on: on.project / ".zed" / "settings.json",
        http=_remote("url", "your {}"),
        program="zed",
        then="Zed takes it up at once; a green dot in the Agent Panel's settings says that it runs.",
    ),
    Client(
        "codex",
        "Codex",
        under=("mcp_servers",),
        user=lambda on: on.folder("CODEX_HOME", ".codex") / "config.toml",
        project=lambda on: on.project / ".codex" / "config.toml",
        form="toml",
        http=_codex_remote,
        program="codex",
        then="Start a new session of Codex; /mcp shows the server.",
    ),
    Client(
        "gemini",
        "Gemini CLI",
        under=("mcpServers",),
        user=lambda on: on.folder("GEMINI_CLI_HOME") / ".gemini" / "settings.json",
        project=lambda on: on.project / ".gemini" / "settings.json",
        http=_remote("url", "${{{}}}", type="http"),
        program="gemini",
        then="Start a new session of Gemini CLI; /mcp shows the server.",
    ),
    Client(
        "opencode",
        "opencode",
        under=("mcp",),
        newer="servers",
        user=lambda on: opencode(on.xdg() / "opencode"),
        project=lambda on: opencode(on.project),
        stdio=_in_one_list,
        http=_remote("url", "{{env:{}}}", type="remote"),
        program="opencode",
        then="Start opencode again; opencode mcp list shows the server.",
    ),
)

GENERIC = Client(
    "generic",
    "Any other client",
    under=("mcpServers",),
    user=lambda on: on.project / "mcp.json",
    http=_remote("url", "your {}", type="http"),
    then="",
)


def client(name: str) -> Client:
    """The client of this name, of those in the table."""
    return next(known for known in CLIENTS if known.name == name)
