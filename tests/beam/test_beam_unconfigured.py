"""What is said where there is no key or no workspace: to a person with a terminal, and to a caller over HTTP."""

from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

from beam_mcp.beam.auth import THE_REQUEST, Identity
from beam_mcp.beam.errors import NotConfigured


def refusal(ask: Callable[[], str]) -> str:
    """What is said instead."""
    with pytest.raises(NotConfigured) as error:
        ask()
    return str(error.value)


def test_who_starts_the_server_is_told_to_log_in_or_to_set_it() -> None:
    nobody = Identity()
    assert refusal(nobody.required_key) == snapshot(
        "No Beam API key is set. Run `beam-mcp login` in a terminal and call again; or set BEAM_API_KEY and "
        "BEAM_WORKSPACE_ID in this server's entry of the client's config and restart it; to try it without an account, "
        "start it with --sandbox."
    )
    assert refusal(nobody.required_workspace) == snapshot(
        "No Beam workspace is set. Set BEAM_WORKSPACE_ID: it is the first UUID in the address of a page at "
        "app.beam.ai; get_account() names those of this key."
    )


def test_who_calls_over_http_is_told_the_headers() -> None:
    nobody = Identity(source=THE_REQUEST)
    assert refusal(nobody.required_key) == snapshot(
        "No Beam API key is set. Send yours in the header x-api-key, and the workspace in current-workspace-id: "
        "set both headers in this server's entry of the client's config."
    )
    assert refusal(nobody.required_workspace) == snapshot(
        "No Beam workspace is set. Send it in the header current-workspace-id: it is the first UUID in the address of "
        "a page at app.beam.ai; get_account() names those of this key."
    )


def test_a_login_that_cannot_be_read_says_why_and_how_to_go_on() -> None:
    locked = Identity(trouble="The key store is locked. Unlock it.")
    assert refusal(locked.required_key) == "The key store is locked. Unlock it."
