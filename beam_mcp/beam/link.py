"""Links into the Beam app, as people paste them (API.md, Hosts)."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_PATH = re.compile(rf"/(?P<workspace>{_UUID})/(?P<agent>{_UUID})(?:/(?:tasks/(?P<task>{_UUID})|flow|tasks)?)?/?")
_APP = re.compile(r"app(?P<instance>(?:\.[\w-]+)?)\.beam\.ai")
_API = re.compile(r"api(?P<instance>(?:\.[\w-]+)?)\.beamstudio\.ai")
UUID = re.compile(_UUID)


@dataclass(frozen=True)
class AppLink:
    """Where a link points: an agent, perhaps a task, of a workspace on an instance of Beam."""

    host: str
    workspace: str
    agent: str
    task: str | None


def is_link(text: str) -> bool:
    """Whether the text is meant as a link at all."""
    return "://" in text or text.startswith("app.")


def parse_link(text: str) -> AppLink | None:
    """The parts of a link into the Beam app; None for any other link."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    path = _PATH.fullmatch(parts.path)
    host = parts.hostname or ""
    if path is None or not _APP.fullmatch(host):
        return None
    task = path["task"]
    return AppLink(host, path["workspace"].lower(), path["agent"].lower(), task.lower() if task else None)


def app_host(api_url: str) -> str | None:
    """The app that belongs to an API address; None where the address is none of Beam's own."""
    known = _API.fullmatch(urlsplit(api_url).hostname or "")
    return f"app{known['instance']}.beam.ai" if known else None
