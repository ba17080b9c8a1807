"""What is told of a key that somebody put where none belongs: as a word, an option, in another setting."""

from collections.abc import Mapping
from pathlib import Path

from tests.secrets.in_commands import said
from tests.secrets.planting import GROUPS, loudly
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
CHANNELS = tuple(f"mistake: {name}" for name in LINES)


async def wrong_places(folder: Path) -> Collected:
    """What is told of all."""
    told = await said(LINES, cwd=folder, settings=loudly(folder))
    captures = (
        Capture(f"mistake: {name}", text, "beam-mcp" if b"beam-mcp" in text else "fail") for name, text in told.items()
    )
    return Collected(tuple(captures), {"strays": GROUPS["strays"]})
