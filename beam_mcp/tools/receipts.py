"""Receipts: every answer and decision of a person, one JSON line each, appended to a file that only they can read."""

import os
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from beam_mcp.beam.raw import without_secrets

Reached = Literal["chat", "form", "card", "page"]


class Receipt(BaseModel):
    """What a person was shown and what was sent in their name; `reached` is how: `chat` means their words there.

    `result` is where the task stood afterwards, or why nothing came of it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: datetime | None = None
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

    def add(self, receipt: Receipt) -> None:
        """Append one line, without secrets; the folder and file are made for this user alone."""
        said = without_secrets(receipt.model_dump(mode="json"))
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = to_json(said, inf_nan_mode="strings", serialize_unknown=True) + b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab", buffering=0) as file:
            file.write(line)

    def read(self) -> Iterator[Receipt | None]:
        """All receipts, oldest first; None for a line that is none.

        Raises:
            OSError: the file cannot be read.
        """
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    yield Receipt.model_validate_json(line)
                except ValidationError:
                    yield None
