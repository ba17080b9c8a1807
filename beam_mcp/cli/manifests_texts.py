"""What all manifests say alike: who we are, and how JSON is written."""

import json
from typing import Any

NAME = "ai.beam/beam-mcp"  # in the registry of MCP: whoever publishes it there proves that beam.ai is theirs
TITLE = "Beam"
ABOUT = "Hand work to your Beam agents from the chat you are already in: an MCP server for beam.ai"
WEBSITE = "https://beam.ai"
PYTHON = ">=3.11"
KEYWORDS = ["mcp", "model-context-protocol", "beam", "beam.ai", "agents"]


def as_json(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def first_sentence(text: str) -> str:
    """The first sentence of a description, with its point."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".") + "."
