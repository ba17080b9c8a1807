"""What a model pays for, in tokens (o200k): every tool's definition, and every answer over every story of the sandbox.

`python -m tests.benchmarks.ledger` prints it, `--write` keeps it in ledger.md, with which a test compares it.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_types import Tool

from beam_mcp.sandbox.world import World
from tests.benchmarks.ledger_calls import Answer, answers
from tests.tools.chat import chatting
from tests.tools.counting import count

KEPT = Path(__file__).with_name("ledger.md")
BEGUN = "## Definitions", "## Answers"

# The budgets of DESIGN.md §3 and §4, and those of the answers it does not name.
ALL_DEFINITIONS = 2400
BUDGETS: Mapping[str, int] = {
    "started": 120,
    "unchanged": 60,
    "changed": 180,
    "asks": 250,
    "failed": 250,
    "finished": 400,
    "details": 400,
    "decision": 250,
    "waited": 900,
    "inbox": 900,
    "list": 900,
    "agents": 500,
    "agent": 400,
    "account": 200,
    "error": 120,
}
LESS = 0.99  # of Beam's raw JSON


@dataclass(frozen=True)
class Entry:
    """One line: what it is about, its kind, its tokens, and Beam's raw JSON for the same in tokens and bytes."""

    name: str
    kind: str
    tokens: int
    raw_tokens: int = 0
    raw_bytes: int = 0

    @classmethod
    def of(cls, answer: Answer) -> "Entry":
        """From an answer; the raw side is rounded, since times in it differ by a digit."""
        return cls(answer.name, answer.kind, answer.tokens, _rounded(answer.raw_tokens), _rounded(answer.raw_bytes))

    def line(self) -> str:
        """As a row of a table."""
        if self.kind == "definition":
            return f"| {self.name} | {self.tokens} |"
        saved = f"{1 - self.tokens / self.raw_tokens:.2%}" if self.raw_tokens else ""
        raw = f"{self.raw_tokens:,} | {self.raw_bytes:,}" if self.raw_tokens else " | "
        return f"| {self.name} | {self.kind} | {self.tokens} | {raw} | {saved} |"


def _rounded(number: int) -> int:
    """To two figures."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return round(number / unit) * unit


async def definitions() -> list[Entry]:
    """Every tool that a model sees, for a client without cards; then all together, without and with them."""
    async with chatting(World(populated=False)) as chat:
        tools = (await chat.client.list_tools()).tools
    async with chatting(World(populated=False), draws_cards=True) as chat:
        with_cards = [tool for tool in (await chat.client.list_tools()).tools if _for_models(tool)]
    each = [Entry(tool.name, "definition", definition_cost(tool)) for tool in tools]
    in_all = {"all tools": tools, "all tools, for a client that shows cards": with_cards}
    return each + [Entry(name, "definition", sum(map(definition_cost, several))) for name, several in in_all.items()]


def definition_cost(tool: Tool) -> int:
    """What a model pays to know this tool."""
    told = {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
    return count(json.dumps(told, ensure_ascii=False, separators=(",", ":")))


def _for_models(tool: Tool) -> bool:
    """Whether a host shows it to its model (SEP-1865): not where its visibility is for apps only."""
    ui = (tool.meta or {}).get("ui", {})
    return "model" in ui.get("visibility", ["model"])


async def ledger() -> list[Entry]:
    """All of it."""
    return [*await definitions(), *map(Entry.of, await answers(raw=True))]


def page(entries: Sequence[Entry]) -> str:
    """The ledger as it is kept."""
    tools = [entry.line() for entry in entries if entry.kind == "definition"]
    said = [entry.line() for entry in entries if entry.kind != "definition"]
    budgets = ", ".join(f"{kind} {most}" for kind, most in BUDGETS.items())
    return "\n".join(
        [
            "# What a model pays, in tokens (o200k)",
            "",
            "Written by `python -m tests.benchmarks.ledger --write` and compared by a test: what changes these numbers",
            "changes this page in the same commit.",
            "",
            BEGUN[0],
            "",
            f"Name, description and input schema as compact JSON; at most {ALL_DEFINITIONS:,} together.",
            "",
            "| tool | tokens |",
            "|---|---:|",
            *tools,
            "",
            BEGUN[1],
            "",
            f"Over every story of the sandbox. At most: {budgets}.",
            "",
            "| answer | kind | tokens | raw tokens | raw bytes | less |",
            "|---|---|---:|---:|---:|---:|",
            *said,
            "",
        ]
    )


def kept_rows(text: str) -> dict[str, int]:
    """The tokens by name of what was counted, as a kept page says them."""
    rows: dict[str, int] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        numbers = [cell for cell in cells[1:3] if cell.isdecimal()]
        if line.startswith("| ") and numbers:
            rows[cells[0]] = int(numbers[0])
    return rows


def differences(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """Which rows grew, shrank, came or went, one line each."""
    told = [f"came: {name} ({tokens})" for name, tokens in now.items() if name not in before]
    told += [f"went: {name} ({tokens})" for name, tokens in before.items() if name not in now]
    for name in now.keys() & before.keys():
        if now[name] != before[name]:
            told.append(f"{'grew' if now[name] > before[name] else 'shrank'}: {name} {before[name]} → {now[name]}")
    return sorted(told)


def over_budget(entries: Iterable[Entry]) -> list[str]:
    """Which answers cost more than their kind may."""
    return [f"{e.name}: {e.tokens} > {BUDGETS[e.kind]}" for e in entries if e.tokens > BUDGETS.get(e.kind, sys.maxsize)]


def main() -> None:
    """Print the ledger, or keep it."""
    given = argparse.ArgumentParser(prog="python -m tests.benchmarks.ledger", description=__doc__)
    given.add_argument("--write", action="store_true", help=f"keep it in {KEPT.name}")
    text = page(asyncio.run(ledger()))
    if given.parse_args().write:
        before = kept_rows(KEPT.read_text("utf-8")) if KEPT.exists() else {}
        KEPT.write_text(text, encoding="utf-8")
        text = "\n".join(differences(before, kept_rows(text)) or ["nothing changed"]) + "\n"
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
