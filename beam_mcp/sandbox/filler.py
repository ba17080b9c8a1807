"""Megabytes that look like work: what makes Beam's answers heavy."""

import random
from functools import lru_cache

from beam_mcp.sandbox.wire import packed

HEAP = "@@heap@@"
_WORDS = (
    *("market", "supplier", "invoice", "delivery", "regional", "quarterly", "estimate", "revenue", "locker", "parcel"),
    *("network", "partner", "contract", "margin", "growth", "customer", "segment", "pricing", "survey", "analyst"),
    *("forecast", "capacity", "logistics", "warehouse", "carrier", "Österreich", "Zürich"),
)
_BLOCK_RECORDS = 60


def _record(dice: random.Random, serial: int) -> bytes:
    excerpt = " ".join(dice.choices(_WORDS, k=120))
    return packed(
        {
            "source_id": f"src-{serial:05d}",
            "url": f"https://reports.example.com/{dice.randrange(10**9)}/{dice.choice(_WORDS)}",
            "relevance": round(dice.random(), 6),
            "excerpt": excerpt,
            "embedding": [round(dice.uniform(-1, 1), 6) for _ in range(16)],
            "reviewed_by": None,
        }
    )


@lru_cache(maxsize=1)
def _records() -> tuple[bytes, ...]:
    dice = random.Random(7)
    return tuple(_record(dice, serial) for serial in range(_BLOCK_RECORDS))


@lru_cache(maxsize=64)
def heap(size: int) -> bytes:
    """A JSON array of records of about so many bytes, the same every time."""
    # One block is longer than a compressor's window: repeating it costs nothing and still compresses like real text.
    block = b",".join(_records())
    repeats, rest = divmod(size, len(block))
    parts = [block] * repeats
    for record in _records():
        rest -= len(record) + 1
        if rest < 0:
            break
        parts.append(record)
    return b"[" + b",".join(parts) + b"]"


def stuffed(light: bytes, size: int) -> bytes:
    """A body with its heaps grown until the whole is about `size` bytes."""
    mark = packed(HEAP)
    places = light.count(mark)
    if not places:
        return light
    return light.replace(mark, heap(max(0, size - len(light)) // places))
