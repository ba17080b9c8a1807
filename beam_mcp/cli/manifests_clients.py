"""Ready configs: what `install` writes, whole, for those who paste; and the same over HTTP where a client can."""

import json
from pathlib import Path

from beam_mcp.cli.clients import ACCOUNT, CLIENTS, GENERIC, Client, Entry
from beam_mcp.cli.clients_places import Machine
from beam_mcp.cli.install_launch import COMMAND
from beam_mcp.cli.installed import NAME
from beam_mcp.cli.manifests_options import options
from beam_mcp.cli.merging import with_entry
from beam_mcp.settings import Settings

URL = f"http://127.0.0.1:{Settings.model_fields['port'].default}/mcp"
_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


def whole(client: Client, entry: Entry, name: str = NAME) -> str:
    """A config of this client that holds nothing but one entry, and the questions to the person that it refers to."""
    asked = client.asks and "headers" in entry
    start = json.dumps({"inputs": _inputs()}, indent=2) + "\n" if asked else ""
    return with_entry(start, client.form, (*client.under, name), entry)


def _inputs() -> list[dict[str, object]]:
    known = {option.variable: option for option in options()}
    return [
        {"id": name, "type": "promptString", "description": known[name].about, "password": known[name].secret}
        for name in ACCOUNT.values()
    ]


def ready() -> dict[str, str]:
    """The ready configs, by their path."""
    files: dict[str, str] = {}
    for client in (*CLIENTS, GENERIC):
        files[f"clients/{client.name}/stdio.{client.form}"] = whole(client, client.stdio(COMMAND, []))
        if client.http:
            files[f"clients/{client.name}/http.{client.form}"] = whole(client, client.http(URL))
    return files


def readme() -> str:
    """What is here and where each config goes."""
    rows = [_row(client) for client in CLIENTS]
    links = [_links(client) for client in CLIENTS if client.link]
    return _README.format(rows="\n".join(rows), links="\n".join(links), url=URL)


def _links(client: Client) -> str:
    entry = client.stdio(COMMAND, [])
    return f"{client.title}:\n\n" + "".join(f"    {of(NAME, entry)}\n" for of in (client.page, client.link) if of)


def _row(client: Client) -> str:
    places: dict[str, list[str]] = {}
    for system, title in _SYSTEMS.items():
        variables = {"APPDATA": "%APPDATA%", "LOCALAPPDATA": "%LOCALAPPDATA%"} if system == "win32" else {}
        place = client.user(Machine(system, Path("~"), Path(), variables)).as_posix()
        places.setdefault(place, []).append(title)
    user = "<br>".join(f"`{place}`{_on(titles)}" for place, titles in places.items())
    project = client.project(Machine("linux", Path("~"), Path(), {})).as_posix() if client.project else ""
    forms = " and ".join(["stdio", "HTTP"] if client.http else ["stdio"])
    return f"| {client.title} | `{client.name}` | {user} | {f'`{project}`' if project else ''} | {forms} |"


def _on(titles: list[str]) -> str:
    return "" if len(titles) == len(_SYSTEMS) else f" ({', '.join(titles)})"


_README = """\
# Manifests

Made from the code by `beam-mcp manifests`; a test fails when they are not what it makes, so change the code instead.

| file | for |
| --- | --- |
| `claude-desktop/` | the bundle for Claude Desktop; `beam-mcp manifests --bundle` writes the whole `.mcpb` |
| `server.json` | the registry of MCP servers |
| `clients/` | ready configs, by client: `stdio` runs `beam-mcp`, `http` connects to `{url}` with headers |
| `Dockerfile`, `compose.yaml`, `kubernetes.yaml` | a container that serves over HTTP, read-only and as nobody |
| `icon.svg` | our icon |
| `conversation.svg` | the picture in the README, drawn by `python -m tests.picture` |

## Clients

`beam-mcp install CLIENT` adds the entry for you and keeps everything else in the file. No config holds a key: sign in
once with `beam-mcp login`, or set `BEAM_API_KEY` and `BEAM_WORKSPACE_ID` for the client.

| client | `install` | config of a user | of a project | ready for |
| --- | --- | --- | --- | --- |
{rows}

Claude Desktop from the Windows package keeps the same file below `%LOCALAPPDATA%/Packages/Claude_…/LocalCache/Roaming`.

## Links

They add the entry with a click, where `beam-mcp` is installed already: the first by way of the web, for pages that
allow no other links, the second straight in the client.

{links}"""
