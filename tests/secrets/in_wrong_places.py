"""What is told of a key that somebody put where none belongs: as a word, an option, in another setting."""

from collections.abc import Mapping
from pathlib import Path

from beam_mcp.sandbox.serve import serving
from tests.secrets.in_commands import said
from tests.secrets.planting import GROUPS, KEY, keyed, loudly, planted_world
from tests.secrets.searching import Capture, Collected

STRAY = GROUPS["strays"]["a key put in a wrong place"]
LINES: Mapping[str, list[str]] = {
    "a word": [STRAY],
    "a word after a command": ["whoami", STRAY],
    "a client": ["install", STRAY],
    "--key KEY": ["--key", STRAY],
    "--api-key KEY": ["--api-key", STRAY],
    "--api-key=KEY": [f"--api-key={STRAY}"],
    "--apikey=KEY": ["serve", f"--apikey={STRAY}"],
    "--api-key where there is none": ["demo", "--api-key", STRAY],
    "--api-key-file KEY": ["whoami", "--api-key-file", STRAY],
    "doctor --api-key-file KEY": ["doctor", "--api-key-file", STRAY],
    "--output KEY": ["--output", STRAY],
    "--auth KEY": ["whoami", "--auth", STRAY],
    "--profile KEY": ["whoami", "--profile", f"{STRAY}/"],
    "--api-url with it": ["whoami", "--api-url", f"https://beam.example/?key={STRAY}"],
    "--api-url, user": ["doctor", "--api-url", f"https://{STRAY}@beam.example/"],
    "--api-url, no address": ["doctor", "--api-url", f"ftp://beam.example/?key={STRAY}"],
    "--public-url with it": ["--public-url", f"https://beam.example/#{STRAY}"],
    "two words": [f"BEAM_API_KEY={STRAY} and more", "whoami"],
    "not in ASCII": [f"BEAM_API_KEY={STRAY}é", "doctor"],
}
# The same where a Beam answers, which a key in the place of a workspace's id is sent to; each setting stays set.
AT_BEAM: Mapping[str, list[str]] = {
    "login --workspace KEY": ["login", "--key-stdin", "--workspace", STRAY],
    "BEAM_WORKSPACE_ID, whoami": [f"BEAM_WORKSPACE_ID={STRAY}", "whoami"],
    "all at once, doctor": [
        *(f"BEAM_MCP_ALLOWED_HOSTS={STRAY} {STRAY}.{STRAY}", f"BEAM_MCP_OAUTH_SCOPES={STRAY}"),
        *(f"BEAM_MCP_{name}={STRAY}" for name in ("HOST", "FILES", "AUDIT", "PROFILE")),
        "doctor",
    ],
    "BEAM_MCP_AUDIT, receipts": ["receipts"],
    "BEAM_MCP_PROFILE, logout": ["logout"],
    "BEAM_MCP_HOST, serve": ["serve", "--transport", "http"],
}
CHANNELS = tuple(f"mistake: {name}" for name in (*LINES, *AT_BEAM))
CONTROLS = {"BEAM_WORKSPACE_ID, whoami": "no UUID", "BEAM_MCP_AUDIT, receipts": "No receipts"}


async def at_beam(folder: Path) -> dict[str, bytes]:
    """What is told where a Beam answers."""
    async with serving(planted_world()) as beam:
        return await said(AT_BEAM, cwd=folder, settings=keyed(beam, folder), stdin=KEY)


async def wrong_places(folder: Path) -> Collected:
    """What is told of all."""
    told = await said(LINES, cwd=folder, settings=loudly(folder)) | await at_beam(folder)
    captures = (
        Capture(f"mistake: {name}", text, CONTROLS.get(name, "beam-mcp" if b"beam-mcp" in text else "fail"))
        for name, text in told.items()
    )
    return Collected(tuple(captures), {"strays": GROUPS["strays"]})
