"""The one place that plants: a secret of its own in every field, text, setting and header that can hold one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.secrets import CANARIES
from beam_mcp.sandbox.stories.plot import ASK, DONE, Beat, Plan, Story, question
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from tests.cli.key_stores import home
from tests.cli.processes import ROOT

HOUR = 3600.0
MARKER = "harmless-marker-5512"
# Keys look as real ones do, with what JSON, links and HTML write otherwise; no two begin alike.
KEY = "kQ7m+E4nary/Set=9f27d1c0a4b8"
OTHER_KEY = "hT3x+E4nary/Hdr=51be90c7d2f6"
OWN_TOKEN = "oW2t+E4nary/own-token-c81d22ab"
WRONG_TOKEN = "wR9g+E4nary/wrong-token-77e0"
STRAY_KEY = "sY1n-E4nary-stray-e4f7b2c90d"
TYPED = "aN5w-E4nary-typed-answer-7d0c"
GARBAGE = "gB6u-E4nary-garbage-token-39fe01"

GROUPS: Mapping[str, Mapping[str, str]] = {
    "fields": {f"{name} in Beam's answers": text for name, text in CANARIES.items()},
    "links": {
        "signature of a link": "sG5v0a1bE4nary77c2d93ef00418",
        "password in a link": "pW2k-E4nary-user-pass-60d1",
        "password of a webhook": "wH8r-E4nary-webhook-pass-2b9c",
        "token of a webhook": "tK6y-E4nary-webhook-token-e03f",
    },
    "key": {"the key that is used": KEY},
    "headers": {"x-api-key of a caller": OTHER_KEY},
    "own": {"the server's own token": OWN_TOKEN, "a wrong token": WRONG_TOKEN},
    "proxy": {"password of a proxy": "xP4q-E4nary-proxy-pass-93aa"},
    "typed": {"a password somebody answered with": TYPED},
    "strays": {"a key put in a wrong place": STRAY_KEY},
}
TOKENS, ACCESS, PAGE_LINKS = "tokens", "access tokens", "page links"  # not known before they are made
ABOUT: Mapping[str, str] = {
    "fields": "fields of Beam's answers",
    "links": "credentials in links that others wrote",
    "key": "the key, also where agents and errors repeat it",
    TOKENS: "tokens and refresh tokens",
    ACCESS: "access tokens of an OAuth issuer",
    "headers": "key in a caller's header",
    "own": "tokens for the server itself",
    PAGE_LINKS: "words in addresses of pages",
    "proxy": "password of a proxy",
    "typed": "a password answered with",
    "strays": "a key put in a wrong place",
}
LINKS = GROUPS["links"]
SIGNED = f"https://files.example/a.pdf?X-Amz-Date=1&X-Amz-Signature={LINKS['signature of a link']}"
HOOK = f"https://hook:{LINKS['password of a webhook']}@hooks.example/done?token={LINKS['token of a webhook']}"
PROSE = f"{MARKER} {SIGNED} then https://me:{LINKS['password in a link']}@intra.example/x, {HOOK} and %s end"
PLACES = (
    *("task_summary", "task_query", "task_objective", "agent_description", "node_objective", "question"),
    *("memory_answer", "suggestion", "tool_description", "tool_parameter", "tool_output", "integration_error"),
    *("edge_reason", "output_value"),
)
STATES: Mapping[str, tuple[str, ...]] = {
    "Invoice Matcher": ("USER_INPUT_REQUIRED", "COMPLETED"),
    "Payment Runner": ("USER_CONSENT_REQUIRED",),
    "CRM Sync": ("FAILED",),
}


def planted_world(key: str = KEY) -> World:
    """A Beam that knows this key, whose agents wrote every secret, this key among them, into all they could."""
    world = World(populated=False)
    world.access.key = key
    world.add_agent("Leaky", description=PROSE % key, category=MARKER)
    for agent, states in STATES.items():
        for status in states:
            planted(world, agent, status, key)
    return world


def planted(world: World, agent: str, status: str, key: str = KEY) -> TaskState:
    """A task with everything in it; one of them as large as real ones are."""
    raw: dict[str, Any] = {"webhookUrl": HOOK, "note": PROSE % key}
    texts = dict.fromkeys(PLACES, PROSE % key)
    size = 100_000 if status == "COMPLETED" else 5_000
    return world.add_task(agent, status=status, age=HOUR, texts=texts, raw=raw, size_bytes=size)


def asking_for_a_password(world: World) -> TaskState:
    """A task that wants to know a password."""
    asked = [question("What is the password of the ERP?", "erp_password")]
    plan = Plan("go", "Sign in", "ERP", "Signs in.", on={ASK: {"userQuestions": asked}})
    opening, resumed = (Beat(0, ASK, {"go": ASK}),), (Beat(0, DONE, {"go": DONE}),)
    story = Story((plan,), opening, "Sign in", "Sign in", "Done.", resumed=resumed)
    return world.add_task(world.add_agent(f"{MARKER} desk", story=story, prefix="ERP").name, age=HOUR)


def of_tokens(world: World) -> dict[str, str]:
    """The tokens that a Beam gave out."""
    found = {f"token {number}": token for number, token in enumerate(world.access.tokens)}
    return found | {f"refresh token {n}": token for n, token in enumerate(sorted(world.access.refresh_tokens))}


LOUD = """\
import logging, sys
logging.basicConfig(level=1, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
logging.getLogger("loud").debug("every log line is shown")
"""
LOUDLY = "every log line is shown"


def loudly(folder: Path, **settings: str) -> dict[str, str]:
    """The surroundings of a process with a home here, that logs all it can to stderr before anything of ours runs."""
    place = folder / "loud"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(LOUD, encoding="utf-8")
    loud = {"PYTHONPATH": os.pathsep.join((str(place), str(ROOT)))}
    kept = {"XDG_DATA_HOME": str(folder), "TMPDIR": str(folder), "PYTHONFAULTHANDLER": "1"}
    return home(folder) | loud | kept | settings


def keyed(beam: str, folder: Path, **settings: str) -> dict[str, str]:
    """The same, of somebody who set the key in the environment."""
    own = {"BEAM_API_URL": beam, "BEAM_API_KEY": KEY, "BEAM_WORKSPACE_ID": WORKSPACE_ID, "BEAM_MCP_PROFILE": "nobody"}
    return loudly(folder, **own) | settings
