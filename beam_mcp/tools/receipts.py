"""Receipts: every answer and decision of a person, as JSON lines appended to a file that only they can read."""

import os
import re
from datetime import datetime
from errno import EACCES, EISDIR
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from beam_mcp.beam.raw import asks_for_secret, without_secrets
from beam_mcp.beam.removing import REMOVED
from beam_mcp.settings_values import is_a_path
from beam_mcp.tools.appending import append_line
from beam_mcp.views.text import value

LONGEST = 4_000  # characters of one text
LARGEST = 100_000  # characters of all that was shown, and of all that was sent

Reached = Literal["chat", "form", "card", "page"]


class Receipt(BaseModel):
    """What a person was shown and what was sent in their name; `reached` is how: `chat` means their words there.

    It is written before the sending, and once more when that `ended`, under the same `id`. `result` is where the task
    stood then, or why nothing came of it; empty means that nobody knows, since the server was stopped meanwhile.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(default_factory=lambda: uuid4().hex)
    at: datetime | None = None
    ended: datetime | None = None
    workspace: str = ""
    task: str
    task_id: str
    step_id: str
    agent: str
    reached: Reached
    decision: str
    shown: dict[str, Any]
    sent: dict[str, Any]
    result: str = ""


class Receipts:
    """The file of receipts: the given one, else one in the folder where this user's data is."""

    def __init__(self, path: Path | None = None) -> None:
        self._given = path

    @cached_property
    def path(self) -> Path:
        """Where they are kept."""
        if self._given is not None:
            return self._given.expanduser()
        from platformdirs import user_data_path  # noqa: PLC0415 - only whoever decides something needs the folder

        return user_data_path("beam-mcp", appauthor=False) / "receipts.jsonl"

    @property
    def place(self) -> str:
        """Their path, as it may be told: it could be a key that was put in a wrong place."""
        return str(self.path) if is_a_path(self.path) else "the file that BEAM_MCP_AUDIT names"

    def add(self, receipt: Receipt) -> None:
        """Append one line, without secrets and of bounded size; none where an empty setting leads.

        Raises:
            OSError: it cannot be written.
        """
        if self.path == Path(os.devnull):
            return
        said = {name: _bounded(item) for name, item in _kept(receipt).items()}
        append_line(self.path, to_json(said, inf_nan_mode="strings", serialize_unknown=True))

    def trouble(self) -> str | None:
        """Why none could be written as things stand, in the system's words; None if nothing is in the way."""
        try:
            place = next(place for place in (self.path, *self.path.parents) if place.exists())
            if place.is_dir():
                denied = place == self.path or not os.access(place, os.W_OK)
                return os.strerror(EISDIR if place == self.path else EACCES) if denied else None
            self.path.open("ab").close()
        except OSError as error:
            return error.strerror
        return None

    def read(self) -> tuple[list[Receipt], int]:
        """All receipts, oldest first, each as its last line has it; and how many lines are none.

        Raises:
            OSError: the file cannot be read.
        """
        found: dict[str, Receipt] = {}
        strange = 0
        if not self.path.exists():
            return [], strange
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    receipt = Receipt.model_validate_json(line)
                except ValidationError:
                    strange += 1
                else:
                    found[receipt.id] = receipt
        return list(found.values()), strange


def _kept(receipt: Receipt) -> dict[str, Any]:
    """The receipt without secrets. Its result may quote an answer, this one or one before: not where that is secret."""
    said = receipt.model_dump(mode="json")
    kept = cast("dict[str, Any]", without_secrets(said, is_secret=asks_for_secret))
    if kept["sent"] != said["sent"] or ("→" in kept["result"] and asks_for_secret(kept["result"])):
        kept["result"] = re.sub(r'"[^"]*("|$)', f'"{REMOVED}"', kept["result"])
    return kept


def _bounded(said: Any) -> Any:
    """The same data with long texts cut; cut as a whole, as JSON text, where it is long even so."""
    short = _with_short_texts(said)
    whole = value(short)
    return short if len(whole) <= LARGEST else {"cut": _cut(whole, LARGEST)}


def _with_short_texts(said: Any) -> Any:
    match said:
        case str():
            return _cut(said, LONGEST)
        case {**pairs}:
            return {_cut(str(name), LONGEST): _with_short_texts(item) for name, item in pairs.items()}
        case [*items]:
            return [_with_short_texts(item) for item in items]
        case _:
            return said


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… {len(text) - limit:,} characters more"
