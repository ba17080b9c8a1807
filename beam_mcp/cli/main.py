"""The command line: which command, which options; everything heavy is imported by the command that needs it."""

import argparse
from collections.abc import Iterable, Sequence, Set
from typing import Any, NoReturn, get_args

from beam_mcp import __version__
from beam_mcp.cli.commands import COMMANDS, EVERY, SERVE
from beam_mcp.cli.typed import named, repeated
from beam_mcp.settings import LISTENING, SECRET, Settings, SettingsError, variable
from beam_mcp.settings_values import flag

FAILED = 1
WRONG_OPTION = 2
INTERRUPTED = 130
_COMMAND = "command"

ABOUT = """\
Hand work to your Beam agents from the chat you are already in:
an MCP server for beam.ai."""

EPILOG = """\
without a command it serves on stdio, which is what client configs run.
Each option is also an environment variable of the name beside it, or a line
in .env; the key itself, BEAM_API_KEY, has no flag. More of them, for a server
that others reach over HTTP: beam-mcp serve --help"""
OF_OTHERS = LISTENING - {"transport", "host", "port"}  # what only matters where others connect than whoever started it


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, since the usage alone would fill a screen."""

    def error(self, message: str) -> NoReturn:
        """Complain and exit."""
        self.exit(WRONG_OPTION, f"{self.prog}: {message}; {self.prog} --help shows what there is.\n")

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride] - it has overloads there
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, and complain of what is unknown: left to the parser above, it would be told with the wrong help."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {named(unknown)}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.dest != _COMMAND or value in (action.choices or ()):
            super()._check_value(action, value)
            return
        from difflib import get_close_matches  # noqa: PLC0415 - a server that starts does without it

        near = get_close_matches(value, [command.name for command in COMMANDS], n=1)
        self.error(f"there is no command {repeated(value)}{f' (did you mean {near[0]}?)' if near else ''}")


class _NoFlag(argparse.Action):
    """Refuses a secret without repeating it: whoever looks at the processes of this machine could read it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        named, file = variable(self.dest), flag(f"{self.dest}_file")
        what = "key" if self.dest == "api_key" else "token"
        parser.error(f"the {what} has no flag, since others could see it: set {named}, or use {file}")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(
        prog="beam-mcp",
        usage="beam-mcp [COMMAND] [OPTIONS]",
        allow_abbrev=False,
        description=ABOUT,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_options(EVERY, hidden=OF_OTHERS)],
    )
    top.add_argument("--version", action="version", version=f"beam-mcp {__version__}")
    commands = top.add_subparsers(dest=_COMMAND, metavar="COMMAND", title="commands", prog="beam-mcp")
    for command in COMMANDS:
        parents = [_options(command.fields)] if command.fields else []
        its_own = commands.add_parser(
            command.name, help=command.about, description=command.about, parents=parents, allow_abbrev=False
        )
        command.add_arguments(its_own)
    return top


def _options(fields: Iterable[str], hidden: Set[str] = frozenset()) -> Parser:
    options = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    options.add_argument("--api-key", action=_NoFlag, help=argparse.SUPPRESS)
    for field in fields:
        if field not in SECRET:
            _add_option(options, field, is_hidden=field in hidden)
        elif field != "api_key":
            options.add_argument(flag(field), action=_NoFlag, help=argparse.SUPPRESS)
    return options


def _add_option(options: argparse.ArgumentParser, field: str, *, is_hidden: bool) -> None:
    info = Settings.model_fields[field]
    about = argparse.SUPPRESS if is_hidden else f"{info.description} [{variable(field)}]"
    if info.annotation is bool:
        options.add_argument(flag(field), dest=field, action="store_true", help=about)
        return
    allowed = [choice for choice in get_args(info.annotation) if isinstance(choice, str)]
    metavar = "|".join(allowed) if allowed else field.rpartition("_")[2].upper()
    options.add_argument(flag(field), dest=field, metavar=metavar, help=about)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: 0, 1 if it failed, 2 for a wrong option, 130 if it was interrupted."""
    given: dict[str, Any] = vars(parser().parse_args(arguments))
    asked = given.pop(_COMMAND, None)
    command = next((command for command in COMMANDS if command.name == asked), SERVE)
    try:
        return command.run(given)
    except SettingsError as error:  # it may name a path out of a `.env` that came with somebody's folder
        return _complain(str(error), WRONG_OPTION)
    except OSError as error:
        return _complain(f"{error.filename or command.name}: {error.strerror or error}", FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _complain(words: str, code: int) -> int:
    from beam_mcp.cli.screen import complain  # noqa: PLC0415 - it brings rich, which serving does without

    complain(words)
    return code
