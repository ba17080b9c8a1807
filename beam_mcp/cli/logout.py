"""`beam-mcp logout`: forget a login, or all of them."""

from typing import Any

from beam_mcp.cli.credentials import Credentials, CredentialsError
from beam_mcp.cli.login import FAILED, NO_DOTENV
from beam_mcp.cli.screen import complain, screen
from beam_mcp.settings import load
from beam_mcp.settings_values import unless_a_key


def logout(given: dict[str, Any]) -> int:
    """Forget the profile, or with `all` every one. Returns the exit code: 0 where something was forgotten."""
    every = given.pop("all", False)
    settings, credentials = load(given, dotenv=NO_DOTENV), Credentials()
    try:
        gone = credentials.forget_all() if every else credentials.forget(settings.profile)
    except CredentialsError as error:
        complain(str(error))
        return FAILED
    if not gone:
        complain(
            "nobody is logged in." if every else f"nobody is logged in as profile {unless_a_key(settings.profile)}."
        )
        return FAILED
    screen().print(f"Logged out: {', '.join(gone)}. Running servers stop using that from their next call.")
    return 0
