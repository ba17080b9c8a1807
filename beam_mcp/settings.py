"""Every option, said once: name, default and meaning; the environment, the flags and the manifests follow from here.

A field `api_url` is the variable BEAM_API_URL and the flag --api-url; options of this server alone are BEAM_MCP_*.
A flag wins over the environment, the environment over a `.env` file in the current folder.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from beam_mcp.addresses import LOOPBACK, safe_for_keys, where_links_lead

SHORT = 16  # characters; any key has more
_OF_BEAM = frozenset({"api_key", "api_key_file", "workspace_id", "api_url", "auth"})
_UNFILLED = re.compile(r"\$\{[^}]*\}")  # what some clients pass on for an option the person left empty
_PROFILE_NAME = re.compile(r"\w[\w.-]{0,39}", re.ASCII)
_NO_HEADER = "it has characters that do not belong there, such as a space or a line break"

# A folder that somebody else made can hold a `.env`: what widens what this server may do is not taken from there.
_KEY = "BEAM_API_KEY"
_AUDIT = "BEAM_MCP_AUDIT"  # the one option whose empty value says something
_NOT_FROM_DOTENV = frozenset({"BEAM_MCP_FILES", "BEAM_MCP_CONSENT", "BEAM_MCP_HOST", "BEAM_MCP_ALLOWED_HOSTS",
                              "BEAM_MCP_PUBLIC_URL", _AUDIT})  # fmt: skip
# What only matters where clients connect over HTTP: not asked of those who run us on stdio.
LISTENING = frozenset({"transport", "host", "port", "allowed_hosts", "public_url"})


class SettingsError(Exception):
    """A wrong setting, in one line that names the variable and the flag."""


def variable(field: str) -> str:
    """The environment variable of a field."""
    return ("BEAM_" if field in _OF_BEAM else "BEAM_MCP_") + field.upper()


def flag(field: str) -> str:
    """The command line flag of a field."""
    return "--" + field.replace("_", "-")


def is_a_path(named: Path) -> bool:
    """Whether this may be shown as the file that a key is in, rather than being the key, put in a wrong place."""
    return named.is_absolute() or named.exists() or len(str(named)) <= SHORT


def fits_a_header(text: str) -> bool:
    """Whether a key or an id can be sent as it is."""
    return text.isascii() and text.isprintable() and " " not in text


def _is_unset(given: Any) -> bool:
    """Whether a person left this empty, as far as a source of settings can show it."""
    return given is None or (isinstance(given, str) and (not given.strip() or bool(_UNFILLED.fullmatch(given.strip()))))


def _words(given: Any) -> Any:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


def _paths(given: Any) -> Any:
    return tuple(Path(part) for part in given.split(os.pathsep) if part) if isinstance(given, str) else given


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
ToolsetName = Literal["agents", "tasks", "inbox", "account", "files"]


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
    public_url: str | None = Field(
        None, description="address under which browsers reach this server over HTTP, where a proxy changes it"
    )
    toolsets: Annotated[tuple[ToolsetName, ...] | None, NoDecode, BeforeValidator(_words)] = Field(
        None, description="tools to offer, of agents, tasks, inbox, account, files; all by default"
    )
    read_only: bool = Field(default=False, description="offer only the tools that read")
    output: Literal["text", "structured", "both"] = Field("text", description="answer as text, as data, or both")
    files: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_paths)] = Field(
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
        kept = {n: v.strip() if isinstance(v, str) else v for n, v in given.items() if not _is_unset(v)}
        return kept | ({_AUDIT: Path(os.devnull)} if given.get(_AUDIT) == "" else {})

    @field_validator("profile", mode="after")
    @classmethod
    def _is_a_name(cls, given: str) -> str:
        if not _PROFILE_NAME.fullmatch(given):
            raise ValueError("a name has up to 40 letters, digits, '.', '_' or '-'")
        return given

    @field_validator("api_key", "workspace_id", mode="after")
    @classmethod
    def _is_one_word(cls, given: SecretStr | str | None) -> SecretStr | str | None:
        text = given.get_secret_value() if isinstance(given, SecretStr) else given or ""
        if not fits_a_header(text):
            raise ValueError(_NO_HEADER)
        return given

    @field_validator("api_url", mode="after")
    @classmethod
    def _is_safe_to_send_keys_to(cls, given: str) -> str:
        return safe_for_keys(given)

    @field_validator("public_url", mode="after")
    @classmethod
    def _is_where_links_can_lead(cls, given: str | None) -> str | None:
        return where_links_lead(given) if given else None

    def key(self) -> str | None:
        """The API key, from wherever it is kept.

        Raises:
            SettingsError: the file cannot be read.
        """
        if self.api_key is not None or self.api_key_file is None:
            return self.api_key.get_secret_value() if self.api_key else None
        kept = _text_of(self.api_key_file.expanduser(), _both("api_key_file")).strip()
        if not fits_a_header(kept):
            raise SettingsError(f"{_both('api_key_file')}: {self.api_key_file} holds more than a key; {_NO_HEADER}.")
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
        """Whether others than this machine can connect."""
        return self.transport != "stdio" and self.host not in LOOPBACK


def load(flags: Mapping[str, Any] | None = None, *, dotenv: Path = Path(".env")) -> Settings:
    """The settings in force; `flags` holds the fields given on the command line.

    Raises:
        SettingsError: one line for the first value that is wrong.
    """
    in_file = _dotenv(dotenv)
    typed = {variable(field): given for field, given in (flags or {}).items()}
    named = {name: given for name, given in typed.items() if not _is_unset(given) or (name, given) == (_AUDIT, "")}
    if "BEAM_API_KEY_FILE" in named:
        named["BEAM_API_KEY"] = None  # the nearer of the two holds, here and below
    from_file = {n: text for n, text in in_file.items() if n not in named and _is_unset(os.environ.get(n))}
    if not _is_unset(os.environ.get("BEAM_API_KEY_FILE")):
        from_file.pop("BEAM_API_KEY", None)
    _refuse_widening(from_file)
    _refuse_foreign_host(from_file)
    try:
        settings = Settings(**cast("dict[str, Any]", from_file | named))
    except ValidationError as error:
        raise SettingsError(_one_line(error.errors(include_url=False)[0])) from None
    if settings.is_public and not settings.allowed_hosts:
        raise SettingsError(f"{_both('allowed_hosts')}: name the hosts that clients will use to reach {settings.host}.")
    return settings


def origins(flags: Mapping[str, Any] | None = None, *, dotenv: Path = Path(".env")) -> dict[str, str]:
    """Which source sets each field, of those that any sets: a flag, the environment or .env.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    in_file, typed, found = _dotenv(dotenv), dict(flags or {}), dict[str, str]()
    for field in Settings.model_fields:
        name = variable(field)
        given = {"flag": typed.get(field), "environment": os.environ.get(name), ".env": in_file.get(name)}
        if source := next((source for source, text in given.items() if not _is_unset(text)), None):
            found[field] = source
    return found


def for_a_child() -> dict[str, str]:
    """The environment for what we start: without the key, with Linux's session bus, which clients leave out for us."""
    bus = Path(f"/run/user/{os.getuid()}/bus") if sys.platform == "linux" else None
    found = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"} if bus and bus.exists() else {}
    return found | {name: text for name, text in os.environ.items() if name.upper() != _KEY}


def forget_environment() -> None:
    """Take the key out of what others start as our children; settings that were loaded keep it."""
    os.environ.pop(_KEY, None)


def _dotenv(path: Path) -> dict[str, str]:
    """What a `.env` sets, word for word: one that came with somebody's folder could ask for any other variable."""
    if not path.is_file():
        return {}
    found = dotenv_values(stream=StringIO(_text_of(path, ".env")), interpolate=False)
    return {name: text for name, text in found.items() if text is not None and not _is_unset(text)}


def _refuse_widening(from_file: Mapping[str, str]) -> None:
    """What somebody else's folder may not decide is refused rather than passed over: its owner should know why."""
    for field in Settings.model_fields:
        if variable(field) in from_file.keys() & _NOT_FROM_DOTENV:
            raise SettingsError(f"{_both(field)}: .env may not set it; set it in the environment or by the flag.")


def _refuse_foreign_host(from_file: Mapping[str, str]) -> None:
    """A `.env` that came with somebody's folder must not be able to send a key from anywhere else elsewhere."""
    if "BEAM_API_URL" in from_file and "BEAM_API_KEY" not in from_file:
        raise SettingsError("BEAM_API_URL: .env sets it, but not BEAM_API_KEY; set both in the same place.")


def _text_of(path: Path, label: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        named = path if is_a_path(path) else "what it names"
        raise SettingsError(f"{label}: {named} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{label}: {path} cannot be read (it is not UTF-8 text).") from None


def _both(field: str) -> str:
    return f"{variable(field)} ({flag(field)})"


def _one_line(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    field = next((f for f in Settings.model_fields if variable(f) == name), name)
    label = name if field == "api_key" else _both(field)
    message = error["msg"].removeprefix("Value error, ")
    # What was given is shown, unless it could be or carry a secret, such as a key that was put in a wrong place.
    given = str(error["input"])
    is_harmless = (len(given) <= SHORT or "://" in given) and not set("@?#") & set(given)
    given = f", not {given[:60]!r}" if field not in {"api_key", "api_key_file"} and is_harmless else ""
    return f"{label}: {message[:1].lower()}{message[1:]}{given}."


def surroundings(names: Iterable[str]) -> dict[str, str]:
    """What the environment says of other programs, such as where they keep their files; empty values are left out."""
    return {name: text for name in names if (text := os.environ.get(name))}
