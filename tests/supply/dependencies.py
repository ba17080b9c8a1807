"""What an installation brings along: every distribution, under whose licence, and because of which other."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LISTED = Path(__file__).with_suffix(".md")
# Where the package runs; what only other places need, such as Pyodide's HTTP, is brought to nobody.
SYSTEMS = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
PLACES = [
    {"sys_platform": platform, "platform_system": system, "os_name": name, "python_version": python}
    | {"python_full_version": f"{python}.0"}
    for platform, (system, name) in SYSTEMS.items()
    for python in ("3.11", "3.12", "3.13", "3.14")
]
# How packages name the licences that we take, in License-Expression, License or a classifier. None asks anything of
# whoever installs us beyond naming the authors; a licence that is not here is a decision, not a detail.
ALLOWED = {
    "MIT": ("MIT", "MIT-0", "MIT License", "OSI Approved :: MIT License"),
    "BSD": ("BSD-2-Clause", "BSD-3-Clause", "BSD License", "OSI Approved :: BSD License"),
    "Apache 2.0": ("Apache-2.0", "Apache License 2.0", "OSI Approved :: Apache Software License"),
    "PSF 2.0": ("PSF-2.0", "PSF", "OSI Approved :: Python Software Foundation License"),
}
_FAMILY = {word.casefold(): family for family, words in ALLOWED.items() for word in words}
# What another system needs and this one has not: as the registry tells of it.
ELSEWHERE = {"colorama": "BSD", "pywin32": "PSF 2.0", "pywin32-ctypes": "BSD", "tzdata": "Apache 2.0"}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Brought:
    """One distribution: `licence` is its family, or what it says itself where that is none we know."""

    name: str
    licence: str
    by: tuple[str, ...]


def project(root: Path = ROOT) -> dict[str, list[str]]:
    """The requirements of the package, and of each of its extras, as they stand in pyproject.toml."""
    said = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": said["dependencies"], **said["optional-dependencies"]}


def installed(name: str) -> Distribution | None:
    """The distribution of this name, if it is here."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def brought() -> dict[str, Brought]:
    """Everything that the declared dependencies bring on any system that we run on, by name."""
    by: dict[str, set[str]] = {}
    left = [("beam-mcp", Requirement(line)) for line in project()[""]]
    while left:
        parent, needed = left.pop()
        name = canonicalize_name(needed.name)
        if name not in by and (found := installed(name)):
            left += [(name, inner) for inner in _needs(found, needed.extras)]
        by.setdefault(name, set()).add(parent)
    return {name: Brought(name, licence(name), tuple(sorted(parents))) for name, parents in sorted(by.items())}


def _needs(found: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for line in found.requires or []:
        needed = Requirement(line)
        if needed.marker is None or _is_met(needed.marker, extras):
            yield needed


def _is_met(marker: Marker, extras: set[str]) -> bool:
    return any(marker.evaluate(place | {"extra": extra}) for place in PLACES for extra in extras | {""})


def licence(name: str) -> str:
    """The family of a package's licence; of several to choose from, the first that is allowed."""
    found = installed(name)
    if found is None:
        return ELSEWHERE.get(name, UNKNOWN)
    told = found.metadata.json
    classifiers = [str(line)[len("License :: ") :] for line in told.get("classifier", []) if line.startswith("License")]
    said = [str(told[field]) for field in ("license_expression", "license") if told.get(field)] + classifiers
    return next((family for words in said if (family := family_of(words))), said[0][:60] if said else UNKNOWN)


def family_of(words: str) -> str | None:
    """The family of an SPDX expression or a name; None if it, or any part that binds, is not allowed."""
    choices = re.split(r"\s+OR\s+", words.strip().strip("()"))
    for choice in choices:
        parts = {_FAMILY.get(part.strip(" ()").casefold()) for part in re.split(r"\s+AND\s+", choice)}
        if None not in parts:
            return " and ".join(sorted(str(part) for part in parts))
    return None


def imported(folder: Path = ROOT / "beam_mcp") -> dict[str, set[str]]:
    """The top-level modules of others that a package imports, anywhere in its files, and in which."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _modules(node):
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top != folder.name:
                    found.setdefault(top, set()).add(path.relative_to(folder.parent).as_posix())
    return found


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def providers(modules: Iterable[str]) -> set[str]:
    """The distributions that modules come from."""
    known = packages_distributions()
    return {canonicalize_name(known.get(module, ["nobody"])[0]) for module in modules}


def parts() -> dict[str, str]:
    """Distributions that a declared one pins to a single release, and so are parts of it: name to that one's name."""
    found: dict[str, str] = {}
    for line in project()[""]:
        name = canonicalize_name(Requirement(line).name)
        here = installed(name)
        for needed in map(Requirement, (here.requires if here else None) or []):
            if str(needed.specifier).startswith("==") and needed.marker is None:
                found[canonicalize_name(needed.name)] = name
    return found


def listing() -> str:
    """The list as it is kept: names and licences, no releases, which differ between two installations."""
    direct: set[str] = {canonicalize_name(Requirement(line).name) for line in project()[""]}
    rows = [f"| {one.name} | {one.licence} | {_why(one, direct)} |" for one in brought().values()]
    head = ["# What an installation brings along", "", _ABOUT, "", "| distribution | licence | needed by |"]
    head.append("| --- | --- | --- |")
    return "\n".join([*head, *rows, ""])


def _why(one: Brought, direct: set[str]) -> str:
    own = ["**beam-mcp**"] if one.name in direct else []
    return ", ".join([*own, *(parent for parent in one.by if parent != "beam-mcp")])


def listed() -> dict[str, str]:
    """Name and licence of each row of the list that is kept."""
    rows = re.findall(r"^\| ([a-z][a-z0-9-]*) \| ([^|]+) \|", LISTED.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: licence for name, licence in rows if name != "distribution"}


_ABOUT = (
    "For every system and Python that we run on; written by `python -m tests.supply` on Linux with Python 3.11, where "
    "most is needed. Which releases an installation has, its bill of materials tells (`.ci/supply`)."
)
