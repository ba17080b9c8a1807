"""What is said early against what the SDK says: field for field, for all that can be switched, in every version."""

import json
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.cli.early.plain import Plain
from beam_mcp.cli.early.prepared import PLACE, Prepared
from beam_mcp.cli.early.record import VERSIONS, asked_of, recorded, text_of
from beam_mcp.server.build import build
from beam_mcp.settings import variable
from beam_mcp.tools.office import Office
from beam_mcp.tools.toolset import Output
from beam_mcp.tools.toolsets import TOOLSETS

Json = dict[str, Any]

NAMES = [toolset.name for toolset in TOOLSETS]
SUBSETS = [subset for size in range(1, len(NAMES) + 1) for subset in combinations(NAMES, size)]
OFFICE = Office(Http("http://127.0.0.1"), Identity(None, None, "auto"))
KEPT = json.loads(Path(PLACE).read_text("utf-8"))


def prepared(toolsets: Iterable[str], *, read_only: bool = False, output: str = "text") -> Prepared:
    switched = {"toolsets": ",".join(toolsets), "read_only": str(read_only), "output": output}
    return Prepared(KEPT, Plain({}, {variable(name): text for name, text in switched.items()}))


def said_early(answers: Prepared, version: str, *, apps: bool) -> list[Json]:
    return [answers.greeting(version), answers.tools(version, apps=apps)]


def test_what_is_prepared_is_what_this_server_says() -> None:
    now = recorded()
    hint = "What the server says has changed: run `python -m beam_mcp.cli.early.record`, and commit what it wrote."
    now["made_of"] |= {name: kept for name, kept in KEPT["made_of"].items() if name != "beam_mcp"}
    assert text_of(now) == Path(PLACE).read_text("utf-8"), hint


@pytest.mark.parametrize("read_only", [False, True])
def test_each_choice_of_toolsets_is_told_as_the_sdk_tells_it(*, read_only: bool) -> None:
    for place, toolsets in enumerate(SUBSETS):
        output, version = get_args(Output)[place % 3], VERSIONS[place % 5]
        server = build(OFFICE, toolsets=toolsets, read_only=read_only, output=output)
        answers = prepared(toolsets, read_only=read_only, output=output)
        for spoken, apps in ((version, True), (VERSIONS[-1 - place % 2], False)):
            assert said_early(answers, spoken, apps=apps) == asked_of(server, spoken, apps=apps)


@pytest.mark.parametrize("output", get_args(Output))
@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_told_as_the_sdk_tells_it(version: str, output: Output) -> None:
    for apps in (False, True):
        said = asked_of(build(OFFICE, output=output), version, apps=apps)
        assert said_early(prepared(NAMES, output=output), version, apps=apps) == said
