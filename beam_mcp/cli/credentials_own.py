"""Whose key a server started here uses: of the settings, else of the login they name."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.beam.user import User, current_user
from beam_mcp.cli.credentials import Credentials, CredentialsError, Profile
from beam_mcp.settings import Settings


@dataclass(frozen=True)
class Signed:
    """Who one is, at which instance, and in words where the key is from."""

    url: str
    identity: Identity
    place: str


def signed(settings: Settings, credentials: Credentials) -> Signed:
    """Who a server with these settings is; without a key where there is none. May wait for the key store.

    Raises:
        CredentialsError: there is a login, but it cannot be used.
        SettingsError: the file that should hold the key cannot be read.
    """
    nobody = Identity(settings.key(), settings.workspace_id, settings.auth, source=settings.key_source)
    if settings.has_key:
        return Signed(settings.api_url, nobody, settings.key_source)
    profile = profile_of(settings, credentials)
    if profile is None:
        return Signed(settings.api_url, nobody, "none")
    place = f"the key store {profile.store}" if profile.entry else str(credentials.file)
    identity = identity_of(settings, profile, credentials.key_of(profile))
    return Signed(profile.api_url, identity, f"profile {settings.profile}, in {place}")


def profile_of(settings: Settings, credentials: Credentials) -> Profile | None:
    """The login that these settings name; None when nobody is logged in under that name.

    Raises:
        CredentialsError: it cannot be read, or its key belongs to another Beam instance than the settings name.
    """
    profile = credentials.profiles().get(settings.profile)
    if profile and settings.is_given("api_url") and settings.api_url != profile.api_url:
        there, here = urlsplit(profile.api_url).netloc, urlsplit(settings.api_url).netloc
        raise CredentialsError(
            f"The key of profile {settings.profile} is for {there} and not sent to {here}, which BEAM_API_URL names.",
            "Unset that, or run `beam-mcp login` with it.",
        )
    return profile


def identity_of(settings: Settings, profile: Profile, key: str) -> Identity:
    """Who this login is; a workspace of the settings goes before its own."""
    workspace = settings.workspace_id or profile.workspace
    return Identity(key, workspace, settings.auth, source=f"profile {settings.profile}")


async def owner(who: Signed, patience: float) -> User:
    """The person behind a key, by Beam's word, within so many seconds.

    Raises:
        BeamError: Beam does not say.
    """
    http = Http(who.url, timeout=patience)
    try:
        return await current_user(http.acting_as(who.identity))
    finally:
        await http.aclose()
