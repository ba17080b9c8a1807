"""The bundle for Claude Desktop: its manifest (MCPB 0.4, server type uv), and the file itself."""

import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import tomlkit

import beam_mcp
from beam_mcp.cli.manifests_icon import png
from beam_mcp.cli.manifests_options import Option, options
from beam_mcp.cli.manifests_texts import ABOUT, KEYWORDS, PYTHON, WEBSITE, as_json, first_sentence
from beam_mcp.server.boundary import BeamTool
from beam_mcp.server.prompts import prompts
from beam_mcp.tools.toolsets import TOOLSETS

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same bundle
_START = "server.py"
_FOR_A_SHELL = ", separated as in PATH"
_LONG = """\
Your company's AI agents work at Beam: they match invoices, triage support, do research. This brings them into your
chat: start a task, see what needs you, answer or approve it, get the result, in a few hundred tokens.

You need a Beam API key (in the Beam app under Settings) and the ID of your workspace (the first UUID in the address of
any page of the app). To try it without an account, switch on Sandbox and write any word for both."""


class NoRequirements(Exception):
    """What the bundle needs cannot be told."""


def manifest() -> dict[str, Any]:
    """The manifest of the bundle."""
    known = options()
    return {
        "manifest_version": "0.4",
        "name": "beam-mcp",
        "display_name": "Beam",
        "version": beam_mcp.__version__,
        "description": ABOUT,
        "long_description": _LONG,
        "author": {"name": "the beam-mcp contributors"},
        "homepage": WEBSITE,
        "icon": "icon.png",
        "server": {"type": "uv", "entry_point": _START, "mcp_config": _mcp_config(known)},
        "tools": _tools(),
        "prompts": _prompts(),
        "keywords": KEYWORDS,
        "license": "MIT",
        "compatibility": {"platforms": ["darwin", "win32", "linux"], "runtimes": {"python": PYTHON}},
        "user_config": {option.field: _asked(option) for option in known},
    }


def _mcp_config(known: list[Option]) -> dict[str, Any]:
    """Folders are several values, which only arguments can carry: the start joins them again."""
    folders = [word for option in known if option.kind == "folders" for word in (option.flag, _filled(option))]
    env = {option.variable: _filled(option) for option in known if option.kind != "folders"}
    return {"command": "uv", "args": ["run", "--directory", "${__dirname}", _START, *folders], "env": env}


def _filled(option: Option) -> str:
    return f"${{user_config.{option.field}}}"


def _asked(option: Option) -> dict[str, Any]:
    choices = f": {', '.join(option.choices)}" if option.choices else ""
    asked = {
        "type": "directory" if option.kind == "folders" else option.kind,
        "title": option.title,
        "description": option.about.removesuffix(_FOR_A_SHELL) + choices,
        "default": option.default,
        "multiple": True if option.kind == "folders" else None,
        "sensitive": True if option.secret else None,
        "required": option.needed,
        "min": option.least,
        "max": option.most,
    }
    return {key: value for key, value in asked.items() if value is not None}


def _tools() -> list[dict[str, str]]:
    verbs = [verb for toolset in TOOLSETS for verb in toolset.tools]
    loaded = frozenset(verb.name for verb in verbs)
    tools = [BeamTool.of(verb, loaded=loaded, output="text") for verb in verbs]
    return [{"name": tool.name, "description": first_sentence(tool.description)} for tool in tools]


def _prompts() -> list[dict[str, Any]]:
    return [_prompt(prompt.fn, prompt.name, [a.name for a in prompt.arguments or []]) for prompt, _ in prompts()]


def _prompt(words: Any, name: str, arguments: list[str]) -> dict[str, Any]:
    text = words(**{argument: f"${{arguments.{argument}}}" for argument in arguments})
    return {"name": name, "description": words.__doc__, "arguments": arguments, "text": text}


def write_bundle(folder: Path) -> Path:
    """Write the bundle into a folder that is there, and return its path.

    Raises:
        NoRequirements: this is neither an installed package nor a checkout.
        OSError: there is no room or no right for it.
    """
    path = folder / f"beam-mcp-{beam_mcp.__version__}.mcpb"
    contents = dict(_contents())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            bundle.writestr(entry, contents[name])
    return path


def _contents() -> Iterator[tuple[str, bytes]]:
    package = Path(beam_mcp.__file__).parent
    yield "manifest.json", as_json(manifest()).encode()
    yield "icon.png", png()
    yield "pyproject.toml", tomlkit.dumps(_project(package.parent)).encode()
    yield _START, (package / "cli" / "manifests_start.py").read_bytes()
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(package.parent).as_posix(), path.read_bytes()


def _project(around: Path) -> dict[str, Any]:
    """What uv reads to set the bundle up: the package is run from where it lies, so nothing is built."""
    about = {"name": "beam-mcp", "version": beam_mcp.__version__, "description": ABOUT, "requires-python": PYTHON}
    return {"project": {**about, "dependencies": _requirements(around)}, "tool": {"uv": {"package": False}}}


def _requirements(around: Path) -> list[str]:
    own = around / "pyproject.toml"
    if own.is_file():
        return tomllib.loads(own.read_text(encoding="utf-8"))["project"]["dependencies"]
    try:
        return [needed for needed in requires("beam-mcp") or [] if "extra ==" not in needed]
    except PackageNotFoundError:
        raise NoRequirements("beam-mcp is not installed here; install it, or run this from its checkout") from None
