"""One entry of a config, read, put in or taken out, with every other byte left as it was."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from beam_mcp.cli import merging_edits, merging_json
from beam_mcp.cli.merging_json import CannotMerge

Form = Literal["json", "toml"]
Entry = dict[str, Any]
_ADDRESSES = {"url", "serverUrl", "httpUrl"}


def entries(text: str, form: Form, under: Sequence[str]) -> Entry:
    """The entries of a config below these keys, by name; none if there are none.

    Raises:
        CannotMerge: it is broken.
    """
    here: Any = _plain(text, form)
    for key in under:
        here = cast("Entry", here).get(key) if isinstance(here, dict) else None
    return cast("Entry", here) if isinstance(here, dict) else {}


def with_entry(text: str, form: Form, path: Sequence[str], entry: Entry) -> str:
    """The config with this entry; what else its owner wrote into an entry of this name stays.

    Raises:
        CannotMerge: it is broken, or cannot be edited safely.
    """
    there = entries(text, form, path)
    if _ADDRESSES & there.keys() or there.get("type") not in {None, entry.get("type", "stdio")}:
        text, there = without_entry(text, form, path), {}  # it led elsewhere: none of that belongs to us
    if form == "toml":
        from beam_mcp.cli import merging_toml  # noqa: PLC0415 - only Codex needs it

        return merging_toml.put(text, path, entry)
    if not there:
        return merging_edits.put(text, path, entry)
    for key, value in entry.items():
        text = merging_edits.put(text, [*path, key], value)
    return text


def without_entry(text: str, form: Form, path: Sequence[str]) -> str:
    """The config without the entry at the end of this path.

    Raises:
        CannotMerge: it is broken, or cannot be edited safely.
    """
    if form == "toml":
        from beam_mcp.cli import merging_toml  # noqa: PLC0415

        return merging_toml.drop(text, path)
    return merging_edits.drop(text, path)


def _plain(text: str, form: Form) -> Any:
    if form == "toml":
        from beam_mcp.cli import merging_toml  # noqa: PLC0415

        return merging_toml.read(text)
    root = merging_json.read(text)
    if root is not None and root.members is None:
        raise CannotMerge("it is no JSON object")
    return root.plain if root else {}
