"""The laws of the house, and a proof for each that it can be broken."""

import ast
import gc
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from beam_mcp import __version__

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 300
LONGEST_FUNCTION = 60
USUAL_FUNCTION = 30
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "service", "base", "misc"}
AT_THE_TOP = {"pyproject.toml", "README.md", "LICENSE", "beam_mcp", "tests", "manifests"}
MADE_BY_TOOLS = {"build", "dist", "__pycache__"}
HEAVY = {"mcp", "pydantic", "httpx2", "stamina", "starlette", "uvicorn", "anyio", "rich", "msgspec", "argparse"}
# The second only tells whether a start is plain, before pydantic is there: test_early_plain.py holds it to the first.
READ_THE_ENVIRONMENT = {"beam_mcp/settings.py", "beam_mcp/cli/early/plain.py"}
SWAPS = {"setattr", "delattr", "setitem", "delitem"}

Offences = Iterator[str]
Law = Callable[[Path], Offences]


@cache
def parsed(source: str) -> ast.Module:
    """A file as a tree, which several laws look at and none changes."""
    gc.disable()  # CPython 3.11 miscounts how deep a tree is when rubbish of other tests runs code meanwhile
    try:
        return ast.parse(source)
    finally:
        gc.enable()


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file below, by its path and as a tree."""
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder.parent).as_posix(), parsed(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in a tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def functions(root: Path) -> list[tuple[str, int]]:
    """Every function of the package and how many lines it has."""
    return [
        (f"{name}: {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for name, tree in modules(root / "beam_mcp")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def files_are_short(root: Path) -> Offences:
    """A file of more than 300 lines is two rooms."""
    for folder in ("beam_mcp", "tests"):
        for path in (root / folder).rglob("*.py"):
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE:
                yield f"{path.relative_to(root)}: {lines} lines"


def names_say_something(root: Path) -> Offences:
    """A file is named by its noun."""
    for folder in ("beam_mcp", "tests"):
        for path in (root / folder).rglob("*"):
            if NAMES_THAT_SAY_NOTHING & set(re.split(r"[_\W]+", path.stem.lower())):
                yield str(path.relative_to(root))


def errors_are_caught_by_name(root: Path) -> Offences:
    """Nothing catches everything; whoever cleans up after everything raises it again."""
    for name, tree in modules(root / "beam_mcp"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "" if node.type is None else ast.unparse(node.type)
            last = node.body[-1]
            again = isinstance(last, ast.Raise) and last.exc is None
            everything = not caught or re.search(r"\bException\b", caught)
            if everything or (re.search(r"\bBaseException\b", caught) and not again):
                yield f"{name}:{node.lineno}: except {caught}"


def only_settings_read_the_environment(root: Path) -> Offences:
    """What the environment says is an option, and options are said once."""
    for name, tree in modules(root / "beam_mcp"):
        for node in ast.walk(tree):
            named = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if named in {"environ", "environb", "getenv"} and name not in READ_THE_ENVIRONMENT:
                yield f"{name}: {named}"


def no_test_swaps_what_is_ours(root: Path) -> Offences:
    """The sandbox stands in for Beam, so no test needs to put something else in the place of our code."""
    for name, tree in modules(root / "tests"):
        for node in ast.walk(tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            source = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if any("mock" in part for text in (*imported, source) for part in text.split(".")):
                yield f"{name}: imports {source} {imported}"
        for call in calls(tree):
            swaps = isinstance(call.func, ast.Attribute) and call.func.attr in SWAPS
            if swaps and "monkeypatch" in ast.unparse(call.func):
                yield f"{name}:{call.lineno}: {ast.unparse(call)}"


def every_module_says_what_it_is_for(root: Path) -> Offences:
    """The first line of a room is its purpose."""
    for name, tree in modules(root / "beam_mcp"):
        if not ast.get_docstring(tree):
            yield name


def only_commands_write_to_stdout(root: Path) -> Offences:
    """On stdio, stdout is the protocol."""
    for name, tree in modules(root / "beam_mcp"):
        if name.startswith("beam_mcp/cli/"):
            continue
        for call in calls(tree):
            to_stderr = any(word.arg == "file" and "stdout" not in ast.unparse(word.value) for word in call.keywords)
            if ast.unparse(call.func) == "print" and not to_stderr:
                yield f"{name}:{call.lineno}: print"
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {"stdout", "__stdout__"}:
                yield f"{name}:{node.lineno}: {ast.unparse(node)}"


def functions_are_short(root: Path) -> Offences:
    """Nine functions in ten fit on half a screen, all of them on one."""
    found = functions(root)
    yield from (f"{name}: {lines} lines" for name, lines in found if lines > LONGEST_FUNCTION)
    long = [f"{name}: {lines} lines" for name, lines in found if lines > USUAL_FUNCTION]
    if len(long) * 10 > len(found):
        yield from long


def the_top_level_holds_nothing_else(root: Path) -> Offences:
    """Who opens the repository sees the whole at a glance."""
    for path in root.iterdir():
        made = path.name in MADE_BY_TOOLS or path.suffix == ".egg-info"
        if not (path.name in AT_THE_TOP or made or path.name.startswith(".")):
            yield path.name


# Each law, and a file that breaks it.
LONG = "def f() -> None:\n" + "    f()\n" * LONGEST_FUNCTION
LONGISH = "".join(f"def f{n}() -> None:\n" + "    f0()\n" * USUAL_FUNCTION for n in range(9))
LAWS: list[tuple[Law, str, str]] = [
    (files_are_short, "beam_mcp/long.py", "x = 1\n" * (LONGEST_FILE + 1)),
    (files_are_short, "tests/views/test_long.py", "x = 1\n" * (LONGEST_FILE + 1)),
    (names_say_something, "beam_mcp/tools/utils.py", ""),
    (names_say_something, "beam_mcp/views/text_helpers.py", ""),
    (names_say_something, "beam_mcp/common/text.py", ""),
    (errors_are_caught_by_name, "beam_mcp/a.py", "try:\n    pass\nexcept Exception:\n    raise\n"),
    (errors_are_caught_by_name, "beam_mcp/a.py", "try:\n    pass\nexcept:\n    pass\n"),
    (errors_are_caught_by_name, "beam_mcp/a.py", "try:\n    pass\nexcept (OSError, Exception) as e:\n    pass\n"),
    (errors_are_caught_by_name, "beam_mcp/a.py", "try:\n    pass\nexcept BaseException:\n    pass\n"),
    (only_settings_read_the_environment, "beam_mcp/a.py", "import os\nx = os.environ.get('X')\n"),
    (only_settings_read_the_environment, "beam_mcp/cli/a.py", "from os import getenv\nx = getenv('X')\n"),
    (no_test_swaps_what_is_ours, "tests/test_a.py", "from unittest.mock import patch\n"),
    (no_test_swaps_what_is_ours, "tests/test_a.py", "import unittest.mock\n"),
    (no_test_swaps_what_is_ours, "tests/test_a.py", "from unittest import mock\n"),
    (no_test_swaps_what_is_ours, "tests/test_a.py", "def test(monkeypatch): monkeypatch.setattr('beam_mcp.x', 1)\n"),
    (every_module_says_what_it_is_for, "beam_mcp/a.py", "x = 1\n"),
    (only_commands_write_to_stdout, "beam_mcp/server/a.py", "print('x')\n"),
    (only_commands_write_to_stdout, "beam_mcp/server/a.py", "import sys\nprint('x', file=sys.stdout)\n"),
    (only_commands_write_to_stdout, "beam_mcp/server/a.py", "import sys\nsys.stdout.write('x')\n"),
    (functions_are_short, "beam_mcp/a.py", LONG),
    (functions_are_short, "beam_mcp/a.py", LONGISH),
    (the_top_level_holds_nothing_else, "notes.txt", ""),
]


@pytest.mark.parametrize("law", dict.fromkeys(law for law, _, _ in LAWS), ids=lambda law: law.__name__)
def test_the_house_keeps_the_law_that(law: Law) -> None:
    assert not list(law(ROOT)), law.__doc__


@pytest.mark.parametrize(("law", "file", "content"), LAWS)
def test_a_law_notices_who_breaks_it(tmp_path: Path, law: Law, file: str, content: str) -> None:
    assert not list(law(tmp_path))
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content, encoding="utf-8")
    assert list(law(tmp_path))


def lint_imports(root: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """Check the import law of `root` on the package in `source`."""
    config = str(root / "pyproject.toml")
    program = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"
    )
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(source)!r}); {program}", config],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=source,
        check=False,
    )


def test_imports_point_downwards() -> None:
    checked = lint_imports(ROOT, ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert f"Contracts: {len(contracts)} kept, 0 broken." in checked.stdout


def test_the_import_law_notices_who_breaks_it(tmp_path: Path) -> None:
    for path in (ROOT / "beam_mcp").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    for room, imported in (
        ("views/view.py", "beam_mcp.tools.toolset"),
        ("sandbox/world.py", "beam_mcp.beam.http"),
        ("server/build.py", "beam_mcp.sandbox.world"),
        ("tools/agents.py", "httpx2"),
        ("views/names.py", "mcp"),
        ("tools/tasks.py", "starlette"),
    ):
        with (tmp_path / "beam_mcp" / room).open("a", encoding="utf-8") as file:
            file.write(f"\nimport {imported}\n")
    checked = lint_imports(ROOT, tmp_path)
    assert checked.returncode == 1
    assert "0 broken" not in checked.stdout
    broken = re.search(r"(\d+) kept, (\d+) broken", checked.stdout)
    assert broken, checked.stdout
    assert int(broken[2]) == 7


def test_importing_the_package_costs_nothing() -> None:
    program = "import sys; before = set(sys.modules); import beam_mcp; print(*(set(sys.modules) - before))"
    loaded = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, cwd=ROOT, check=True
    ).stdout.split()
    assert "beam_mcp" in loaded
    assert not HEAVY & {name.partition(".")[0] for name in loaded}
    assert len(loaded) < 5


def test_the_version_is_the_newest_in_the_changelog() -> None:
    changelog = (ROOT / "beam_mcp" / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## (\S+) - (\d{4}-\d{2}-\d{2})$", changelog, re.MULTILINE)
    assert entries, "no entry such as '## 0.1.0 - 2026-11-22'"
    assert entries[0][0] == __version__
    assert entries == sorted(entries, key=lambda entry: entry[1], reverse=True)
