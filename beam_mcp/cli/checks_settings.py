"""Every setting, what it is, where it came from; and the login, if that is where the key is."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from beam_mcp.cli.checks import Check
from beam_mcp.cli.credentials import Credentials, CredentialsError, Profile
from beam_mcp.settings import Settings, origins, variable

GROUP = "Settings"
FROM_LOGIN = ("workspace_id", "api_url")


def wrong_settings(words: str) -> Check:
    """What is said when a setting is wrong: the rest cannot be looked at then."""
    name, _, rest = words.partition(": ")
    return Check(GROUP, name, "fail", rest or words, "Correct it where it is set: a flag, the environment or .env.")


def settings_checks(settings: Settings, given: Mapping[str, Any], credentials: Credentials) -> Iterator[Check]:
    """Each setting in force, with its source; secrets only as set."""
    known = origins(given)
    profile = None if settings.has_key else _profile(settings, credentials)
    for field in Settings.model_fields:
        source = known.get(field, "default")
        shown = _shown(settings, field)
        if profile and field in FROM_LOGIN and field not in known:
            shown = profile.workspace if field == "workspace_id" else profile.api_url
            source = f"profile {settings.profile}"
        where = f".env in {Path.cwd()}" if source == ".env" else source
        yield Check(GROUP, variable(field), "ok", f"{shown} ({where})")
    if not credentials.is_private():
        said = f"{credentials.file} can be read by others on this machine."
        yield Check(GROUP, "login", "warn", said, f"Run: chmod 600 {credentials.file}")


def _profile(settings: Settings, credentials: Credentials) -> Profile | None:
    try:
        return credentials.profiles().get(settings.profile)
    except CredentialsError:
        return None  # told where the key is looked at


def _shown(settings: Settings, field: str) -> str:
    value = getattr(settings, field)
    if field == "api_key":
        return "set" if value else "not set"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value) or "none"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return "not set" if value is None else str(value)
