"""`beam-mcp doctor`: look at everything that can be wrong, say what is, and how to mend it."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

import anyio
from rich.console import Console
from rich.text import Text

from beam_mcp import __version__
from beam_mcp.cli.checks import Check, State, Untouched
from beam_mcp.cli.checks_beam import GROUP as BEAM
from beam_mcp.cli.checks_beam import SIGN_IN, beam_checks
from beam_mcp.cli.checks_clients import client_checks
from beam_mcp.cli.checks_machine import machine_checks
from beam_mcp.cli.checks_settings import settings_checks, wrong_settings
from beam_mcp.cli.clients_places import this_machine
from beam_mcp.cli.credentials import Credentials, CredentialsError
from beam_mcp.cli.credentials_own import Signed, signed
from beam_mcp.cli.screen import screen
from beam_mcp.settings import Settings, SettingsError, load
from beam_mcp.views.cleaning import escaped
from beam_mcp.views.text import flat

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red", "skip": "dim"}
FAILED = 1


def doctor(given: dict[str, Any]) -> int:
    """Check everything and show it; with `json` as JSON. Returns the exit code: 1 where something failed."""
    as_json = given.pop("json", False)
    console = screen()
    checks = anyio.run(_gathered, given)
    failed = sum(check.state == "fail" for check in checks)
    if as_json:
        report = {"ok": not failed, "version": __version__, "checks": [asdict(check) for check in checks]}
        console.out(escaped(json.dumps(report, indent=2)), highlight=False)
    else:
        _show(console, checks)
    return FAILED if failed else 0


async def _gathered(given: dict[str, Any]) -> list[Check]:
    return [check async for check in _examine(given)]


async def _examine(given: dict[str, Any]) -> AsyncIterator[Check]:
    credentials, has_key = Credentials(), False
    try:
        settings = load(given)
        settings.key()
    except SettingsError as error:
        yield wrong_settings(str(error), given)
        yield Check(BEAM, "host", "skip", "Not looked at while a setting is wrong.")
    else:
        for check in settings_checks(settings, given, credentials):
            yield check
        url, who = await _who(settings, credentials)
        has_key = isinstance(who, Signed)
        if settings.sandbox:
            yield Check(BEAM, "host", "skip", "With --sandbox there is a pretend Beam instead.")
        else:
            async for check in beam_checks(url, who, settings.timeout):
                yield check
    for check in (*machine_checks(), *client_checks(this_machine(), has_key=has_key)):
        yield check


async def _who(settings: Settings, credentials: Credentials) -> tuple[str, Signed | Check]:
    """The instance, and who a server is that starts so, or a check that says why nobody."""
    if settings.is_public:
        said = "Whoever connects brings a key of their own."
        return settings.api_url, Check(BEAM, "key", "skip", said)
    try:
        who = await anyio.to_thread.run_sync(signed, settings, credentials)
    except CredentialsError as error:
        return settings.api_url, Check(BEAM, "key", "fail", error.what, error.advice)
    if who.identity.key:
        return who.url, who
    return who.url, Check(BEAM, "key", "fail", "No key is set, and nobody is logged in.", SIGN_IN)


def _show(console: Console, checks: list[Check]) -> None:
    for group, found in groupby(checks, key=lambda check: check.group):
        console.print(Text(group, "bold"))
        _show_group(console, list(found))
    counts = {state: sum(check.state == state for check in checks) for state in ("fail", "warn")}
    failed, warned = counts["fail"], counts["warn"]
    told = "All is well." if not failed + warned else f"{failed} failed, {warned} to look at."
    console.print(Text(told, STYLES["fail" if failed else "warn" if warned else "ok"]))


def _show_group(console: Console, checks: list[Check]) -> None:
    told = [check for check in checks if not isinstance(check, Untouched)]
    for check in told:
        _show_line(console, check.state, f"{check.name}: {check.said}")
        if check.fix and check.state != "ok":
            console.print(Text.assemble("        ", ("fix: ", "bold"), flat(check.fix)))
    if untouched := len(checks) - len(told):
        others = f"the other {untouched}" if told else f"all {untouched}"
        _show_line(console, "ok", f"{others} have their defaults; --json lists them.")


def _show_line(console: Console, state: State, words: str) -> None:
    console.print(Text.assemble("  ", (f"{state:<4}", STYLES[state]), f"  {flat(words)}"))
