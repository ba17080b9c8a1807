"""What `doctor` finds: one line a check, and how to mend what failed."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, in a sentence, and for what failed or may fail the `fix`."""

    group: str
    name: str
    state: State
    said: str
    fix: str = ""


@dataclass(frozen=True)
class Untouched(Check):
    """A setting that nobody set: listed in JSON, only counted on the screen."""
