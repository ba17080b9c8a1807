"""What the config of each client says of us: for `install`, which changes it, and for `doctor`, which reads it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any, cast

from beam_mcp.cli.clients import CLIENTS, SCOPES, Client, Entry, Scope
from beam_mcp.cli.clients_places import Machine
from beam_mcp.cli.merging import CannotMerge, entries

NAME = "beam"


class Unreadable(Exception):
    """A config that cannot be read, and why, in one line."""


@dataclass(frozen=True)
class Installed:
    """What one config of one client says.

    `entries` are those that lead to beam-mcp, by name, as they stand in the file. Their owner may have written secrets
    there, so show them with `command_of`, never whole. `trouble` is one line if the config cannot be read.
    """

    client: Client
    scope: Scope
    path: Path
    entries: dict[str, Entry]
    trouble: str | None = None


def installed(machine: Machine) -> list[Installed]:
    """What each config says of us, of the clients found on this machine, the project's own configs included.

    Configs that exist, or would if their client had been given a server; nothing is changed and nothing raised.
    """
    return [
        _said_by(client, scope, path)
        for client in CLIENTS
        if is_there(client, machine)
        for scope in SCOPES
        if (path := client.config(machine, scope)) and (scope == "user" or path.exists())
    ]


def is_there(client: Client, machine: Machine) -> bool:
    """Whether a client seems to be on this machine: its command, its config or the folder of it."""
    with suppress(OSError):  # where nobody may look, or no file can be, no client was installed by this person
        config = client.user(machine)
        folder = config.parent
        if config.exists() or (folder != machine.home and folder.is_dir()):
            return True
    return program_of(client, machine) is not None


def program_of(client: Client, machine: Machine) -> str | None:
    """The full path of the client's own command, if it has one and it is found."""
    return which(client.program, path=machine.variables.get("PATH", "")) if client.program else None


def text_of(path: Path) -> str:
    """What stands in a config, nothing if there is none; a byte order mark is kept as the first character.

    Raises:
        Unreadable: it cannot be read, or it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path} cannot be read (it is not UTF-8 text)") from None


def servers_in(client: Client, text: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The keys under which this config keeps its servers, and the servers by name.

    Raises:
        CannotMerge: the config is broken.
    """
    said = text.removeprefix("\ufeff")
    found = entries(said, client.form, client.under)
    deeper = found.get(client.newer) if client.newer else None
    if isinstance(deeper, dict) and "type" not in deeper:
        return (*client.under, client.newer), entries(said, client.form, (*client.under, client.newer))
    return client.under, found


def is_ours(entry: Any) -> bool:
    """Whether an entry leads to beam-mcp: by the command it runs, or by the headers of the account it sends."""
    return any("beam-mcp" in word or "beam_mcp" in word or word == "current-workspace-id" for word in _words(entry))


def command_of(entry: Entry) -> list[str]:
    """The command of an entry, program first; its address alone if it leads over HTTP."""
    command = entry.get("command")
    if command:
        return [str(word) for word in (*_list(command), *_list(entry.get("args") or []))]
    return [str(entry[word]) for word in ("url", "serverUrl", "httpUrl") if word in entry][:1]


def holds_a_key(entry: Entry) -> bool:
    """Whether a key stands in an entry itself, rather than the name of a variable that holds it."""
    kept = {
        name: value for table in ("env", "environment", "headers") for name, value in _table(entry.get(table)).items()
    }
    told = [str(value) for name, value in kept.items() if name.lower() in {"beam_api_key", "x-api-key"}]
    return any(text and "$" not in text and "{" not in text for text in told)


def _table(value: Any) -> Entry:
    return cast("Entry", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for key, inner in _table(value).items():
        yield key
        yield from _words(inner)
    if isinstance(value, list):
        for inner in _list(cast("Any", value)):
            yield from _words(inner)


def _said_by(client: Client, scope: Scope, path: Path) -> Installed:
    try:
        _, servers = servers_in(client, text_of(path))
    except Unreadable as error:
        return Installed(client, scope, path, {}, str(error))
    except CannotMerge as error:
        return Installed(client, scope, path, {}, f"{path} is broken: {error}")
    return Installed(client, scope, path, {name: entry for name, entry in servers.items() if is_ours(entry)})
