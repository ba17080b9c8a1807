"""`beam-mcp login`: ask for the key, check it with Beam, choose the workspace, keep all three for every server here."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
from rich.console import Console

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import BeamError, Forbidden, Unauthorized
from beam_mcp.beam.user import User
from beam_mcp.cli.credentials import Credentials, CredentialsError, Profile
from beam_mcp.cli.credentials_own import Signed, owner
from beam_mcp.cli.login_workspace import NoWorkspace, choose, the_one_meant
from beam_mcp.cli.screen import complain, screen
from beam_mcp.settings import Settings, load
from beam_mcp.settings_values import fits_a_header
from beam_mcp.views.text import flat, line

NO_DOTENV = Path()  # a folder that somebody else made must not say to whom a typed key is sent
MOST_TRIES = 3
FAILED = 1
WRONG_OPTION = 2


class _GivenUpError(Exception):
    """There will be no login: why."""


def login(given: dict[str, Any]) -> int:
    """Log in under a profile; `key_stdin` and `workspace` are for scripts. Returns the exit code."""
    by_script, wanted = given.pop("key_stdin", False), given.pop("workspace", None)
    settings = load(given, dotenv=NO_DOTENV)
    if not by_script and not sys.stdin.isatty():
        complain(
            "login asks in a terminal; in a script pass the key on stdin: beam-mcp login --key-stdin --workspace ID."
        )
        return WRONG_OPTION
    console = screen()
    try:
        key, user = _from_script(settings) if by_script else _from_person(settings, console)
        choice = choose(console, user) if wanted is None and not by_script else the_one_meant(user, wanted)
        profile = Profile(
            api_url=settings.api_url, workspace=choice.id, workspace_name=choice.name, person=_name_of(user)
        )
        _keep(settings, console, profile, key)
    except (_GivenUpError, NoWorkspace, CredentialsError, BeamError) as error:
        complain(f"{error} Nothing was stored.")
        return FAILED
    except (KeyboardInterrupt, EOFError):
        screen().print()
        complain("interrupted; nothing was stored.")
        raise KeyboardInterrupt from None
    return 0


def _from_script(settings: Settings) -> tuple[str, User]:
    key = sys.stdin.read().removeprefix("\ufeff").strip()
    if not key or not fits_a_header(key):
        raise _GivenUpError("Stdin holds no key, or more than a key.")
    try:
        return key, check(settings, key)
    except (Unauthorized, Forbidden) as refused:
        raise _GivenUpError(refused.what) from refused


def _from_person(settings: Settings, console: Console) -> tuple[str, User]:
    console.print(
        f"Log in to Beam at {urlsplit(settings.api_url).netloc}, profile {settings.profile}. "
        "The key is in the Beam app under Settings."
    )
    for _ in range(MOST_TRIES):
        key = getpass("API key (not shown): ").strip()
        if not key or not fits_a_header(key):
            console.print("That is no key: it is one word without spaces. Copy it again.")
            continue
        try:
            return key, check(settings, key)
        except (Unauthorized, Forbidden) as refused:
            console.print(f"{flat(refused.what)} Copy it again.")
    raise _GivenUpError("No key was accepted. Make a new one in the Beam app under Settings.")


def check(settings: Settings, key: str) -> User:
    """Whose key this is, by Beam's word.

    Raises:
        BeamError: it is not accepted, or Beam cannot be asked.
    """

    who = Signed(settings.api_url, Identity(key, None, settings.auth), "typed")
    return anyio.run(owner, who, settings.timeout)


def _keep(settings: Settings, console: Console, profile: Profile, key: str) -> None:
    credentials = Credentials()
    kept, why_not = credentials.keep(settings.profile, profile, key)
    place = f"{profile.workspace_name} ({profile.workspace})" if profile.workspace_name else profile.workspace
    console.print(f"Signed in as {profile.person}, workspace {place}.")
    if kept.entry:
        console.print(f"The key is in this system's key store ({kept.store}).")
    else:
        console.print(
            f"This system's key store cannot be used ({why_not}), so the key is in {credentials.file}, "
            "which only you can read."
        )
    console.print(_how_to_use(settings))


def _how_to_use(settings: Settings) -> str:
    if settings.has_key:
        return f"{settings.key_source} is set here and goes before any login: unset it to use this one."
    if settings.profile != "default":
        return f"Servers started with BEAM_MCP_PROFILE={settings.profile} use it, running ones from their next call."
    return "Servers without a key of their own use it, running ones from their next call."


def _name_of(user: User) -> str:
    email = f" <{line(user.email, 80)}>" if user.email else ""
    return f"{line(user.name or 'unnamed', 60)}{email}"
