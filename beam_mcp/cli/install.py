"""Adding this server to the config of a client, or taking it out again; whatever else stands there stays."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from beam_mcp.cli.clients import CLIENTS, Client, Entry, Scope
from beam_mcp.cli.clients_places import Machine, this_machine
from beam_mcp.cli.install_files import NotWritten, back_up, replace
from beam_mcp.cli.install_launch import COMMAND, launch, options
from beam_mcp.cli.installed import (
    Unreadable,
    holds_a_key,
    is_ours,
    is_there,
    program_of,
    servers_in,
    text_of,
)
from beam_mcp.cli.manifests_clients import whole
from beam_mcp.cli.merging import CannotMerge, with_entry, without_entry
from beam_mcp.cli.screen import complain, screen
from beam_mcp.cli.typed import repeated
from beam_mcp.settings import for_a_child, load

_WRONG = 2
_PATIENCE_SECONDS = 60
_BOM = "\ufeff"
_HOLDS_A_KEY = " Its entry still holds a key, which is not needed after `beam-mcp login`."
SIGN_IN = "Sign in once with `beam-mcp login`; no key is written into a config."


class NotInstalled(Exception):
    """Why a client could not be given this server, or could not be relieved of it, and what to do; in one line."""


@dataclass(frozen=True)
class Wish:
    """What is to be added or taken out: an entry of this name, in configs of this scope, with these options."""

    machine: Machine
    name: str
    scope: Scope
    options: list[str]

    def entry(self, client: Client) -> Entry:
        """The entry. One of a project is for a whole team, so it names the command without this machine's path."""
        command, args = launch(Path(sys.argv[0])) if self.scope == "user" else (COMMAND, [])
        return client.stdio(command, [*args, *self.options])

    def config(self, client: Client) -> Path:
        """The config to change.

        Raises:
            NotInstalled: this client has none of this scope.
        """
        path = client.config(self.machine, self.scope)
        if path is None:
            raise NotInstalled("it has no config of a project; leave out --scope project")
        return path


def install(given: dict[str, Any]) -> int:
    """Add this server to the clients that were named; return the exit code."""
    at_the_end = "" if given.get("sandbox") else SIGN_IN
    if given.pop("print"):
        return _for_each(given, _show, at_the_end, screen(to_stderr=True))
    return _for_each(given, add, at_the_end, screen())


def uninstall(given: dict[str, Any]) -> int:
    """Take this server out of the clients that were named; return the exit code."""
    return _for_each(given, remove, "", screen())


def _for_each(given: dict[str, Any], act: Callable[[Client, Wish], str], at_the_end: str, shown: Console) -> int:
    machine = this_machine()
    named, everywhere = given.pop("client"), given.pop("all")
    name, scope = given.pop("name"), given.pop("scope")
    clients = [known for known in CLIENTS if known.name == named or (everywhere and is_there(known, machine))]
    if everywhere and scope == "project":
        clients = [known for known in clients if known.project]
    if trouble := _wrong(clients, named, name, everywhere=everywhere):
        complain(trouble)
        return _WRONG
    load(given, dotenv=Path())  # what the entry would say has to be right; where it is read, `.env` may say the rest
    wish, failed = Wish(machine, name, scope, options(given)), 0
    for client in clients:
        try:
            shown.print(f"{client.title}: {act(client, wish)}")
        except (NotInstalled, NotWritten, Unreadable) as error:
            complain(f"{client.title}: {error}.")
            failed = _WRONG
    if at_the_end and not failed:
        shown.print(at_the_end)
    return failed


def _wrong(clients: list[Client], named: str | None, name: str, *, everywhere: bool) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        return "--name takes up to 64 letters, digits, '-' or '_'."
    if clients and not (named and everywhere):
        return ""
    known = ", ".join(known.name for known in CLIENTS)
    if everywhere:
        return f"--all goes without {named}." if named else f"no client was found here; name one: {known}."
    return f"{repeated(named)} is none of the clients: {known}." if named else f"name a client, or use --all: {known}."


def add(client: Client, wish: Wish) -> str:
    """Add our entry to the config of a client; what was done and what to do next, in a few sentences.

    Raises:
        NotInstalled, NotWritten, Unreadable: the config is as it was.
    """
    path, entry = wish.config(client), wish.entry(client)
    absent = "" if is_there(client, wish.machine) else f" {client.title} was not found here."
    before = text_of(path)
    there = _ours(client, wish, before)
    if _has(there, entry):
        return f"{path} has {wish.name} already; nothing was changed. {client.then}"
    backup = back_up(path)
    if there is None and _asked(client, wish, client.adds and client.adds(wish.name, entry)):
        before = text_of(path)
    if not _has(_ours(client, wish, before), entry):
        replace(path, before, _edited(client, wish, before, entry))
    done = f"{'added' if there is None else 'changed'} {wish.name} in {path}.{absent}"
    aside = _HOLDS_A_KEY if holds_a_key(there or {}) else ""
    trust = f" {client.title} takes it up once you trust this folder there." if wish.scope == "project" else ""
    return f"{done}{_kept(backup)}{aside} {client.then}{trust}"


def remove(client: Client, wish: Wish) -> str:
    """Take our entry out of the config of a client; what was done.

    Raises:
        NotInstalled, NotWritten, Unreadable: the config is as it was.
    """
    path = wish.config(client)
    before = text_of(path)
    if _ours(client, wish, before) is None:
        return f"{path} has no {wish.name}; nothing was changed."
    backup = back_up(path)
    if _asked(client, wish, client.removes and client.removes(wish.name)):
        before = text_of(path)
    if _ours(client, wish, before) is not None:
        replace(path, before, _edited(client, wish, before, None))
    return f"took {wish.name} out of {path}.{_kept(backup)}"


def _show(client: Client, wish: Wish) -> str:
    """Show what `add` would write, alone on stdout; what to do next, and the link that a click does it with."""
    path, entry = wish.config(client), wish.entry(client)
    screen(to_stderr=True).print(f"{client.title}, in {path}:")
    screen().out(whole(client, entry, wish.name).rstrip("\n"), highlight=False)
    return client.then + (f"\nOr open {client.link(wish.name, entry)}" if client.link else "")


def _ours(client: Client, wish: Wish, text: str) -> Entry | None:
    """The entry of this name, None if there is none."""
    try:
        _, servers = servers_in(client, text)
    except CannotMerge as error:
        raise NotInstalled(f"{wish.config(client)} is broken: {error}; mend it and run this again") from None
    there = servers.get(wish.name)
    if there is not None and not is_ours(there):
        raise NotInstalled(f"{wish.config(client)} has another server named {wish.name}; choose a name with --name")
    return there


def _has(there: Entry | None, entry: Entry) -> bool:
    return there is not None and "url" not in there and all(there.get(key) == value for key, value in entry.items())


def _asked(client: Client, wish: Wish, arguments: list[str] | None) -> bool:
    """Whether the client's own command did as it was asked; a batch file of Windows would mangle the quotes of JSON."""
    program = program_of(client, wish.machine)
    if not (arguments and program) or wish.scope != "user" or program.lower().endswith((".cmd", ".bat")):
        return False
    try:
        ran = subprocess.run(  # noqa: S603 - the client's own command, which the person has on their PATH
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=for_a_child(),
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0


def _edited(client: Client, wish: Wish, before: str, entry: Entry | None) -> str:
    text = before.removeprefix(_BOM)
    under, _ = servers_in(client, text)
    try:
        path = (*under, wish.name)
        edited = with_entry(text, client.form, path, entry) if entry else without_entry(text, client.form, path)
    except CannotMerge as error:
        by_hand = f"edit it by hand, as beam-mcp install {client.name} --print shows"
        raise NotInstalled(f"{wish.config(client)} cannot be edited: {error}; {by_hand}") from None
    return (_BOM if before.startswith(_BOM) else "") + edited


def _kept(backup: Path | None) -> str:
    return f" What it said before is in {backup.name}." if backup else ""
