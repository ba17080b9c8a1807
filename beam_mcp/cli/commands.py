"""The commands: their names, what they are for, their own arguments, and what runs them, imported when it is run."""

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beam_mcp.settings import LISTENING, Settings, load

Given = dict[str, Any]

EVERY = tuple(Settings.model_fields)
OF_AN_ENTRY = tuple(field for field in EVERY if field not in LISTENING)
OF_A_LOGIN = ("profile", "api_url", "auth", "timeout")


def _no_arguments(_: argparse.ArgumentParser) -> None: ...


@dataclass(frozen=True)
class Command:
    """One command. `run` takes what was given on the command line and returns the exit code.

    `fields` are the settings whose flags it takes as well, which `load` then joins with the environment.
    """

    name: str
    about: str
    run: Callable[[Given], int]
    fields: tuple[str, ...] = ()
    add_arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments


def _serve(given: Given) -> int:
    settings = load(given)
    gc.disable()  # building what is imported next makes no garbage, only work for the collector
    from beam_mcp.cli.serve import serve  # noqa: PLC0415 - here and below: what is wrong is told before it is imported

    return serve(settings)


def _demo(given: Given) -> int:
    from beam_mcp.cli.demo import demo  # noqa: PLC0415

    return demo(ask=given["ask"])


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ask", action="store_true", help="type the answer to the agent's question yourself")


def _login(given: Given) -> int:
    from beam_mcp.cli.login import login  # noqa: PLC0415

    return login(given)


def _login_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", metavar="ID", help="workspace to work in, by its id or words of its name")
    parser.add_argument("--key-stdin", action="store_true", help="read the key from stdin, for scripts")


def _logout(given: Given) -> int:
    from beam_mcp.cli.logout import logout  # noqa: PLC0415

    return logout(given)


def _logout_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="forget every profile")


def _whoami(given: Given) -> int:
    from beam_mcp.cli.whoami import whoami  # noqa: PLC0415

    return whoami(given)


def _doctor(given: Given) -> int:
    from beam_mcp.cli.doctor import doctor  # noqa: PLC0415

    return doctor(given)


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="say it as JSON")


def _install(given: Given) -> int:
    from beam_mcp.cli.install import install  # noqa: PLC0415

    return install(given)


def _uninstall(given: Given) -> int:
    from beam_mcp.cli.install import uninstall  # noqa: PLC0415

    return uninstall(given)


def _uninstall_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("client", metavar="CLIENT", nargs="?", help="such as claude-code, cursor or vscode")
    parser.add_argument("--all", action="store_true", help="every client that is found here")
    parser.add_argument("--scope", choices=["user", "project"], default="user", help="yours, or the current folder's")
    parser.add_argument("--name", default="beam", help="what the client calls this server")


def _install_arguments(parser: argparse.ArgumentParser) -> None:
    _uninstall_arguments(parser)
    parser.add_argument("--print", action="store_true", help="only show what would be written, and where")


def _manifests(given: Given) -> int:
    from beam_mcp.cli.manifests import manifests  # noqa: PLC0415

    return manifests(given)


def _manifests_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="where to write (default: manifests; for the bundle, dist)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if what is there is out of date")
    parser.add_argument("--bundle", action="store_true", help="write the bundle for Claude Desktop (.mcpb) instead")


def _inbox(given: Given) -> int:
    browser = not given.pop("no_browser")
    settings = load(given)
    from beam_mcp.cli.inbox import inbox  # noqa: PLC0415

    return inbox(settings, browser=browser)


def _inbox_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-browser", action="store_true", help="only say the address")


def _receipts(given: Given) -> int:
    as_json, task, last = given.pop("json"), given.pop("task"), given.pop("last")
    settings = load(given)
    from beam_mcp.cli.receipts import receipts  # noqa: PLC0415

    return receipts(settings, as_json=as_json, task=task, last=last)


def _receipts_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="say them as JSON, one a line")
    parser.add_argument("--task", metavar="TASK", help="only those of this task, such as INV-107")
    parser.add_argument("--last", metavar="N", type=int, default=20, help="how many, 0 for all (default: 20)")


SERVE = Command(
    "serve",
    "serve on stdio, or over HTTP with --transport",
    _serve,
    fields=EVERY,
)
COMMANDS = (
    SERVE,
    Command("demo", "show the main job on the sandbox, step by step", _demo, add_arguments=_demo_arguments),
    Command("inbox", "open what waits for you in the browser", _inbox, OF_AN_ENTRY, _inbox_arguments),
    Command("receipts", "show what you answered and decided", _receipts, ("audit",), _receipts_arguments),
    Command("login", "keep a key and a workspace for servers here", _login, OF_A_LOGIN, _login_arguments),
    Command("logout", "forget them", _logout, ("profile",), _logout_arguments),
    Command("whoami", "show whose key and which workspace are used", _whoami, ("api_key_file", *OF_A_LOGIN)),
    Command("doctor", "check everything and say how to mend it", _doctor, EVERY, _doctor_arguments),
    Command("install", "add this server to a client", _install, OF_AN_ENTRY, _install_arguments),
    Command("uninstall", "take it out again", _uninstall, (), _uninstall_arguments),
    Command("manifests", "write what registries and clients read", _manifests, (), _manifests_arguments),
)
