"""A whole answer of Beam as JSON, as far as a client takes it in one message."""

from itertools import islice
from typing import Any

from pydantic_core import to_json

from beam_mcp.views.cleaning import escaped

# Clients made with the Python SDK end the connection at an event of over 1 MiB (`max_sse_event_size`).
ROOM = 1_000_000  # bytes of the text as it travels, a string in JSON


def whole(data: Any) -> str:
    """The data as JSON in which nothing hidden acts; where over `ROOM`, long strings and lists are cut and say so."""
    characters = ROOM
    while True:
        text = to_json(_cut(data, characters)).decode()
        # Escaping is slow: it is done once what there is to escape is small.
        if _fits(text) and _fits(shown := escaped(text)):
            return shown
        characters //= 4


def _fits(text: str) -> bool:
    return len(to_json(text)) <= ROOM


def _cut(data: Any, characters: int) -> Any:
    items = characters // 20
    match data:
        case str() if len(data) > characters:
            return f"{data[:characters]}… [{len(data) - characters:,} characters left out]"
        case [*rows] if (left_out := len(rows) - items) > 0:
            return [*(_cut(row, characters) for row in rows[:items]), f"[{left_out:,} left out]"]
        case [*rows]:
            return [_cut(row, characters) for row in rows]
        case {**pairs}:
            kept = {key: _cut(item, characters) for key, item in islice(pairs.items(), items)}
            return kept | ({"…": f"[{left_out:,} left out]"} if (left_out := len(pairs) - items) > 0 else {})
        case _:
            return data
