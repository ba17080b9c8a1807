"""This machine: Python, our own version, and the packages against the bounds we ask for."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from beam_mcp import __version__
from beam_mcp.cli.checks import Check

GROUP = "This machine"
_BOUND = re.compile(r"(>=|<=|==|!=|~=|<|>)\s*([\d.]+)")
Numbers = tuple[int, ...]


def machine_checks() -> Iterator[Check]:
    """System, Python, beam-mcp and its packages."""
    yield Check(GROUP, "system", "ok", f"{platform.system()} {platform.release()} ({platform.machine()})")
    yield Check(GROUP, "Python", "ok", f"{platform.python_version()} at {sys.executable}")
    yield Check(GROUP, "beam-mcp", "ok", __version__)
    try:
        wanted = [line for line in requires("beam-mcp") or () if ";" not in line]
    except PackageNotFoundError:
        said = "beam-mcp runs from its source folder, so no bounds are known."
        yield Check(GROUP, "packages", "skip", said)
        return
    yield from package_checks(wanted)


def package_checks(wanted: list[str]) -> Iterator[Check]:
    """Each package that is missing or out of bounds, and one line for all others; `wanted` as in package metadata."""
    good: list[str] = []
    for requirement in wanted:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Check(GROUP, name, "fail", "is not installed.", "Install beam-mcp again, with its packages.")
            continue
        if within(found, requirement):
            good.append(f"{name} {found}")
        else:
            bounds = requirement.removeprefix(name)
            fix = f'Run: python -m pip install "{requirement}"'
            yield Check(GROUP, name, "fail", f"{found} is installed, but beam-mcp needs {bounds}.", fix)
    yield Check(GROUP, "packages", "ok", ", ".join(good))


def within(found: str, requirement: str) -> bool:
    """Whether a version keeps the bounds of a requirement such as `mcp<3,>=2.3`; all else is ignored."""
    have = _numbers(found)
    for sign, text in _BOUND.findall(requirement):
        bound = _numbers(text)
        kept = {"<": have < bound, "<=": have <= bound, ">": have > bound, ">=": have >= bound, "==": have == bound}
        if not kept.get(sign, True):
            return False
    return True


def _numbers(text: str) -> Numbers:
    """The release of a version as numbers that compare, 2.10 after 2.9 and 2 the same as 2.0."""
    numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[^\d.]", text, maxsplit=1)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
