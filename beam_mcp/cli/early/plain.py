"""Which starts are plain: all that is set is known and certainly right, so the server may speak before it has looked.

`settings.py` alone decides what settings mean. Here is only what it is certain to accept; a test proves that it does.
Everything else, and every setting not named here, takes the ordinary road: it costs a second, never an answer.
"""

import os
import re

_YES, _NO = r"(?i:true|1|yes|on)", r"(?i:false|0|no|off)"
_PORT = r"(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}))?"
_HOST = r"[a-z0-9]{1,40}([.-][a-z0-9]{1,20}){0,8}"
_TOOLSETS = r"(agents|tasks|inbox|account|files)"
PLAIN = {
    "BEAM_API_KEY": r"[!-~]+",
    "BEAM_API_KEY_FILE": r"[^~].*",
    "BEAM_WORKSPACE_ID": r"[!-~]+",
    "BEAM_API_URL": rf"https://{_HOST}{_PORT}/?|http://(127\.0\.0\.1|localhost){_PORT}/?",
    "BEAM_MCP_PROFILE": r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}",
    "BEAM_AUTH": r"auto|key|token",
    "BEAM_MCP_SANDBOX": rf"{_YES}|{_NO}",
    "BEAM_MCP_TRANSPORT": r"stdio",
    "BEAM_MCP_TOOLSETS": rf"{_TOOLSETS}([, ]+{_TOOLSETS})*",
    "BEAM_MCP_READ_ONLY": rf"{_YES}|{_NO}",
    "BEAM_MCP_OUTPUT": r"text|structured|both",
    "BEAM_MCP_FILES": r".+",
    "BEAM_MCP_CONSENT": r"person|chat",
    "BEAM_MCP_TIMEOUT": r"[1-9]\d?",
    "BEAM_MCP_LATE": _NO,
}
_FLAGS = {
    "--" + name.removeprefix("BEAM_").removeprefix("MCP_").lower().replace("_", "-"): name
    for name in PLAIN
    if name not in {"BEAM_API_KEY", "BEAM_MCP_LATE"}  # the key has no flag, and a switch takes no word
}
_ALONE = {"--sandbox", "--read-only"}
_UNFILLED = re.compile(r"\s*(\$\{[^}]*\}\s*)?")
_LONGEST_KEY = 4096


class Plain:
    """What decides the tool list of a plain start, and the flags that were given, by field."""

    def __init__(self, flags: dict[str, str], environment: dict[str, str]) -> None:
        told = environment | flags
        named = {flag: name for flag, name in _FLAGS.items() if name in flags}
        self.flags = {flag[2:].replace("-", "_"): flag in _ALONE or flags[name] for flag, name in named.items()}
        words = told.get("BEAM_MCP_TOOLSETS", "").replace(",", " ").split()
        self.toolsets = frozenset(words) if words else None
        self.read_only = bool(re.fullmatch(_YES, told.get("BEAM_MCP_READ_ONLY", "no")))
        self.output = told.get("BEAM_MCP_OUTPUT", "text")


def plain_start(arguments: list[str]) -> Plain | None:
    """What was asked for, if it is plainly to serve on stdio with settings that are certainly right."""
    flags, environment = _flags(arguments), _environment()
    if flags is None or environment is None or not _is_certain(flags) or not _is_certain(environment):
        return None
    kept_in = {given["BEAM_API_KEY_FILE"] for given in (flags, environment) if "BEAM_API_KEY_FILE" in given}
    return Plain(flags, environment) if all(map(_holds_a_key, kept_in)) and not _dotenv_matters() else None


def settle() -> None:
    """Give a user without a home, as in a container, the root for one, as container engines do: else no path is known.

    Nothing is written there unless it may be, and that it may not be is said.
    """
    if os.name == "posix" and os.path.expanduser("~") == "~":  # noqa: PTH111 - pathlib would cost a tenth of the way
        os.environ["HOME"] = "/"


def _environment() -> dict[str, str] | None:
    """What the environment sets of ours, without what was left empty; None if a name is written unlike ours."""
    ours = {name: text for name, text in os.environ.items() if name.upper().startswith("BEAM_")}
    filled = {name: text.strip() for name, text in ours.items() if not _UNFILLED.fullmatch(text)}
    return filled if all(map(str.isupper, ours)) else None


def _flags(arguments: list[str]) -> dict[str, str] | None:
    """The flags by the variable that says the same, as far as all of them are plain."""
    found: dict[str, str] = {}
    rest = iter(arguments[arguments[:1] == ["serve"] :])
    for argument in rest:
        flag, is_joined, text = argument.partition("=")
        name = _FLAGS.get(flag)
        if name is None or name in found or (is_joined and flag in _ALONE):
            return None
        given = "yes" if flag in _ALONE else text if is_joined else next(rest, "")
        if given.startswith("-"):
            return None
        found[name] = given
    return found


def _is_certain(given: dict[str, str]) -> bool:
    return all(name in PLAIN and re.fullmatch(PLAIN[name], text) for name, text in given.items())


def _holds_a_key(path: str) -> bool:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib would cost a tenth of the way
            return bool(re.fullmatch(r"\s*[!-~]+\s*", file.read(_LONGEST_KEY)))
    except (OSError, ValueError):
        return False


def _dotenv_matters() -> bool:
    """Whether `.env` may set anything of ours, or cannot be read, which is a mistake to be told."""
    if not os.path.isfile(".env"):  # noqa: PTH113 - likewise
        return False
    try:
        with open(".env", encoding="utf-8-sig") as file:  # noqa: PTH123 - likewise
            return "BEAM_" in file.read().upper()
    except (OSError, ValueError):
        return True
