"""What can go wrong between Beam and a client, on demand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "latency",
    "slow_body",
    "status",
    "html_502",
    "empty_body",
    "not_json",
    "truncated_json",
    "wrong_type",
    "error_in_200",
    "redirect",
    "cut_before",
    "cut_after",
    "cut_mid_body",
    "gzip_bomb",
    "endless_body",
]
KINDS: tuple[str, ...] = get_args(Kind)
_BEFORE = frozenset({"status", "html_502", "error_in_200", "redirect", "cut_before"})


@dataclass
class Fault:
    """One thing going wrong for the requests it matches: only this `key`'s, if named, and each `every`th of those."""

    kind: Kind
    path: str = ".*"
    method: str | None = None
    times: int | None = 1
    after: int = 0
    seconds: float = 1.0
    code: int = 500
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    to: str = ""
    megabytes: float = 50.0
    acts: bool | None = None
    key: str | None = None
    every: int = 1
    met: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault called {self.kind}; there are {', '.join(KINDS)}")
        re.compile(self.path)

    @property
    def beam_acts(self) -> bool:
        """Whether Beam carries the request out although the client will not see a proper answer."""
        return self.kind not in _BEFORE if self.acts is None else self.acts

    @property
    def spent(self) -> bool:
        """Whether it hit as often as it was asked to."""
        return self.times is not None and self.hits >= self.times

    def strikes(self, method: str, path: str, key: str | None = None) -> bool:
        """Count one request, and tell whether it is hit."""
        if self.spent or (self.method and self.method.upper() != method) or not re.search(self.path, path):
            return False
        if self.key is not None and self.key != key:
            return False
        self.met += 1
        if self.met % self.every:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of a world, first come first served; latency combines with any one other."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def add(
        self,
        kind: Kind,
        path: str = ".*",
        *,
        method: str | None = None,
        times: int | None = 1,
        after: int = 0,
        seconds: float = 1.0,
        code: int = 500,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        to: str = "",
        megabytes: float = 50.0,
        acts: bool | None = None,
        key: str | None = None,
        every: int = 1,
    ) -> Fault:
        """Let something go wrong with requests whose path the pattern is found in; `times=None` means for ever."""
        fault = Fault(
            kind, path, method, times, after, seconds, code, body, headers or {}, to, megabytes, acts, key, every
        )
        self.all.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything be well again."""
        self.all.clear()

    def striking(self, method: str, path: str, key: str | None = None) -> tuple[float, Fault | None]:
        """How long to hold this request's answer, and what else goes wrong with it."""
        held = 0.0
        for fault in self.all:
            if not fault.strikes(method, path, key):
                continue
            if fault.kind != "latency":
                return held, fault
            held += fault.seconds
        return held, None
