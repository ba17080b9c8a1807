"""Every option, said once: name, default and meaning; the environment, the flags and the manifests follow from here.

A field `api_url` is the variable BEAM_API_URL and the flag --api-url; options of this server alone are BEAM_MCP_*.
A flag wins over the environment, the environment over a `.env` file in the current folder.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from beam_mcp.settings_values import (
    LOOPBACK,
    NO_HEADER,
    SHORT,
    SHORTEST_TOKEN,
    Paths,
    SettingsError,
    Toolsets,
    Words,
    beam_address,
    both,
    fits_a_header,
    holds_a_key,
    in_dotenv,
    is_unset,
    origin,
    plain_address,
    safe_address,
    text_of,
    variable,
)

SECRET = frozenset({"api_key", "token"})  # never shown, and without a flag, since others can see those
_PROFILE_NAME = re.compile(r"\w[\w.-]{0,39}", re.ASCII)
# A folder that somebody else made can hold a `.env`: what widens what this server may do is not taken from there.
_AUDIT = "BEAM_MCP_AUDIT"  # the one option whose empty value says something
_NOT_FROM_DOTENV = frozenset({"BEAM_MCP_FILES", "BEAM_MCP_CONSENT", "BEAM_MCP_HOST", "BEAM_MCP_ALLOWED_HOSTS",
                              "BEAM_MCP_ALLOWED_ORIGINS", "BEAM_MCP_PUBLIC_URL", "BEAM_MCP_OAUTH_ISSUER",
                              "BEAM_MCP_RATE", _AUDIT})  # fmt: skip
# What only matters where clients connect over HTTP: not asked of those who run us on stdio.
LISTENING = frozenset({"transport", "host", "port", "allowed_hosts", "allowed_origins", "public_url", "token",
                       "token_file", "oauth_issuer", "oauth_scopes", "rate"})  # fmt: skip


class Settings(BaseSettings):
    """The options of beam-mcp."""

    model_config = SettingsConfigDict(
        alias_generator=variable,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    api_key: SecretStr | None = Field(None, description="key of a Beam user; has no flag, since others can see those")
    api_key_file: Path | None = Field(None, description="file that holds the key, instead of the key itself")
    workspace_id: str | None = Field(None, description="workspace to work in: the first UUID in the Beam app's address")
    api_url: str = Field("https://api.beamstudio.ai", description="Beam instance to talk to")
    profile: str = Field("default", description="login to use where no key is set")
    auth: Literal["auto", "key", "token"] = Field("auto", description="sign in with the key, or a token for it")
    sandbox: bool = Field(default=False, description="work on a pretend Beam, no account")
    transport: Literal["stdio", "http", "sse"] = Field("stdio", description="how clients connect")
    host: str = Field("127.0.0.1", description="address to listen on (http, sse)")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    allowed_hosts: Words = Field((), description="Host headers to accept when listening beyond this machine")
    allowed_origins: Words = Field((), description="web pages that may connect from a browser, by their origin")
    public_url: str | None = Field(
        None, description="address under which browsers reach this server over HTTP, where a proxy changes it"
    )
    token: SecretStr | None = Field(None, description="secret that clients over HTTP must send as Bearer; has no flag")
    token_file: Path | None = Field(None, description="file that holds it, instead of BEAM_MCP_TOKEN itself")
    oauth_issuer: str | None = Field(
        None, description="OAuth issuer whose tokens clients over HTTP must send, made for BEAM_MCP_PUBLIC_URL"
    )
    oauth_scopes: Words = Field((), description="scopes that such a token must have")
    rate: int = Field(600, ge=0, description="requests a minute that one caller over HTTP may send; 0 for any number")
    toolsets: Toolsets = Field(
        None, description="tools to offer, of agents, tasks, inbox, account, files; all by default"
    )
    read_only: bool = Field(default=False, description="offer only the tools that read")
    output: Literal["text", "structured", "both"] = Field("text", description="answer as text, as data, or both")
    files: Paths = Field(
        (), description="folders whose files may be sent and saved, separated as in PATH; not taken from .env"
    )
    consent: Literal["person", "chat"] = Field(
        "person",
        description="whether the person's word in the chat is enough where no form or card reaches them",
    )
    late: bool = Field(default=False, description="answer only once all is loaded (stdio)")
    audit: Path | None = Field(
        None,
        description="file for receipts of what you decide, else in your data folder; empty keeps none; not from .env",
    )
    timeout: float = Field(45, ge=1, le=240, description="seconds that a call to Beam may take, repeats included")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature, here and below
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment; `load` adds what `.env` may say."""
        return init_settings, env_settings

    @model_validator(mode="before")
    @classmethod
    def _unfilled_is_unset(cls, given: dict[str, Any]) -> dict[str, Any]:
        kept = {n: v.strip() if isinstance(v, str) else v for n, v in given.items() if not is_unset(v)}
        return kept | ({_AUDIT: Path(os.devnull)} if given.get(_AUDIT) == "" else {})

    @field_validator("profile", mode="after")
    @classmethod
    def _is_a_name(cls, given: str) -> str:
        if not _PROFILE_NAME.fullmatch(given):
            raise ValueError("a name has up to 40 letters, digits, '.', '_' or '-'")
        return given

    @field_validator("api_key", "token", "workspace_id", mode="after")
    @classmethod
    def _is_one_word(cls, given: SecretStr | str | None) -> SecretStr | str | None:
        text = given.get_secret_value() if isinstance(given, SecretStr) else given or ""
        if not fits_a_header(text):
            raise ValueError(NO_HEADER)
        return given

    @field_validator("api_url", mode="after")
    @classmethod
    def _is_safe_to_send_keys_to(cls, given: str) -> str:
        return beam_address(given)

    @field_validator("oauth_issuer", mode="after")
    @classmethod
    def _is_safe_to_trust(cls, given: str | None) -> str | None:
        if given is not None:
            safe_address(given, "https://login.example.com", "its keys are trusted")
        return given  # as it is: RFC 8414 §3.3 compares it letter by letter

    @field_validator("public_url", mode="after")
    @classmethod
    def _is_where_links_can_lead(cls, given: str | None) -> str | None:
        return plain_address(given) if given else None

    @field_validator("allowed_origins", mode="after")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(origin, given))

    def key(self) -> str | None:
        """The API key, from wherever it is kept; SettingsError where the file cannot be read."""
        return self._secret("api_key", self.api_key, self.api_key_file)

    def own_token(self) -> str | None:
        """The secret without which nobody may use this server over HTTP, if there is one.

        Raises:
            SettingsError: the file cannot be read or is empty, or the secret can be guessed.
        """
        found = self._secret("token", self.token, self.token_file)
        if self.token_file and found is None:
            raise SettingsError(f"{both('token_file')}: {self.token_file} is empty; write the secret into it.")
        if found is not None and len(found) < SHORTEST_TOKEN:
            named = variable("token") if self.token else both("token_file")
            raise SettingsError(f"{named}: it is too short, so it could be guessed; take {SHORTEST_TOKEN} characters.")
        return found

    def _secret(self, field: str, given: SecretStr | None, file: Path | None) -> str | None:
        if given is not None or file is None:
            return given.get_secret_value() if given else None
        kept = text_of(file.expanduser(), both(f"{field}_file")).strip()
        if not fits_a_header(kept):
            raise SettingsError(f"{both(f'{field}_file')}: {file} holds more than a key; {NO_HEADER}.")
        return kept or None

    @property
    def has_key(self) -> bool:
        """Whether a key, or a file for it, is set here, so that no login is asked for one."""
        return self.api_key is not None or self.api_key_file is not None

    @property
    def key_source(self) -> str:
        """The variable that the key comes from."""
        return variable("api_key_file" if self.api_key is None and self.api_key_file else "api_key")

    def is_given(self, field: str) -> bool:
        """Whether anybody set this, be it to the default."""
        return field in self.model_fields_set

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can connect, directly or by a proxy that has another name than it."""
        names = (self.host, *self.allowed_hosts, urlsplit(self.public_url or "").hostname or self.host)
        return self.transport != "stdio" and not LOOPBACK.issuperset(names)


def load(flags: Mapping[str, Any] | None = None, *, dotenv: Path = Path(".env")) -> Settings:
    """The settings in force; `flags` holds the fields given on the command line.

    Raises:
        SettingsError: one line for the first value that is wrong.
    """
    in_file = in_dotenv(dotenv)
    typed = {variable(field): given for field, given in (flags or {}).items()}
    named = {name: given for name, given in typed.items() if not is_unset(given) or (name, given) == (_AUDIT, "")}
    for secret in map(variable, SECRET):
        if f"{secret}_FILE" in named:
            named[secret] = None  # the nearer of the two holds, here and below
    from_file = {n: text for n, text in in_file.items() if n not in named and is_unset(os.environ.get(n))}
    for secret in map(variable, SECRET):
        if not is_unset(os.environ.get(f"{secret}_FILE")):
            from_file.pop(secret, None)
    _refuse_widening(from_file)
    _refuse_foreign_host(from_file)
    try:
        settings = Settings(**cast("dict[str, Any]", from_file | named))
    except ValidationError as error:
        raise SettingsError(_one_line(error.errors(include_url=False)[0])) from None
    _refuse_half(settings)
    return settings


def origins(flags: Mapping[str, Any] | None = None, *, dotenv: Path = Path(".env")) -> dict[str, str]:
    """Which source sets each field, of those that any sets: a flag, the environment or .env.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    in_file, typed, found = in_dotenv(dotenv), dict(flags or {}), dict[str, str]()
    for field in Settings.model_fields:
        name = variable(field)
        given = {"flag": typed.get(field), "environment": os.environ.get(name), ".env": in_file.get(name)}
        if source := next((source for source, text in given.items() if not is_unset(text)), None):
            found[field] = source
    return found


def for_a_child() -> dict[str, str]:
    """The environment for what we start: without our secrets, with Linux's session bus, which clients leave out."""
    bus = Path(f"/run/user/{os.getuid()}/bus") if sys.platform == "linux" else None
    found = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"} if bus and bus.exists() else {}
    return found | {name: text for name, text in os.environ.items() if name.upper() not in map(variable, SECRET)}


def forget_environment() -> None:
    """Take our secrets out of what others start as our children; settings that were loaded keep them."""
    for secret in map(variable, SECRET):
        os.environ.pop(secret, None)


def _refuse_half(settings: Settings) -> None:
    """What only makes sense together with something else."""
    if settings.is_public and not settings.allowed_hosts and not settings.public_url:
        here = settings.host if len(settings.host) <= SHORT else "this server"
        raise SettingsError(f"{both('allowed_hosts')}: name the hosts that clients will use to reach {here}.")
    if settings.oauth_issuer and not settings.public_url:
        raise SettingsError(f"{both('oauth_issuer')}: its tokens are for an address; name it in {both('public_url')}.")
    if settings.oauth_issuer and (settings.token or settings.token_file):
        raise SettingsError(f"{both('oauth_issuer')}: clients send one Bearer only; take it or {variable('token')}.")


def _refuse_widening(from_file: Mapping[str, str]) -> None:
    """What somebody else's folder may not decide is refused rather than passed over: its owner should know why."""
    for field in Settings.model_fields:
        if variable(field) in from_file.keys() & _NOT_FROM_DOTENV:
            raise SettingsError(f"{both(field)}: .env may not set it; set it in the environment or by the flag.")


def _refuse_foreign_host(from_file: Mapping[str, str]) -> None:
    """A `.env` that came with somebody's folder must not be able to send a key from anywhere else elsewhere."""
    if "BEAM_API_URL" in from_file and "BEAM_API_KEY" not in from_file:
        raise SettingsError("BEAM_API_URL: .env sets it, but not BEAM_API_KEY; set both in the same place.")


def _one_line(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    field = next((f for f in Settings.model_fields if variable(f) == name), name)
    label = name if field in SECRET else both(field)
    message = error["msg"].removeprefix("Value error, ")
    # What was given is shown, unless it could be or carry a secret, such as a key that was put in a wrong place.
    given = str(error["input"])
    is_harmless = (len(given) <= SHORT or "://" in given) and not (set("@?#") & set(given) or holds_a_key(given))
    is_told = is_harmless and field not in SECRET and not field.endswith("_file")
    given = f", not {given[:60]!r}" if is_told else ""
    return f"{label}: {message[:1].lower()}{message[1:]}{given}."


def surroundings(names: Iterable[str]) -> dict[str, str]:
    """What the environment says of other programs, such as where they keep their files; empty values are left out."""
    return {name: text for name in names if (text := os.environ.get(name))}
