"""The container without an engine: what the Dockerfile says, done by bubblewrap on the root of this machine.

As near as one gets: the same steps, user, environment and rights, but this machine's Python and system in the place of
the base image. `python -m tests.supply.container FOLDER` does the steps of the build; without a folder it says why none
can be done here, if so.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.supply.dependencies import ROOT

INSTALLED = "/opt/beam-mcp"  # where the image has it
BUBBLEWRAP = shutil.which("bwrap") or "bwrap"
PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
_CHANGES_USER = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


@dataclass(frozen=True)
class Stage:
    """One stage of a Dockerfile: its instructions as they stand, each with what follows it."""

    steps: tuple[tuple[str, str], ...]

    def all(self, name: str) -> Iterator[str]:
        """What follows each instruction of this name."""
        return (rest for instruction, rest in self.steps if instruction == name)

    def one(self, name: str) -> str:
        """What follows the only one."""
        [rest] = self.all(name)
        return rest

    @property
    def environment(self) -> dict[str, str]:
        """Its variables."""
        pairs = [pair.partition("=") for rest in self.all("ENV") for pair in shlex.split(rest)]
        return {name: text.replace("$PATH", "/usr/local/bin:/usr/bin:/bin") for name, _, text in pairs}


def stages(dockerfile: str) -> list[Stage]:
    """The stages of a Dockerfile."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    steps = [re.split(r"\s+", step.strip(), maxsplit=1) for step in "\n".join(lines).replace("\\\n", " ").splitlines()]
    found: list[list[tuple[str, str]]] = []
    for name, rest in steps:
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return [Stage(tuple(stage)) for stage in found]


@cache
def why_not() -> str:
    """Why nothing can be run like this on this machine; nothing where it can."""
    try:
        tried = subprocess.run(  # noqa: S603 - our own command, here and below
            [*_walls(), "--unshare-user", "true"], capture_output=True, text=True, check=False, timeout=20
        )
    except FileNotFoundError:
        return "bubblewrap is not installed here"
    return f"bubblewrap can make no namespace here: {tried.stderr.strip()}" if tried.returncode else ""


def _walls() -> list[str]:
    """This machine's root, read-only, without what belongs to its people, but with its Python wherever that is."""
    private = [folder for folder in ("/root", "/home", "/run", "/var/tmp") if Path(folder).is_dir()]
    hidden = [word for folder in private for word in ("--tmpfs", folder)]
    closed = [word for folder in private for word in ("--remount-ro", folder)]
    base = [
        BUBBLEWRAP,
        "--die-with-parent",
        "--as-pid-1",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--clearenv",
    ]
    root = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    above = [
        str(folder)
        for folder in reversed(Path(sys.base_prefix).parents)
        if set(map(str, folder.parents)) & set(private)
    ]
    open_to_all = [word for folder in above for word in ("--perms", "0755", "--dir", folder)]
    return [*base, *root, *hidden, *open_to_all, "--ro-bind", sys.base_prefix, sys.base_prefix, *closed]


def _at(mounts: Mapping[str, str], how: str) -> list[str]:
    """Folders of this machine at places that the root need not have."""
    words: list[str] = []
    for parent in sorted({str(Path(place).parent) for place in mounts} - {"/", "/tmp"}):
        words += ["--tmpfs", parent]
        for there in sorted(Path(parent).iterdir()) if Path(parent).is_dir() else ():
            words += [] if str(there) in mounts else ["--ro-bind-try", str(there), str(there)]
    for place, source in mounts.items():
        words += [how, source, place]
    return words


def _set(environment: Mapping[str, str]) -> list[str]:
    return [word for pair in environment.items() for word in ("--setenv", *pair)]


def as_run(stage: Stage, mounts: Mapping[str, str], *, truly: bool = False, **settings: str) -> list[str]:
    """The beginning of a command that runs in this stage: everything read-only but /tmp, no rights, no home.

    Its user is the stage's; `truly` makes it so for the kernel as well, which only root can, else for it alone.
    """
    user, group = stage.one("USER").split(":")
    line = [*_walls(), *_at(mounts, "--ro-bind"), *_set(stage.environment | settings), "--chdir", stage.one("WORKDIR")]
    if not truly:
        return [*line, "--unshare-user", "--uid", user, "--gid", group, "--cap-drop", "ALL"]
    kept = [word for right in _CHANGES_USER for word in ("--cap-add", right)]
    rights = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    return [*line, "--cap-drop", "ALL", *kept, "setpriv", f"--reuid={user}", f"--regid={group}", *rights]


def built(folder: Path) -> None:
    """Do the steps of the first stage; what they leave at /opt/beam-mcp is in `folder` then."""
    first = stages((ROOT / "manifests" / "Dockerfile").read_text(encoding="utf-8"))[0]
    source, tools = folder.with_name(f"{folder.name}-source"), folder.with_name(f"{folder.name}-tools")
    for made in (folder, source, tools):
        made.mkdir()
        made.chmod(0o755)
    (tools / "python").write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n', encoding="utf-8")  # no link, which would be kept
    (tools / "python").chmod(0o755)
    for copied in first.all("COPY"):
        _copy(copied, source)
    work = first.one("WORKDIR")
    mounts = [*_at({INSTALLED: str(folder)}, "--bind"), "--bind", str(source), f"/tmp{work}"]
    path = {"PATH": "/tmp/tools:/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp"}
    for step in first.all("RUN"):
        line = [*_walls(), *mounts, "--ro-bind", str(tools), "/tmp/tools", *_set(first.environment | path)]
        subprocess.run([*line, "--chdir", f"/tmp{work}", "sh", "-c", step], check=True)  # noqa: S603


def _copy(said: str, folder: Path) -> None:
    *sources, target = said.split()
    for source in sources:
        into = folder / target if target != "./" else folder / source
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, into, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / source, into)


if __name__ == "__main__":
    if folders := sys.argv[1:]:
        os.umask(0o022)
        built(Path(folders[0]))
    else:
        print(why_not(), end="")  # noqa: T201
