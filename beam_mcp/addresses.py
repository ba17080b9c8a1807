"""Addresses in settings: where keys may be sent, and under which one browsers find us."""

from urllib.parse import urlsplit

from pydantic_core import Url

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def safe_for_keys(given: str) -> str:
    """An address of a Beam, as it is used.

    Raises:
        ValueError: why it is none.
    """
    parts = urlsplit(given)
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not carry a user name or password")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is no web address such as https://api.beamstudio.ai")
    if parts.query or parts.fragment:
        raise ValueError("it must end with its host or path, without '?' or '#'")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("it must begin with https://, since keys are sent there")
    return given.rstrip("/")


def where_links_lead(given: str) -> str:
    """An address of ours, as browsers write it.

    Raises:
        ValueError: why it is none.
    """
    try:
        parts = Url(given)
    except ValueError:
        raise ValueError("it is no web address such as https://beam.example.com") from None
    more = {parts.username, parts.password, parts.query, parts.fragment} - {None}
    if more or parts.scheme not in {"http", "https"}:
        raise ValueError("it must be https:// or http:// with a host and a path, and nothing else")
    return str(parts).rstrip("/")
