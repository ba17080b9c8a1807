"""The entry for the registry of MCP servers: server.json, in the schema of 2025-12-11."""

from typing import Any

from beam_mcp import __version__
from beam_mcp.cli.clients import ACCOUNT
from beam_mcp.cli.manifests_options import Option, options
from beam_mcp.cli.manifests_texts import ABOUT, NAME, TITLE, WEBSITE
from beam_mcp.settings import Settings

_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
_FORMATS = {"number": "number", "boolean": "boolean", "file": "filepath"}


def server_json() -> dict[str, Any]:
    """The entry: the package from PyPI, run on stdio, or run to be reached over HTTP."""
    return {
        "$schema": _SCHEMA,
        "name": NAME,
        "title": TITLE,
        "description": ABOUT,
        "version": __version__,
        "websiteUrl": WEBSITE,
        "packages": [
            _package({"type": "stdio"}, environmentVariables=[_variable(option) for option in options()]),
            _package(_http(), packageArguments=[{"type": "named", "name": "--transport", "value": "http"}]),
        ],
    }


def _package(transport: dict[str, Any], **more: Any) -> dict[str, Any]:
    whose = {"registryType": "pypi", "identifier": "beam-mcp", "version": __version__, "runtimeHint": "uvx"}
    return {**whose, "transport": transport, **more}


def _http() -> dict[str, Any]:
    known = {option.variable: option for option in options()}
    headers = [_input(header, known[name]) for header, name in ACCOUNT.items()]
    port = Settings.model_fields["port"].default
    return {"type": "streamable-http", "url": f"http://127.0.0.1:{port}/mcp", "headers": headers}


def _input(name: str, option: Option) -> dict[str, Any]:
    return {"name": name, "description": option.about, "isRequired": option.needed, "isSecret": option.secret}


def _variable(option: Option) -> dict[str, Any]:
    default = str(option.default).lower() if isinstance(option.default, bool) else option.default
    more = {"default": str(default)} if default is not None else {}
    choices = {"choices": list(option.choices)} if option.choices else {}
    return {**_input(option.variable, option), "format": _FORMATS.get(option.kind, "string"), **more, **choices}
