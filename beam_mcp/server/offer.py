"""Which tools a request gets by its own headers: never more than the operator offers."""

from collections.abc import Set

from starlette.types import Scope

from beam_mcp.server.refusals import Refused
from beam_mcp.tools.toolsets import TOOLSETS
from beam_mcp.views.text import listed, quoted

READ_ONLY, ONLY_THESE = b"x-mcp-readonly", b"x-mcp-toolsets"  # as GitHub's server has them
_YES, _NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off", ""})
_NAMES = {toolset.name: frozenset(tool.name for tool in toolset.tools) for toolset in TOOLSETS}
_READING = frozenset(tool.name for toolset in TOOLSETS for tool in toolset.tools if tool.reads_only)


def asked_for(scope: Scope, offered: Set[str]) -> frozenset[str] | None:
    """The tools that a request wants no more than; None where it says nothing of the kind.

    A header that comes more than once, such as from a client and from a gateway, narrows each time. `offered` are the
    tools there are, to say which toolsets have any.

    Raises:
        Refused: a toolset that does not exist, or a value that is neither yes nor no.
    """
    wanted: frozenset[str] | None = None
    for name, value in scope["headers"]:
        if not name.startswith(b"x-mcp-"):
            continue
        if name == ONLY_THESE:
            wanted = _narrowed(wanted, _tools_of(value.decode("latin-1"), offered))
        elif name == READ_ONLY and _is_yes(value.decode("latin-1")):
            wanted = _narrowed(wanted, _READING)
    return wanted


def _narrowed(before: frozenset[str] | None, tools: frozenset[str]) -> frozenset[str]:
    return tools if before is None else before & tools


def _tools_of(value: str, offered: Set[str]) -> frozenset[str]:
    names = value.replace(",", " ").split()
    if strange := [name for name in names if name not in _NAMES]:
        said = listed([quoted(name, 40) for name in strange], most=5)
        there = ", ".join(name for name, tools in _NAMES.items() if tools & offered)
        raise Refused(400, f"X-MCP-Toolsets: {said} {'are no toolsets' if len(strange) > 1 else 'is no toolset'} here; "
                           f"there are: {there}. Without this header you get them all.")  # fmt: skip
    return frozenset[str]().union(*(_NAMES[name] for name in names or _NAMES))  # an empty header asks for nothing


def _is_yes(value: str) -> bool:
    given = value.strip().lower()
    if given not in _YES | _NO:
        raise Refused(400, f"X-MCP-Readonly: {quoted(given, 40)} is neither true nor false.")
    return given in _YES
