"""The key store of the system, asked in a process of its own: it may hang, or wait for a person to unlock it.

That process can be ended in time, and a server that needs no key store never loads the library for it.
"""

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

from beam_mcp.settings import for_a_child

SERVICE = "beam-mcp"
PATIENCE = 30.0  # seconds; long enough for a person to unlock the store
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would flash one


class KeyStoreError(Exception):
    """The key store did not do it; why, in a few words without the key."""


def put(entry: str, secret: str, *, patience: float = PATIENCE) -> str:
    """Keep a secret under this name, within so many seconds, and return what the key store is called.

    Raises:
        KeyStoreError: there is none, or it does not keep what it is given.
    """
    return str(_ask(patience, act="put", entry=entry, secret=secret))


def read(entry: str) -> str | None:
    """The secret of this name; None when the store has none.

    Raises:
        KeyStoreError: the store cannot be asked.
    """
    found = _ask(PATIENCE, act="read", entry=entry)
    return None if found is None else str(found)


def forget(entry: str) -> None:
    """Remove the secret of this name, if it is there.

    Raises:
        KeyStoreError: the store cannot be asked.
    """
    _ask(PATIENCE, act="forget", entry=entry)


def _ask(patience: float, **question: str) -> Any:
    # -P: a folder that somebody else made must not get to stand in for the library by a file of its name.
    command = [sys.executable, "-P", "-m", __spec__.name]
    try:
        asked = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=json.dumps(question),
            capture_output=True,
            env=for_a_child(),
            timeout=patience,
            encoding="utf-8",
            check=False,
            creationflags=_NO_WINDOW,
        )
    except subprocess.TimeoutExpired:
        raise KeyStoreError(f"it did not answer within {patience:.0f} s") from None
    except OSError as error:
        raise KeyStoreError(f"it could not be asked: {error.strerror}") from error
    try:
        answer = json.loads(asked.stdout)
    except ValueError:
        raise KeyStoreError(_last_words(asked.stderr)) from None
    if "trouble" in answer:
        raise KeyStoreError(answer["trouble"])
    return answer["found"]


def _last_words(stderr: str) -> str:
    """The kind of error that ended it; what it says further could hold anything."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return f"it failed with {lines[-1].partition(':')[0][:60]}" if lines else "it failed"


def _answer(act: str, entry: str, secret: str = "") -> dict[str, Any]:
    import keyring  # noqa: PLC0415 - only the process that is asked loads it
    from keyring.errors import KeyringLocked, NoKeyringError, PasswordDeleteError  # noqa: PLC0415

    try:
        match act:
            case "put":
                keyring.set_password(SERVICE, entry, secret)
                kept = keyring.get_password(SERVICE, entry) == secret
                return {"found": keyring.get_keyring().name} if kept else {"trouble": "it keeps nothing"}
            case "read":
                return {"found": keyring.get_password(SERVICE, entry)}
            case _:
                with suppress(PasswordDeleteError):
                    keyring.delete_password(SERVICE, entry)
                return {"found": None}
    except NoKeyringError:
        return {"trouble": "there is none"}
    except KeyringLocked:
        return {"trouble": "it is locked"}


if __name__ == "__main__":
    json.dump(_answer(**json.load(sys.stdin)), sys.stdout)
