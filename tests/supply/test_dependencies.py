"""Dependencies are few, bounded, used and known: a new one, or a licence nobody thought about, fails here."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from .dependencies import (
    ALLOWED,
    ROOT,
    UNKNOWN,
    brought,
    family_of,
    imported,
    installed,
    listed,
    parts,
    project,
    providers,
)

REQUIREMENTS = [Requirement(line) for lines in project().values() for line in lines]
DECLARED = {canonicalize_name(Requirement(line).name) for line in project()[""]}
TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
SAID = tomllib.loads(TEXT)
MENDED = Path(__file__).with_name("mended.md")
OF_THE_HOUSE = {"pytest", "ruff"}  # what they are for needs no telling


def without_a_bound(needed: Requirement) -> set[str]:
    """Which of the two bounds a requirement lacks."""
    return {">=", "<"} - {clause.operator for clause in needed.specifier}


def lowest_of(needed: Requirement) -> Version:
    """The lowest release that a requirement admits."""
    return next(Version(clause.version) for clause in needed.specifier if clause.operator in {">=", "=="})


def mended() -> dict[str, Version]:
    """The first release of each distribution without the weaknesses that are known of it."""
    rows = re.findall(r"^\| ([a-z][a-z0-9-]*) \| ([\d.]+) \|", MENDED.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: Version(release) for name, release in rows}


def test_each_dependency_has_a_lower_and_an_upper_bound() -> None:
    assert not {needed.name: lacks for needed in REQUIREMENTS if (lacks := without_a_bound(needed))}
    assert not [needed.name for needed in REQUIREMENTS if needed.url]


def test_the_tests_build_with_what_others_build_with() -> None:
    assert SAID["build-system"]["requires"] == [line for line in project()["dev"] if line.startswith("hatchling")]


def test_a_bound_that_lacks_is_noticed() -> None:
    lacking = [without_a_bound(Requirement(text)) for text in ("a", "a>=1", "a<2", "a==1")]
    assert lacking == [{">=", "<"}, {"<"}, {">="}, {">=", "<"}]


def test_no_lower_bound_of_ours_admits_a_release_with_a_weakness_that_is_known() -> None:
    lowest = {str(canonicalize_name(needed.name)): lowest_of(needed) for needed in REQUIREMENTS}
    assert not {name: lowest[name] for name, release in mended().items() if name in lowest and lowest[name] < release}


def test_nothing_that_is_installed_has_a_weakness_that_is_known() -> None:
    here = {name: Version(found.version) for name in brought() if (found := installed(name))}
    assert mended().keys() <= listed().keys(), "what is no longer brought along needs no row"
    assert not {name: here[name] for name, release in mended().items() if name in here and here[name] < release}


def test_a_bound_that_is_too_low_is_noticed() -> None:
    assert lowest_of(Requirement("starlette>=1.0,<2")) < mended()["starlette"] <= Version("1.3.1")


def test_each_dependency_has_a_reason() -> None:
    reasons = dict(re.findall(r'^    "([\w-]+)[\[>][^"]*", +# (\S+ .{10,})$', TEXT, re.MULTILINE))
    assert {needed.name for needed in REQUIREMENTS} - reasons.keys() == OF_THE_HOUSE


def test_each_dependency_is_imported_and_whatever_is_imported_is_declared() -> None:
    whole = parts()
    used = providers(imported())
    assert {whole.get(name, name) for name in used} == DECLARED
    assert used - DECLARED == {"mcp-types", "pydantic-core"}, (
        "pinned by mcp and pydantic to one release, so parts of them"
    )


def test_an_import_is_found_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.py").write_text(
        "import os\nfrom own import b\ndef f():\n    import x.y as z\n", encoding="utf-8"
    )
    assert imported(tmp_path / "own") == {"x": {"own/a.py"}}
    assert providers(["no_such_module"]) == {"nobody"}


def test_everything_that_is_brought_along_is_listed_under_the_licence_it_has() -> None:
    known, found = listed(), brought()
    assert not {name: one.by for name, one in found.items() if name not in known}, "run python -m tests.supply"
    here = {name: one.licence for name, one in found.items() if installed(name)}
    assert {name: licence for name, licence in here.items() if licence != known[name]} == {}
    assert {name for name in known if name in DECLARED} == DECLARED
    assert set(known.values()) <= set(ALLOWED)


def test_licences_are_read_in_each_form_in_which_packages_name_them() -> None:
    assert family_of("MIT License") == family_of("mit") == family_of("OSI Approved :: MIT License") == "MIT"
    assert family_of("Apache-2.0 OR BSD-3-Clause") == "Apache 2.0"
    assert family_of("GPL-3.0-only OR MIT") == "MIT"
    assert family_of("MIT AND PSF-2.0") == "MIT and PSF 2.0"
    for refused in ("GPL-3.0-only", "MIT AND GPL-3.0-only", "MPL-2.0", "Proprietary", "", UNKNOWN):
        assert family_of(refused) is None
