"""Every example in the README is true, and its tables are made from the code: REWRITE=1 pytest tests/test_readme.py."""

import ast
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from beam_mcp import __version__
from beam_mcp.cli.main import parser
from beam_mcp.server.boundary import BeamTool
from beam_mcp.settings import Settings, flag, variable
from beam_mcp.tools.toolset import Verb
from beam_mcp.tools.toolsets import TOOLSETS
from tests.cli.processes import run

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MADE = re.compile(r"<!-- (\w+) -->.*?<!-- /\1 -->", re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
VARIABLES = {variable(field) for field in Settings.model_fields}
RUNNABLE = {"demo", "--version", "--help"}
EFFECTS = {True: "reads", False: "adds"}


def text() -> str:
    return README.read_text(encoding="utf-8")


def fences(language: str) -> list[str]:
    return [body for name, body in FENCE.findall(text()) if name == language]


def spans() -> list[str]:
    """What is set as code inside sentences and tables, but for the tables that are made from the code."""
    return CODE.findall(MADE.sub("", FENCE.sub("", text())))


def lines_of_shell() -> list[list[list[str]]]:
    """Every line of a shell block: its commands, each as words."""
    lines = [line for block in fences("bash") for line in block.splitlines() if line and not line.startswith("#")]
    return [[shlex.split(part) for part in line.split("&&")] for line in lines]


def own_commands() -> Iterator[list[str]]:
    """The arguments of every `beam-mcp` anywhere in the README."""
    for words in (words for line in lines_of_shell() for words in line):
        after = words[words.index("--") + 1 :] if "--" in words else words
        if Path(after[0]).name == "beam-mcp":
            yield after[1:]
    for words in (shlex.split(span) for span in spans() if span.startswith(("beam-mcp ", "--"))):
        yield words[1:] if words[0] == "beam-mcp" else words
    for entry in (entry for config in configs() for entry in entries(config)):
        yield cast("list[str]", entry.get("args", []))


def configs() -> list[dict[str, Any]]:
    return [json.loads(block) for block in fences("json")] + [tomllib.loads(block) for block in fences("toml")]


def entries(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The servers that a client's config names."""
    groups = [config[name] for name in ("mcpServers", "servers", "mcp_servers") if name in config]
    assert len(groups) == 1, config
    return list(groups[0].values())


def test_every_block_says_its_language() -> None:
    assert {name for name, _ in FENCE.findall(text())} <= {"bash", "json", "toml"}
    assert text().count("```") == 2 * len(FENCE.findall(text()))


def test_client_configs_run_the_real_command_with_real_variables() -> None:
    assert len(configs()) >= 3
    for config in configs():
        for entry in entries(config):
            assert entry["command"] == "beam-mcp"
            assert set(entry.get("env", {})) <= VARIABLES
            assert set(entry) <= {"command", "args", "env", "type"}
            assert entry.get("type", "stdio") == "stdio"
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"beam-mcp": "beam_mcp.cli.start:main"}


def test_every_variable_that_is_named_exists() -> None:
    named = set(re.findall(r"\bBEAM_[A-Z_]+\b", text()))
    assert named
    assert named <= VARIABLES


def test_every_command_line_is_understood() -> None:
    commands = [words for words in own_commands() if not RUNNABLE & set(words)]
    assert commands
    for words in commands:
        given = vars(parser().parse_args(words))
        given.pop("command", None)
        Settings.model_validate({variable(field): value for field, value in given.items()})


@pytest.mark.parametrize("words", [["demo"], ["--version"], ["--help"]], ids=" ".join)
def test_what_can_be_run_runs(tmp_path: Path, words: list[str]) -> None:
    assert words in list(own_commands())
    shown = run(*words, cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    if words == ["--version"]:
        assert shown.stdout == f"beam-mcp {__version__}\n"


def test_the_commands_that_install_are_those_that_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace('"', "")
    installing = [line for block in fences("bash") for line in block.splitlines() if "pip install" in line]
    assert len(installing) == 2
    for line, folder in zip(installing, ("$plain", "$dev"), strict=True):
        assert line.replace(".venv", folder) in ci, f"{line} is not in .ci/run with {folder} for .venv"


def called(span: str) -> ast.Call | None:
    try:
        tree = ast.parse(span, mode="eval").body
    except SyntaxError:
        return None
    return tree if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else None


def test_every_call_of_a_tool_has_real_arguments() -> None:
    tools = {verb.name: schema(verb) for verb in verbs()}
    calls = [call for span in spans() if (call := called(span))]
    assert len(calls) >= 5
    for call in calls:
        name = ast.unparse(call.func)
        assert name in tools
        given = {word.arg for word in call.keywords}
        assert not call.args
        assert given <= set(tools[name]["properties"]), name
        assert set(tools[name].get("required", [])) <= given, name


def test_links_into_the_repository_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text()):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def verbs() -> list[Verb]:
    return [verb for toolset in TOOLSETS for verb in toolset.tools]


def schema(verb: Verb) -> dict[str, Any]:
    return BeamTool.of(verb, loaded=frozenset(), output="text").parameters


def effect(verb: Verb) -> str:
    return "changes" if verb.hints.destructive_hint else EFFECTS[verb.reads_only]


def tools_table() -> str:
    """Every tool: its arguments, required ones first, its toolset, what it does to Beam, and what it is for."""
    rows = ["| tool | arguments | toolset | effect | for |", "| --- | --- | --- | --- | --- |"]
    for toolset in TOOLSETS:
        for verb in toolset.tools:
            about = (verb.function.__doc__ or "").strip().partition(". ")[0].replace("\n", " ").rstrip(".")
            needed = schema(verb).get("required", [])
            words = [f"**{name}**" if name in needed else name for name in schema(verb)["properties"]]
            rows.append(f"| `{verb.name}` | {', '.join(words)} | {toolset.name} | {effect(verb)} | {about} |")
    return "\n".join([*rows, "", "Arguments in bold are required."])


def settings_table() -> str:
    """Every option: its variable, flag, default and meaning."""
    rows = ["| variable | flag | default | meaning |", "| --- | --- | --- | --- |"]
    for field, info in Settings.model_fields.items():
        default = "" if info.default in {None, False, ()} else f"`{info.default}`"
        shown = "" if field == "api_key" else f"`{flag(field)}`"
        rows.append(f"| `{variable(field)}` | {shown} | {default} | {info.description} |")
    return "\n".join(rows)


@pytest.mark.parametrize(("marker", "made"), [("tools", tools_table), ("settings", settings_table)])
def test_the_tables_are_made_from_the_code(marker: str, made: Any) -> None:
    start, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    assert (text().count(start), text().count(end)) == (1, 1)
    before, _, rest = text().partition(start)
    _, _, after = rest.partition(end)
    whole = f"{before}{start}\n{made()}\n{end}{after}"
    if os.environ.get("REWRITE"):
        README.write_text(whole, encoding="utf-8")
    assert text() == whole, "run REWRITE=1 pytest tests/test_readme.py"
