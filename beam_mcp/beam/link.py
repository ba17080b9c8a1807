"""Links into the Beam app, as people paste them (API.md, Hosts)."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from beam_mcp.ids import UUID

_ID = r"[\w-]{4,64}"
_PATH = re.compile(
    rf"/(?:(?P<workspace>{UUID.pattern})/(?P<agent>{_ID})(?:/(?:tasks/(?P<task>{_ID})|flow|tasks)?)?"
    rf"|tasks/(?P<only>{_ID}))/?"
)
_APP = re.compile(r"app(?P<instance>(?:\.[\w-]+)?)\.beam\.ai")
_API = re.compile(r"api(?P<instance>(?:\.[\w-]+)?)\.beamstudio\.ai")
_NOT_TOLD = "(no UUID, so not shown)"


@dataclass(frozen=True)
class AppLink:
    """Where a link points on an instance of Beam: an agent or task of a workspace, or a task alone (legacy page)."""

    host: str
    workspace: str | None
    agent: str | None
    task: str | None


def told(workspace: str) -> str:
    """The id of a workspace as it may be told: what is no UUID could be a key that was put in its place."""
    return workspace if UUID.fullmatch(workspace) else _NOT_TOLD


def is_link(text: str) -> bool:
    """Whether the text is meant as a link at all."""
    return "://" in text or text.startswith("app.")


def parse_link(text: str) -> AppLink | None:
    """The parts of a link into the Beam app; None for any other link."""
    host, place = _split(text if "://" in text else f"https://{text}")
    path = _PATH.fullmatch(place)
    if path is None or not _APP.fullmatch(host):
        return None
    parts = {name: _plain(found) if found else None for name, found in path.groupdict().items()}
    return AppLink(host, parts["workspace"], parts["agent"], parts["task"] or parts["only"])


def _plain(name: str) -> str:
    """A UUID means the same in either case; any other id may not."""
    return name.lower() if UUID.fullmatch(name) else name


def app_host(api_url: str) -> str | None:
    """The app that belongs to an API address; None where the address is none of Beam's own."""
    host, _ = _split(api_url)
    known = _API.fullmatch(host)
    return f"app{known['instance']}.beam.ai" if known else None


def _split(address: str) -> tuple[str, str]:
    """Host and path; empty where the text is no address at all."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.hostname or "", parts.path
