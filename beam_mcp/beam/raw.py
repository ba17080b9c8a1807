"""Whole answers of Beam for those who want all of it, with everything removed that must not leave this layer."""

import re
from typing import Any
from urllib.parse import quote

from pydantic_core import from_json, to_json

from beam_mcp.beam.errors import BeamBroken
from beam_mcp.beam.http import Beam

# API.md, The task object: secrets travel in it. Compared without case, "-" and "_".
_SECRET = re.compile(
    r".*(password|secret|token|apikey|cognitouserid|useraccesstokenid|authorization|credential|authparameters).*"
    r"|email|socialproviderid|paymentprovidercustomerid"
)
_COUNTS = re.compile(r".*tokens?(used|usages?)|(input|output|reasoning|total)tokens?")
_SIGNED = re.compile(r"(https?://[^\s\"'?#]+)\?[^\s\"'#]*(?:sig|token|key|credential|expires)[^\s\"'#]*", re.IGNORECASE)
REMOVED = "[removed]"


def without_secrets(data: Any) -> Any:
    """The same data; values under secret keys are replaced, links lose what signs them."""
    match data:
        case {**pairs}:
            return {key: REMOVED if _is_secret(key) and item else without_secrets(item) for key, item in pairs.items()}
        case [*items]:
            return [without_secrets(item) for item in items]
        case str():
            return _SIGNED.sub(rf"\1?{REMOVED}", data)
        case _:
            return data


def _is_secret(key: Any) -> bool:
    plain = re.sub(r"[-_]", "", str(key)).lower()
    return bool(_SECRET.fullmatch(plain)) and not _COUNTS.fullmatch(plain)


async def raw_task(beam: Beam, task_id: str) -> str:
    """The whole task as JSON (GET /agent-tasks/{id})."""
    return await _read(beam, f"/agent-tasks/{quote(task_id, safe='')}")


async def raw_agent(beam: Beam, agent_id: str) -> str:
    """The whole agent as JSON (GET /agent/{id})."""
    return await _read(beam, f"/agent/{quote(agent_id, safe='')}")


async def _read(beam: Beam, path: str) -> str:
    body = await beam.body(path)
    try:
        return to_json(without_secrets(from_json(body))).decode()
    except ValueError as error:
        raise BeamBroken("Beam's answer is not JSON.", "Try again in a minute.") from error
