"""The wheel and the source distribution: what is inside, what is not, and that the same source makes the same bytes."""

import base64
import csv
import hashlib
import io
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from beam_mcp import __version__

from .dependencies import ROOT, project

SOURCES = ("beam_mcp", "manifests", "tests", "README.md", "LICENSE", "pyproject.toml", ".gitignore")
STRAY = {  # what may lie about in a checkout; in none of the packages
    ".env": "BEAM_API_KEY=sk-stray",
    "beam_mcp/.env": "BEAM_API_KEY=sk-stray",
    "beam_mcp/__pycache__/settings.cpython-311.pyc": "sk-stray",
    "beam_mcp/server/__pycache__/web.cpython-311.pyc": "sk-stray",
    "tests/.pytest_cache/v/cache/lastfailed": "sk-stray",
    "notes.txt": "sk-stray",
    "dist/beam_mcp-0.0.1-py3-none-any.whl": "sk-stray",
}
INFO = f"beam_mcp-{__version__}.dist-info"
KINDS = {".py", ".html", ".js", ".css", ".svg", ".json", ".md", ".typed"}
NEEDED = {
    *("beam_mcp/py.typed", "beam_mcp/CHANGELOG.md", "beam_mcp/cli/early/prepared.json"),
    *("beam_mcp/server/templates/page.html", "beam_mcp/server/templates/card.js"),
}


def checkout(folder: Path, *, mode: int, stray: bool) -> Path:
    """A copy of our sources whose files have this mode and are as old as the copy."""
    for name in SOURCES:
        source, copy = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, copy, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)
    for name, content in STRAY.items() if stray else ():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def build(folder: Path, **surroundings: str) -> dict[str, bytes]:
    """The wheel and the source distribution of a checkout, by their endings."""
    kept = {name: text for name, text in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", "made"],
        cwd=folder,
        env=kept | surroundings,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return {path.suffix: path.read_bytes() for path in (folder / "made").iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Both, of a checkout in which things lie about."""
    return build(checkout(tmp_path_factory.mktemp("here"), mode=0o644, stray=True), TZ="UTC", PYTHONHASHSEED="1")


@pytest.fixture(scope="module")
def wheel(made: dict[str, bytes]) -> dict[str, bytes]:
    """The files of the wheel."""
    with zipfile.ZipFile(io.BytesIO(made[".whl"])) as archive:
        assert not archive.testzip()
        return {name: archive.read(name) for name in archive.namelist()}


def ours(folder: str) -> set[str]:
    """The files of a folder that belong to us."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if not set(path.parts) & {"__pycache__"}}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: dict[str, bytes]) -> None:
    package = {name for name in wheel if name.startswith("beam_mcp/")}
    assert package == {name for name in ours("beam_mcp") if Path(name).suffix in KINDS}
    assert set(wheel) - package == {
        f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    }
    assert set(wheel) >= NEEDED


def test_nothing_of_the_builder_or_of_what_lay_about_is_inside(wheel: dict[str, bytes], made: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=io.BytesIO(made[".gz"])) as archive:
        source = {m.name: read.read() for m in archive.getmembers() if (read := archive.extractfile(m))}
    built_from = str(ROOT).encode()
    assert not [name for name, content in (wheel | source).items() if built_from in content]
    assert not [name for name, content in wheel.items() if b"sk-stray" in content]
    lain = [name for name, content in source.items() if b"sk-stray" in content]
    assert lain == [name for name in source if name.endswith("/tests/supply/test_built.py")]
    assert not [name for name in source if re.search(r"\.pyc$|\.env$|_cache/|\.egg-info|/\.git/", name)]
    roots = {name.split("/")[1] for name in source}
    assert roots == {
        "beam_mcp",
        "manifests",
        "tests",
        "README.md",
        "LICENSE",
        "pyproject.toml",
        "PKG-INFO",
        ".gitignore",
    }


def test_its_files_are_plain_and_the_archive_is_small(made: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(made[".whl"])) as archive:
        modes = {stat.filemode(stat.S_IMODE(entry.external_attr >> 16)) for entry in archive.infolist()}
    with tarfile.open(fileobj=io.BytesIO(made[".gz"])) as archive:
        members = archive.getmembers()
    assert modes == {stat.filemode(member.mode) for member in members if member.isfile()} == {"?rw-r--r--"}
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert all(member.isfile() or member.isdir() for member in members)
    assert len(made[".whl"]) < 1_000_000
    assert len(made[".gz"]) < 3_000_000


def test_its_record_names_every_file_with_its_digest(wheel: dict[str, bytes]) -> None:
    rows = list(csv.reader(io.StringIO(wheel[f"{INFO}/RECORD"].decode())))
    assert {name for name, _, _ in rows} == set(wheel)
    for name, digest, size in rows:
        found = base64.urlsafe_b64encode(hashlib.sha256(wheel[name]).digest()).rstrip(b"=").decode()
        assert (digest, size) == (("", "") if name.endswith("/RECORD") else (f"sha256={found}", str(len(wheel[name]))))


def test_its_metadata_says_what_the_project_says(wheel: dict[str, bytes]) -> None:
    said = message_from_bytes(wheel[f"{INFO}/METADATA"])
    assert (said["Name"], said["Version"], said["License-Expression"]) == ("beam-mcp", __version__, "MIT")
    assert (said["License-File"], said["Requires-Python"]) == ("LICENSE", ">=3.11")
    assert said["Description-Content-Type"] == "text/markdown"
    assert wheel[f"{INFO}/METADATA"].decode().partition("\n\n")[2] == (ROOT / "README.md").read_text(encoding="utf-8")
    needed = [line for line in said.get_all("Requires-Dist", []) if "extra" not in line]
    assert {str(Requirement(line)) for line in needed} == {str(Requirement(line)) for line in project()[""]}
    assert b"beam-mcp = beam_mcp.cli.start:main" in wheel[f"{INFO}/entry_points.txt"]
    assert b"Root-Is-Purelib: true\nTag: py3-none-any\n" in wheel[f"{INFO}/WHEEL"]


def test_another_place_another_time_and_other_rights_make_the_same_bytes(
    made: dict[str, bytes], tmp_path: Path
) -> None:
    there = checkout(tmp_path / "another place", mode=0o600, stray=False)
    for path in there.rglob("*"):
        os.utime(path, (1e9, 1e9))
    again = build(there, TZ="Pacific/Auckland", PYTHONHASHSEED="2", LC_ALL="C")
    assert {ending: hashlib.sha256(content).hexdigest() for ending, content in again.items()} == {
        ending: hashlib.sha256(content).hexdigest() for ending, content in made.items()
    }
