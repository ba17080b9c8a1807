"""`beam-mcp receipts`: what was answered and decided from this machine, newest last."""

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from rich.console import Console
from rich.text import Text

from beam_mcp.cli.screen import complain
from beam_mcp.settings import Settings, SettingsError
from beam_mcp.tools.receipts import Receipt, Receipts
from beam_mcp.views.cleaning import escaped
from beam_mcp.views.text import flat, line, value

CANNOT_READ = 1
NOT_KNOWN = "not known, the server was stopped (or Beam has not answered yet)"
_HOW = {"chat": "in the chat", "form": "in a form", "card": "in a card", "page": "on a page"}


def receipts(settings: Settings, *, as_json: bool, task: str | None, last: int) -> int:
    """Print the `last` receipts, of one `task` where named; return the exit code: 1 if some lines could not be read."""
    kept = Receipts(settings.audit)
    try:
        found, strange = kept.read()
    except OSError as error:
        raise SettingsError(f"BEAM_MCP_AUDIT (--audit): {kept.place} cannot be read ({error.strerror}).") from error
    named = [receipt for receipt in found if _is_of(receipt, task)]
    shown = named[-last:] if last else named
    if as_json:
        for receipt in shown:
            sys.stdout.write(escaped(to_json(receipt).decode()) + "\n")
    else:
        _print(shown, kept)
    return _complain(strange, kept)


def _is_of(receipt: Receipt, task: str | None) -> bool:
    return task is None or task.casefold() in {receipt.task.casefold(), receipt.task_id.casefold()}


def _print(shown: list[Receipt], kept: Receipts) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not shown:
        off = "No receipts are kept: BEAM_MCP_AUDIT is empty."
        console.print(Text(off if kept.path == Path(os.devnull) else flat(f"No receipts in {kept.place}.")))
    for receipt in shown:
        at = receipt.at.astimezone().strftime("%Y-%m-%d %H:%M") if receipt.at else "some time"
        what = line(value(receipt.shown.get("tool") or ""), 60)
        head = f"{at}  {receipt.task}  {receipt.decision} {what}".rstrip()
        console.print(Text(f"{flat(head)} {_HOW[receipt.reached]}, agent {line(receipt.agent, 60)}"))
        for name, said in islice(_sent(receipt.sent), 20):
            console.print(Text(f"    {line(name, 80)}: {line(said, 200)}"))
        console.print(Text(f"    then: {line(receipt.result, 200) or NOT_KNOWN}"))


def _sent(sent: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for answer in sent.get("answers") or ():
        yield value(answer.get("question")), value(answer.get("answer"))
    edited: dict[str, Any] = sent.get("edited") or {}
    for name, given in edited.items():
        yield f"edited {name}", value(given)
    if words := sent.get("feedback"):
        yield "words", value(words)


def _complain(unreadable: int, kept: Receipts) -> int:
    if unreadable:
        complain(f"{unreadable} lines of {kept.place} are no receipts and were left out.")
    return CANNOT_READ if unreadable else 0
