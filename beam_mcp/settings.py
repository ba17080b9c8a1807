"""Every option, said once: name, default and meaning; the environment, the flags and the manifests follow from here.

A field `api_url` is the variable BEAM_API_URL and the flag --api-url; options of this server alone are BEAM_MCP_*.
A flag wins over the environment, the environment over a `.env` file in the current folder.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_BEAM = frozenset({"api_key", "api_key_file", "workspace_id", "api_url", "auth"})
_UNFILLED = re.compile(r"\$\{[^}]*\}")  # what some clients pass on for an option the person left empty


class SettingsError(Exception):
    """A wrong setting, in one line that names the variable and the flag."""


def variable(field: str) -> str:
    """The environment variable of a field."""
    return ("BEAM_" if field in _OF_BEAM else "BEAM_MCP_") + field.upper()


def flag(field: str) -> str:
    """The command line flag of a field."""
    return "--" + field.replace("_", "-")


def _words(given: Any) -> Any:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
ToolsetName = Literal["agents", "tasks", "questions"]


class Settings(BaseSettings):
    """The options of beam-mcp."""

    model_config = SettingsConfigDict(
        alias_generator=variable,
        populate_by_name=True,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    api_key: SecretStr | None = Field(None, description="key of a Beam user; has no flag, since others can see those")
    api_key_file: Path | None = Field(None, description="file that holds the key, instead of the key itself")
    workspace_id: str | None = Field(None, description="workspace to work in: the first UUID in the Beam app's address")
    api_url: str = Field("https://api.beamstudio.ai", description="Beam instance to talk to")
    auth: Literal["auto", "key", "token"] = Field("auto", description="how to sign in: with the key, or a token for it")
    sandbox: bool = Field(default=False, description="work on a pretend Beam; needs no account")
    transport: Literal["stdio", "http", "sse"] = Field("stdio", description="how clients connect")
    host: str = Field("127.0.0.1", description="address to listen on (http, sse)")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on (http, sse); 0 takes a free one")
    allowed_hosts: Words = Field((), description="Host headers to accept when listening beyond this machine")
    toolsets: Annotated[tuple[ToolsetName, ...] | None, NoDecode, BeforeValidator(_words)] = Field(
        None, description="tools to offer, of agents, tasks, questions; all by default"
    )
    read_only: bool = Field(default=False, description="offer only the tools that read")
    output: Literal["text", "structured", "both"] = Field("text", description="answer as text, as data, or both")
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

    @field_validator("*", mode="before")
    @classmethod
    def _unfilled_is_unset(cls, given: Any, info: Any) -> Any:
        if isinstance(given, str) and _UNFILLED.fullmatch(given.strip()):
            return cls.model_fields[info.field_name].default
        return given.strip() if isinstance(given, str) else given

    @field_validator("api_key", "workspace_id", mode="after")
    @classmethod
    def _fits_a_header(cls, given: SecretStr | str | None) -> SecretStr | str | None:
        text = given.get_secret_value() if isinstance(given, SecretStr) else given or ""
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("it has characters that do not belong there, such as a space or a line break")
        return given

    @field_validator("api_url", mode="after")
    @classmethod
    def _is_safe_to_send_keys_to(cls, given: str) -> str:
        parts = urlsplit(given)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("it is no web address such as https://api.beamstudio.ai")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("it must begin with https://, since keys are sent there")
        return given.rstrip("/")

    def key(self) -> str | None:
        """The API key, from wherever it is kept.

        Raises:
            SettingsError: the file cannot be read.
        """
        if self.api_key is not None or self.api_key_file is None:
            return self.api_key.get_secret_value() if self.api_key else None
        try:
            return self.api_key_file.expanduser().read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingsError(f"{_both('api_key_file')}: {self.api_key_file} cannot be read ({reason}).") from error

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can connect."""
        return self.transport != "stdio" and self.host not in LOOPBACK


def load(flags: Mapping[str, Any] | None = None, *, dotenv: Path = Path(".env")) -> Settings:
    """The settings in force; `flags` holds the fields given on the command line.

    Raises:
        SettingsError: one line for the first value that is wrong.
    """
    in_file = {name: text for name, text in dotenv_values(dotenv).items() if text} if dotenv.is_file() else {}
    named = {variable(field): given for field, given in (flags or {}).items()}
    from_file = {n: text for n, text in in_file.items() if n not in named and not os.environ.get(n)}
    _refuse_foreign_host(from_file)
    try:
        settings = Settings(**cast("dict[str, Any]", from_file | named))
    except ValidationError as error:
        raise SettingsError(_one_line(error.errors(include_url=False)[0])) from None
    if settings.is_public and not settings.allowed_hosts:
        raise SettingsError(f"{_both('allowed_hosts')}: name the hosts that clients will use to reach {settings.host}.")
    return settings


def _refuse_foreign_host(from_file: Mapping[str, str]) -> None:
    """A `.env` that came with somebody's folder must not be able to send a key from the environment elsewhere."""
    if "BEAM_API_URL" in from_file and not from_file.keys() & {"BEAM_API_KEY", "BEAM_API_KEY_FILE"}:
        known = any(os.environ.get(name) for name in ("BEAM_API_KEY", "BEAM_API_KEY_FILE"))
        if known:
            raise SettingsError("BEAM_API_URL: .env sets it, but not BEAM_API_KEY; set both in the same place.")


def _both(field: str) -> str:
    return f"{variable(field)} ({flag(field)})"


def _one_line(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    field = next((f for f in Settings.model_fields if variable(f) == name), name)
    label = name if field == "api_key" else _both(field)
    message = error["msg"].removeprefix("Value error, ")
    given = "" if field in {"api_key", "api_key_file"} else f", not {str(error['input'])[:60]!r}"
    return f"{label}: {message[:1].lower()}{message[1:]}{given}."
