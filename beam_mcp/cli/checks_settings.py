"""Every setting, what it is, where it came from; and the login, if that is where the key is."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from beam_mcp.beam.link import told
from beam_mcp.cli.checks import Check, Untouched
from beam_mcp.cli.credentials import Credentials, CredentialsError, Profile
from beam_mcp.settings import SECRET, Settings, SettingsError, origins, variable
from beam_mcp.settings_values import flag, is_a_path, unless_a_key
from beam_mcp.tools.receipts import Receipts

GROUP = "Settings"
DEFAULT = "default"
FROM_LOGIN = ("workspace_id", "api_url")


def wrong_settings(words: str, given: Mapping[str, Any]) -> Check:
    """What is said when a setting is wrong, in the words of `load`: the rest cannot be looked at then."""
    name, _, rest = words.partition(": ")
    what, _, step = rest.partition("; set ")
    if step:
        return Check(GROUP, name, "fail", f"{what}.", f"Set {step}")
    return Check(GROUP, name, "fail", rest or words, _correction(name, given))


def _correction(name: str, given: Mapping[str, Any]) -> str:
    if name == ".env":
        return "Save it as UTF-8 that your user may read, or move it away."
    field = next(field for field in Settings.model_fields if variable(field) == name.partition(" ")[0])
    fixes = {
        "flag": f"Correct {flag(field)} on the command line.",
        "environment": f"Correct {variable(field)} in the environment.",
        ".env": f"Correct {variable(field)} in {_where('.env')}.",
    }
    return fixes.get(origins(given).get(field, DEFAULT), f"Set {name}.")


def _where(source: str) -> str:
    return f".env in {Path.cwd()}" if source == ".env" else source


def settings_checks(settings: Settings, given: Mapping[str, Any], credentials: Credentials) -> Iterator[Check]:
    """Each setting in force, with its source; secrets only as set."""
    known = origins(given)
    profile = None if settings.has_key else _profile(settings, credentials)
    for field in Settings.model_fields:
        source = known.get(field, DEFAULT)
        shown = _shown(settings, field)
        if profile and field in FROM_LOGIN and field not in known:
            shown = told(profile.workspace) if field == "workspace_id" else profile.api_url
            source = f"profile {settings.profile}"
        kind = Untouched if source == DEFAULT else Check
        yield kind(GROUP, variable(field), "ok", f"{shown} ({_where(source)})")
    try:
        settings.own_token()
    except SettingsError as error:
        yield wrong_settings(str(error), given)
    if not credentials.is_private():
        said = f"{credentials.file} can be read by others on this machine."
        yield Check(GROUP, "login", "warn", said, f"Run: chmod 600 {credentials.file}")
    receipts = Receipts(settings.audit)
    if trouble := receipts.trouble():
        said = f"What you answer and decide cannot be recorded in {receipts.place} ({trouble})."
        yield Check(GROUP, "receipts", "warn", said, "Name another file in BEAM_MCP_AUDIT, or let your user write it.")


def _profile(settings: Settings, credentials: Credentials) -> Profile | None:
    try:
        return credentials.profiles().get(settings.profile)
    except CredentialsError:
        return None  # told where the key is looked at


def _shown(settings: Settings, field: str) -> str:
    value = getattr(settings, field)
    if field in SECRET:
        return "set" if value else "not set"
    if field == "workspace_id" and value:
        return told(value)
    if isinstance(value, tuple):
        return ", ".join(map(_told, cast("tuple[Any, ...]", value))) or "none"
    return "not set" if value is None else _told(value)


def _told(part: Any) -> str:
    """A value, unless it could be a key that was put in a wrong place."""
    if isinstance(part, Path):
        return str(part) if is_a_path(part) else "set"
    return unless_a_key(str(part))
