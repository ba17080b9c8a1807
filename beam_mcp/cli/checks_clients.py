"""What the config of each client on this machine says of us."""

from collections.abc import Iterator
from pathlib import Path
from shutil import which

from beam_mcp.cli.checks import Check
from beam_mcp.cli.clients import Entry
from beam_mcp.cli.clients_places import Machine
from beam_mcp.cli.installed import Installed, command_of, holds_a_key, installed

GROUP = "Clients"


def client_checks(machine: Machine, *, has_key: bool) -> Iterator[Check]:
    """One line for each entry of ours; `has_key` is whether a server without a key of its own would find one."""
    found = installed(machine)
    if not found:
        said = "No client that we know is installed for this user."
        yield Check(GROUP, "clients", "skip", said, "Run: beam-mcp install CLIENT")
    for config in found:
        name = config.client.title if config.scope == "user" else f"{config.client.title}, this project"
        if config.trouble:
            fix = f"Correct it by hand, then run: beam-mcp install {config.client.name}"
            yield Check(GROUP, name, "fail", config.trouble.rstrip(".") + ".", fix)
        elif not config.entries:
            said = f"{config.path} has no entry for beam-mcp."
            yield Check(GROUP, name, "skip", said, f"Run: beam-mcp install {config.client.name}")
        for entry, content in config.entries.items():
            yield _of_entry(config, name, entry, content, has_key=has_key)


def _of_entry(config: Installed, name: str, entry: str, content: Entry, *, has_key: bool) -> Check:
    command = command_of(content)
    where = f"{config.path}, entry {entry}"
    again = f"Run: beam-mcp install {config.client.name}"
    if not command:
        return Check(GROUP, name, "fail", f"{where}: it names no command and no address.", again)
    if "://" in command[0]:
        return Check(GROUP, name, "ok", f"{where}: connects to {command[0].partition('?')[0]}.")
    if not _is_there(command[0]):
        return Check(GROUP, name, "fail", f"{where}: its command {command[0]} is not found.", again)
    if holds_a_key(content):
        return Check(GROUP, name, "ok", f"{where}: runs {command[0]} with a key of its own.")
    if not (has_key or "--sandbox" in command):
        return Check(GROUP, name, "warn", f"{where}: runs {command[0]} and finds no key.", "Run: beam-mcp login")
    return Check(GROUP, name, "ok", f"{where}: runs {command[0]}.")


def _is_there(command: str) -> bool:
    path = Path(command).expanduser()
    return path.is_file() if path.is_absolute() else which(command) is not None
