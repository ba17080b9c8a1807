"""What logins leave behind: a file of profiles, and their keys in the system's key store or else in that file."""

import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from beam_mcp.cli import credentials_keyring as key_store
from beam_mcp.cli.credentials_keyring import KeyStoreError

FILE = "profiles.json"


class CredentialsError(Exception):
    """What is stored cannot be read, written or used: `what` happened and, as `advice`, the next step."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what} {advice}".strip())
        self.what = what
        self.advice = advice


class Profile(BaseModel):
    """One login. `entry` names its key in the key store called `store`; where there is none, `key` is the key."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    api_url: str
    workspace: str
    workspace_name: str = ""
    person: str = ""
    entry: str | None = None
    store: str = ""
    key: str | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"Profile({self.person!r}, {self.workspace!r}, {self.api_url!r})"

    __str__ = __repr__


class _Profiles(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    profiles: dict[str, Profile] = {}


Stamp = tuple[int, int, int] | None


def folder() -> Path:
    """Where this system keeps the settings of a person's programs."""
    from platformdirs import user_config_path  # noqa: PLC0415 - a server with a key in its settings needs no folder

    return user_config_path("beam-mcp", appauthor=False)


@dataclass(frozen=True)
class Credentials:
    """The profiles in one folder."""

    place: Path = field(default_factory=folder)

    @property
    def file(self) -> Path:
        """The file of profiles."""
        return self.place / FILE

    def stamp(self) -> Stamp:
        """Something that changes when a login or logout writes; None where nobody is logged in. Cheap to ask."""
        try:
            found = self.file.lstat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def profiles(self) -> dict[str, Profile]:
        """All logins by name.

        Raises:
            CredentialsError: the file cannot be read.
        """
        try:
            self._refuse_link()
            return _Profiles.model_validate_json(self.file.read_bytes()).profiles
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialsError(f"{self.file} cannot be read: {error.strerror}.") from error
        except ValidationError:
            advice = "Run `beam-mcp logout --all`, then `beam-mcp login`."
            raise CredentialsError(f"{self.file} is damaged.", advice) from None

    def key_of(self, profile: Profile) -> str:
        """The key of a profile, from where it is kept; may wait for a person to unlock the key store.

        Raises:
            CredentialsError: it is not there, or cannot be read.
        """
        if profile.entry is None:
            found, place = profile.key, f"in {self.file}"
        else:
            place = f"in the key store {profile.store}"
            try:
                found = key_store.read(profile.entry)
            except KeyStoreError as error:
                advice = "Unlock it and try again, or run `beam-mcp login` again."
                raise CredentialsError(f"The key {place} cannot be read: {error}.", advice) from error
        if not found:
            raise CredentialsError(f"The key is no longer {place}.", "Run `beam-mcp login` again.")
        return found

    def keep(self, name: str, profile: Profile, key: str) -> tuple[Profile, str]:
        """Put a login in the place of what had this name; return how it is kept, and why not in a key store.

        All or nothing: the new key gets an entry of its own, the file names it in one step, then the old one goes.

        Raises:
            CredentialsError: it cannot be written.
        """
        entry, why_not = f"{name} {secrets.token_hex(4)}", ""
        before = self.profiles()
        try:
            kept = profile.model_copy(update={"entry": entry, "store": key_store.put(entry, key), "key": None})
        except KeyStoreError as error:
            why_not = str(error)
            kept = profile.model_copy(update={"entry": None, "store": "", "key": key})
        try:
            self._write({**before, name: kept})
        except BaseException:
            if kept.entry:
                key_store.forget(kept.entry)
            raise
        if name in before:
            _forget_key(before[name])
        return kept, why_not

    def forget(self, name: str) -> list[str]:
        """Remove a login and its key, and return the names of what is gone.

        Raises:
            CredentialsError: it cannot be written.
        """
        before = self.profiles()
        gone = before.pop(name, None)
        if gone is None:
            return []
        self._write(before)
        _forget_key(gone)
        return [name]

    def forget_all(self) -> list[str]:
        """Remove every login and return their names; a damaged file goes too.

        Raises:
            CredentialsError: it cannot be removed.
        """
        known: dict[str, Profile] = {}
        with suppress(CredentialsError):
            known = self.profiles()
        self._changing(lambda: self.file.unlink(missing_ok=True))
        for profile in known.values():
            _forget_key(profile)
        return list(known)

    def is_private(self) -> bool:
        """Whether nobody else may read the file; on Windows its folder sees to that."""
        return os.name == "nt" or self.stamp() is None or not self.file.lstat().st_mode & 0o077

    def _write(self, profiles: dict[str, Profile]) -> None:
        self._refuse_link()
        text = _Profiles(profiles=profiles).model_dump_json(indent=2, exclude_none=True)
        self._changing(lambda: self._replace(text))

    def _replace(self, text: str) -> None:
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.place, prefix=FILE)  # only its owner may read what this makes
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as new:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
            Path(name).replace(self.file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _changing(self, change: Callable[[], None]) -> None:
        try:
            change()
        except OSError as error:
            raise CredentialsError(f"{self.file} cannot be written: {error.strerror}.") from error

    def _refuse_link(self) -> None:
        if self.file.is_symlink():
            raise CredentialsError(f"{self.file} is a link to elsewhere and was not followed.", "Remove it.")


def _forget_key(profile: Profile) -> None:
    """What stays behind in a store that cannot be asked opens nothing here any more."""
    if profile.entry:
        with suppress(KeyStoreError):
            key_store.forget(profile.entry)
