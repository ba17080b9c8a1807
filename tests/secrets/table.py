"""What was searched for what: every channel of every scenario against every group of secrets, as a table."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.secrets import (
    in_children,
    in_commands,
    in_crashes,
    in_endings,
    in_faults,
    in_oauth,
    in_wrong_places,
    on_http,
    on_stdio,
)
from tests.secrets.planting import ABOUT, ACCESS, PAGE_LINKS, TOKENS
from tests.secrets.searching import Collected

LEGEND = """\
# Where secrets were looked for

Written by `tests/secrets/test_secrets_nowhere.py`, which plays every line with real processes; `BEAM_MCP_REWRITE=1
pytest tests/secrets` writes it anew. What is planted, and where, is said in `planting.py`; in which forms it is looked
for (as it is, its first 12 characters, reversed, in base64, links, HTML, JSON, hexadecimal, in a header) in
`searching.py`.

* `searched`: these secrets were in play, the channel gave something, a harmless word that must be in it was found
  there, and none of the secrets in any form.
* `its place`: handed over there on purpose, such as the link to a decision to whoever asked for it; or not ours to
  know: who brings a token alone does not say whose key it stands for.
* “–”: not in play in that scenario.

Not claimed: what is read out of our memory or by our own user, such as the environment that a client starts us with; a
key that Beam or an agent wrote in pieces, or otherwise than in the forms above; what a log shows that somebody else set
up inside our process, of an error whose own words hold a key.
"""


@dataclass(frozen=True)
class Scenario:
    """One situation: which secrets are in play, which channels it gives, and how they are collected in a folder."""

    name: str
    about: str
    plants: tuple[str, ...]
    channels: tuple[str, ...]
    collect: Callable[[Path], Awaitable[Collected]]
    at_home: Mapping[str, frozenset[str]]


def _scenario(
    name: str,
    about: str,
    plants: Sequence[str],
    channels: tuple[str, ...],
    collect: Callable[[Path], Awaitable[Collected]],
    at_home: Mapping[str, frozenset[str]] | None = None,
) -> Scenario:
    return Scenario(name, about, tuple(plants), channels, collect, at_home or {})


ON_STDIO = ("fields", "links", "key", "typed")
FIRST = "A server on stdio, the key in its environment, all logging turned on"
SCENARIOS = (
    _scenario("stdio", f"{FIRST}; words and data", ON_STDIO, on_stdio.CHANNELS, on_stdio.both_by_key),
    _scenario(
        "stdio, tokens",
        f"{FIRST}; data, by tokens, in the newest protocol",
        (*ON_STDIO, TOKENS),
        on_stdio.IN_DATA,
        on_stdio.data_by_token,
    ),
    _scenario(
        "HTTP",
        "A server over HTTP that answers in words, callers with keys of their own, all logging turned on; it is "
        "ended in the middle of a call",
        ("fields", "links", "headers", "strays", TOKENS, PAGE_LINKS),
        on_http.CHANNELS,
        on_http.over_http,
        on_http.AT_HOME,
    ),
    _scenario(
        "OAuth",
        "A server over HTTP that takes the tokens of an OAuth issuer, all logging turned on; tokens of every kind are "
        "brought, and at last the issuer is silent",
        ("fields", "links", "headers", ACCESS),
        in_oauth.CHANNELS,
        in_oauth.by_issuer,
    ),
    _scenario(
        "endings",
        "A server that is ended by Ctrl-C, or made to dump where it stands, in the middle of a call (POSIX)",
        ("fields", "links", "key", "headers"),
        in_endings.CHANNELS,
        in_endings.endings,
    ),
    _scenario(
        "faults",
        "Errors, proxies, certificates and downloads that tell more than they should",
        ("links", "key", "proxy"),
        in_faults.CHANNELS,
        in_faults.faults,
    ),
    _scenario(
        "crashes",
        "Errors that nobody foresaw, all that is known in their words; Python watches and logs all that it can",
        ("key", "headers", "own", "fields"),
        in_crashes.CHANNELS,
        in_crashes.crashes,
    ),
    _scenario(
        "commands",
        "Every command, the key on stdin, in a key store, in files, in the environment",
        ("fields", "key", TOKENS),
        in_commands.CHANNELS,
        in_commands.commands,
    ),
    _scenario(
        "children",
        "The programs that are started, as others on the machine see them (POSIX)",
        ("key", PAGE_LINKS),
        in_children.CHANNELS,
        in_children.children,
    ),
    _scenario(
        "mistakes", "A key put in a wrong place", ("strays",), in_wrong_places.CHANNELS, in_wrong_places.wrong_places
    ),
)


def table() -> str:
    """The whole table as Markdown."""
    return LEGEND + "".join(map(_part, SCENARIOS))


def _part(scenario: Scenario) -> str:
    head = ["channel", *(ABOUT[group] for group in scenario.plants)]
    lines = [head, ["---"] * len(head), *_rows(scenario)]
    return f"\n## {scenario.about}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(scenario: Scenario) -> Iterator[list[str]]:
    for channel in scenario.channels:
        home = scenario.at_home.get(channel, frozenset())
        yield [channel, *("its place" if group in home else "searched" for group in scenario.plants)]
