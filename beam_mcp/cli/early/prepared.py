"""What the SDK would say, as it was recorded from it: read from the file beside this one and put together."""

import json
import os
import sys
from typing import Any

from beam_mcp import __version__
from beam_mcp.cli.early.plain import Plain

Json = dict[str, Any]

PLACE = os.path.join(os.path.dirname(__file__), "prepared.json")  # noqa: PTH118, PTH120 - pathlib would cost a tenth of the way


class Prepared:
    """The answers of one start: `plain` decides which toolsets there are, what they load, and how they answer."""

    def __init__(self, recorded: Json, plain: Plain) -> None:
        self._recorded = recorded
        self._output = plain.output
        kind = "reading" if plain.read_only else "all"
        toolsets = recorded["toolsets"]
        self._brought = [toolsets[name][kind] for name in toolsets if plain.toolsets is None or name in plain.toolsets]

    def opens(self, version: Any, method: str) -> bool:
        """Whether a connection of this version is opened by this method."""
        greeting = self._recorded["greetings"].get(version) if isinstance(version, str) else None
        return greeting is not None and greeting["method"] == method

    def greeting(self, version: str) -> Json:
        """The result of `initialize` or `server/discover`."""
        capabilities: Json = {}
        for brought in self._brought:
            capabilities |= brought["capabilities"][version]
        varying = {"capabilities": capabilities, "instructions": self._instructions()}
        return self._recorded["greetings"][version]["result"] | varying

    def tools(self, version: str, *, apps: bool) -> Json:
        """The result of `tools/list`, to a client that can show MCP Apps or not."""
        shown = "with_apps" if apps else "without_apps"
        numbers = [number for brought in self._brought for number in brought["tools"][self._output][version][shown]]
        tools = {tool["name"]: tool for tool in map(self._recorded["definitions"].__getitem__, numbers)}
        ordered = [tools[name] for name in self._recorded["order"] if name in tools]
        return self._recorded["lists"][version] | {"tools": ordered}

    def _instructions(self) -> str:
        loaded = {name for brought in self._brought for name in brought["loaded"]}
        paragraphs = (
            " ".join(sentence for sentence, named in paragraph if loaded.issuperset(named))
            for paragraph in self._recorded["instructions"]
        )
        return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def prepared_for(plain: Plain) -> Prepared | None:
    """What was recorded from just the packages that are installed; None if it was recorded from others."""
    try:
        with open(PLACE, encoding="utf-8") as file:  # noqa: PTH123 - likewise
            recorded = json.load(file)
    except (OSError, ValueError):
        return None
    made_of = recorded["made_of"]
    return Prepared(recorded, plain) if made_of.pop("beam_mcp") == __version__ and _are_installed(made_of) else None


def _are_installed(versions: dict[str, str]) -> bool:
    """Whether these packages would be imported in these versions; importlib.metadata takes as long as all the rest."""
    return all(_is_installed(name, version) for name, version in versions.items())


def _is_installed(name: str, version: str) -> bool:
    folders = (folder or "." for folder in sys.path)
    found = next((folder for folder in folders if os.path.isdir(f"{folder}/{name}")), None)  # noqa: PTH112 - likewise
    beside = os.listdir(found) if found else []  # noqa: PTH208 - likewise
    return any(entry.startswith(f"{name}-{version}.") and entry.endswith(".dist-info") for entry in beside)
