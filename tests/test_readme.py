"""Every example in the README is true, and its tables are made from the code: REWRITE=1 pytest tests/test_readme.py."""

import ast
import json
import os
import re
import shlex
import tomllib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from beam_mcp.cli.clients import CLIENTS
from beam_mcp.cli.install_launch import COMMAND
from beam_mcp.cli.installed import NAME, command_of
from beam_mcp.server.boundary import BeamTool
from beam_mcp.settings import SECRET, Settings, variable
from beam_mcp.settings_values import flag
from beam_mcp.tools.toolset import Verb
from beam_mcp.tools.toolsets import TOOLSETS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MADE = re.compile(r"<!-- (\w+) -->.*?<!-- /\1 -->", re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
VARIABLES = {variable(field) for field in Settings.model_fields}
GROUPS = {known.under[0] for known in CLIENTS}
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
    """The arguments of every `beam-mcp` anywhere in the README, but for those in configs."""
    for words in (words for line in lines_of_shell() for words in line):
        after = words[words.index("--") + 1 :] if "--" in words else words
        if Path(after[0]).name == COMMAND:
            yield after[1:]
    yield from (shlex.split(span)[1:] for span in spans() if span.startswith(f"{COMMAND} "))


def flags() -> list[list[str]]:
    """What is said of flags alone."""
    return [shlex.split(span) for span in spans() if span.startswith("--")]


def configs() -> list[dict[str, Any]]:
    return [json.loads(block) for block in fences("json")] + [tomllib.loads(block) for block in fences("toml")]


def entries(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The servers that a client's config names."""
    groups = [config[name] for name in GROUPS if name in config]
    assert len(groups) == 1, config
    return list(groups[0].values())


def test_every_block_says_its_language() -> None:
    assert {name for name, _ in FENCE.findall(text())} <= {"bash", "json", "toml"}
    assert text().count("```") == 2 * len(FENCE.findall(text()))


def test_client_configs_name_the_real_command_and_real_variables() -> None:
    assert len(configs()) >= 5
    for entry in (entry for config in configs() for entry in entries(config)):
        assert command_of(entry)[0] == COMMAND
        assert set(entry.get("env", {})) <= VARIABLES
        assert set(entry) <= {"command", "args", "env", "type"}
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {COMMAND: "beam_mcp.cli.start:main"}


def test_every_link_to_click_adds_the_entry_that_install_writes() -> None:
    offered = [known for known in CLIENTS if known.page]
    for known in offered:
        entry = known.stdio(COMMAND, [])
        assert known.page
        link = known.page(NAME, entry)
        assert f"]({link})" in text(), f"{known.title}: {link}"
        query = parse_qs(urlsplit(link).query, strict_parsing=True)
        config = query["config"][0]
        assert query["name"] == [NAME]
        assert json.loads(config if config.startswith("{") else b64decode(config, validate=True)) == entry
    assert text().count("config=") == len(offered)


def test_every_client_that_install_knows_is_named() -> None:
    assert {known.name for known in CLIENTS} <= set(spans())
    for known in CLIENTS:
        assert known.title in text()


def test_what_is_quoted_as_a_symptom_is_said_by_the_server() -> None:
    rows = re.findall(r"^\| (.*?) \|", text().partition("## When something is wrong")[2], re.MULTILINE)
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "beam_mcp").rglob("*.py"))
    quoted = [words for row in rows for words in re.findall(r'"([^"]+)"', row)]
    assert len(quoted) >= 5
    for words in quoted:
        assert words in source, words


def test_every_variable_that_is_named_exists() -> None:
    named = set(re.findall(r"\bBEAM_[A-Z_]+\b", text()))
    assert named
    assert named <= VARIABLES


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


def test_every_claim_of_security_is_proven_by_a_test_that_is_there() -> None:
    section = text().partition("\n## Security\n")[2].partition("\n## ")[0]
    claims = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][2:]
    assert len(claims) >= 15
    for claim, _, proof in claims:
        proofs = re.findall(r"\[([^\]]+)\]\((tests/[^)]+)\)", proof)
        assert proofs, claim
        for name, file in proofs:
            assert f"def test_{name.replace(' ', '_')}(" in (ROOT / file).read_text(encoding="utf-8"), name


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
        shown = "" if field in SECRET else f"`{flag(field)}`"
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
