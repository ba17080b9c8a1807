"""What registries, clients and containers read about us is what the code says: `beam-mcp manifests` writes it anew."""

import ast
import json
import os
import re
import sys
import tomllib
import zipfile
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from beam_mcp import __version__
from beam_mcp.cli.clients import CLIENTS, GENERIC, Client
from beam_mcp.cli.install_launch import COMMAND as OURS
from beam_mcp.cli.installed import command_of, holds_a_key, is_ours, servers_in
from beam_mcp.cli.manifests import made
from beam_mcp.cli.manifests_bundle import write_bundle
from beam_mcp.cli.manifests_start import joined
from beam_mcp.server.prompts import prompts
from beam_mcp.settings import LISTENING, Settings, variable
from beam_mcp.tools.toolsets import TOOLSETS
from tests.cli.batches import Command, told
from tests.cli.processes import ROOT, run, started
from tests.cli.wires import OverStdio, Speaker

MANIFESTS = ROOT / "manifests"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ON_STDIO = [field for field in Settings.model_fields if field not in LISTENING | {"audit"}]


def file(name: str) -> str:
    return (MANIFESTS / name).read_text(encoding="utf-8")


def manifest() -> dict[str, Any]:
    return json.loads(file("claude-desktop/manifest.json"))


def test_nothing_is_out_of_date(tmp_path: Path) -> None:
    checked = run("manifests", "--check", "--out", str(MANIFESTS), cwd=tmp_path)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_what_is_out_of_date_or_missing_is_named(tmp_path: Path) -> None:
    files = made()
    assert {p.relative_to(MANIFESTS).as_posix() for p in MANIFESTS.rglob("*") if p.is_file()} >= set(files)
    written = run("manifests", cwd=tmp_path)
    assert (written.returncode, len(written.stdout.splitlines())) == (0, len(files))
    folder = tmp_path / "manifests"
    (folder / "server.json").write_text("{}", encoding="utf-8")
    (folder / "icon.svg").unlink()
    (folder / "claude-desktop" / "icon.png").write_bytes(b"no picture")
    checked = run("manifests", "--check", cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (1, "")
    named = ", ".join(str(Path("manifests", name)) for name in ("claude-desktop/icon.png", "server.json", "icon.svg"))
    assert checked.stderr == f"beam-mcp: out of date: {named}; run beam-mcp manifests.\n"


@pytest.mark.anyio
async def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "manifests").write_text("", encoding="utf-8")
    both = (["manifests"], ["manifests", "--bundle", "--out", "manifests"])
    for each in await told([Command(typed, tmp_path) for typed in both]):
        assert (each.code, each.out, each.errors.count("\n")) == (2, "", 1)
        assert " cannot be written (" in each.errors


def test_the_version_and_the_description_are_the_same_everywhere() -> None:
    server = json.loads(file("server.json"))
    versions = {manifest()["version"], server["version"], *(package["version"] for package in server["packages"])}
    assert versions == {__version__}
    assert set(re.findall(r"beam-mcp:(\S+)", file("Dockerfile") + file("compose.yaml") + file("kubernetes.yaml"))) == {
        __version__
    }
    assert {manifest()["description"], server["description"]} == {PROJECT["description"]}
    assert manifest()["keywords"] == PROJECT["keywords"]
    assert manifest()["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]
    assert manifest()["license"] == PROJECT["license"]


def test_the_bundle_asks_for_every_setting_and_passes_it_on() -> None:
    asked, config = manifest()["user_config"], manifest()["server"]["mcp_config"]
    assert list(asked) == ON_STDIO
    passed = config["env"] | dict(zip(config["args"][4::2], config["args"][5::2], strict=True))
    assert set(passed) == {"--files", *(variable(field) for field in ON_STDIO if field != "files")}
    assert set(passed.values()) == {f"${{user_config.{field}}}" for field in ON_STDIO}
    assert [field for field in asked if asked[field].get("sensitive")] == ["api_key"]
    assert [field for field in asked if asked[field]["required"]] == ["api_key", "workspace_id"]
    kinds = {field: asked[field]["type"] for field in asked}
    assert kinds["api_key"] == kinds["consent"] == "string"
    assert kinds["read_only"] == "boolean"
    assert kinds["api_key_file"] == "file"
    assert (asked["files"]["type"], asked["files"]["multiple"]) == ("directory", True)
    timeout = asked["timeout"]
    assert (timeout["type"], timeout["default"], timeout["min"], timeout["max"]) == ("number", 45, 1, 240)


def test_what_a_host_fills_in_is_taken_as_settings() -> None:
    asked = manifest()["user_config"]
    filled = {variable(f): f"{option.get('default', f'${{user_config.{f}}}')}".lower() for f, option in asked.items()}
    assert Settings.model_validate(filled) == Settings.model_validate({})


def test_the_bundle_lists_every_tool_and_prompt() -> None:
    assert [tool["name"] for tool in manifest()["tools"]] == [tool.name for t in TOOLSETS for tool in t.tools]
    assert [prompt["name"] for prompt in manifest()["prompts"]] == [prompt.name for prompt, _ in prompts()]
    for prompt in manifest()["prompts"]:
        for argument in prompt["arguments"]:
            assert f"${{arguments.{argument}}}" in prompt["text"]


def test_the_registry_is_told_every_setting() -> None:
    stdio, http = json.loads(file("server.json"))["packages"]
    known = {entry["name"]: entry for entry in stdio["environmentVariables"]}
    assert list(known) == [variable(field) for field in ON_STDIO]
    assert [name for name, entry in known.items() if entry["isSecret"]] == ["BEAM_API_KEY"]
    assert [name for name, entry in known.items() if entry["isRequired"]] == ["BEAM_API_KEY", "BEAM_WORKSPACE_ID"]
    assert [header["name"] for header in http["transport"]["headers"]] == ["x-api-key", "current-workspace-id"]
    assert len(json.loads(file("server.json"))["description"]) <= 100


@pytest.mark.parametrize("known", [*CLIENTS, GENERIC], ids=lambda known: known.name)
def test_ready_configs_hold_our_entry_and_no_key(known: Client) -> None:
    text = file(f"clients/{known.name}/stdio.{known.form}")
    assert servers_in(known, text)[1] == {"beam": known.stdio(OURS, [])}
    there = sorted(path.stem for path in (MANIFESTS / "clients" / known.name).iterdir())
    assert there == (["http", "stdio"] if known.http else ["stdio"])
    if known.http:
        [entry] = servers_in(known, file(f"clients/{known.name}/http.{known.form}"))[1].values()
        assert command_of(entry) == ["http://127.0.0.1:8000/mcp"]
        assert is_ours(entry)
        assert not holds_a_key(entry) or known.name in {"zed", "generic"}, "which have no way to name a variable"


def test_the_questions_of_vs_code_are_those_that_its_entry_refers_to() -> None:
    text = file("clients/vscode/http.json")
    assert set(re.findall(r"\$\{input:(\w+)\}", text)) == {asked["id"] for asked in json.loads(text)["inputs"]}


def test_links_carry_the_entry() -> None:
    plain: dict[str, Any] = {"command": OURS, "args": []}
    typed = {"type": "stdio"} | plain
    links = [urlsplit(line.strip()) for line in file("README.md").splitlines() if line.startswith("    ")]
    assert [link.scheme for link in links] == ["https", "vscode", "https", "cursor"]
    assert json.loads(parse_qs(links[0].query)["config"][0]) == typed
    assert json.loads(unquote(links[1].query)) == {"name": "beam"} | typed
    for link in links[2:]:
        assert json.loads(b64decode(parse_qs(link.query)["config"][0])) == plain


def test_the_container_asks_our_health_and_sets_real_settings() -> None:
    text = file("Dockerfile") + file("compose.yaml") + file("kubernetes.yaml")
    assert set(re.findall(r"BEAM_\w+", text)) <= {variable(field) for field in Settings.model_fields}
    [check] = re.findall(r"^    CMD (\[.*\])$", file("Dockerfile"), re.MULTILINE)
    program = json.loads(check)
    assert program[:2] == ["python", "-c"]
    ast.parse(program[2])
    assert "USER 10001:10001" in text


def test_a_container_may_do_little_wherever_it_runs() -> None:
    base = re.findall(r"^(?:ARG BASE=|FROM )(\S+)", file("Dockerfile"), re.MULTILINE)
    assert base == ["python:3.13-slim-trixie", "${BASE}", "${BASE}"]
    compose, kubernetes = file("compose.yaml"), file("kubernetes.yaml")
    for limit in (
        *("read_only: true", "cap_drop:\n      - ALL", "no-new-privileges:true", 'user: "10001:10001"'),
        *(
            "pids_limit:",
            "mem_limit:",
            "cpus:",
            "stop_grace_period: 15s",
            "/tmp:size=64m,mode=1777,noexec,nosuid,nodev",
        ),
    ):
        assert limit in compose
    for limit in (
        *("readOnlyRootFilesystem: true", "capabilities: {drop: [ALL]}", "allowPrivilegeEscalation: false"),
        *("runAsNonRoot: true", "runAsUser: 10001", "runAsGroup: 10001", "seccompProfile: {type: RuntimeDefault}"),
        *("limits: {cpu:", "livenessProbe:", "readinessProbe:", "emptyDir: {medium: Memory, sizeLimit: 64Mi}"),
        *("automountServiceAccountToken: false", "terminationGracePeriodSeconds: 15"),
    ):
        assert limit in kubernetes
    assert file("Dockerfile").index("USER") < file("Dockerfile").index("ENTRYPOINT")


def test_folders_become_one_option_again() -> None:
    assert joined(["--files", "/a b", "/c", "--more"]) == ["--files", os.pathsep.join(["/a b", "/c"]), "--more", ""]
    assert joined([]) == []


@pytest.mark.anyio
async def test_the_bundle_holds_all_it_needs_and_what_it_starts_serves(tmp_path: Path) -> None:
    packed = run("manifests", "--bundle", cwd=tmp_path)
    path = tmp_path / "dist" / f"beam-mcp-{__version__}.mcpb"
    assert (packed.returncode, packed.stdout.strip(), packed.stderr) == (0, str(path.relative_to(tmp_path)), "")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(unpacked)
    assert (unpacked / "icon.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    about = tomllib.loads((unpacked / "pyproject.toml").read_text(encoding="utf-8"))
    assert about["project"]["dependencies"] == PROJECT["dependencies"]
    said = json.loads((unpacked / "manifest.json").read_text(encoding="utf-8"))
    assert said == manifest()
    start = said["server"]["mcp_config"]["args"][3:]
    command = [sys.executable, *start]
    settings = said["server"]["mcp_config"]["env"] | {"BEAM_MCP_SANDBOX": "true", "PYTHONPATH": ""}
    async with started(cwd=unpacked, settings=settings, command=command) as server:
        speaker = Speaker(OverStdio(server), "2025-06-18")
        assert (await speaker.greet())["serverInfo"]["version"] == __version__
        assert "Invoice Matcher" in await speaker.call("list_agents")
        await server.hang_up()
        assert await server.ended() == 0


def test_the_same_code_makes_the_same_bundle(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = (write_bundle(folder).read_bytes() for folder in folders)
    assert first == second
