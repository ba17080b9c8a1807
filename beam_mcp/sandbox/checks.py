"""Strict reading of what a client sent, collecting complaints worded like class-validator's."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from beam_mcp.sandbox.refusals import Refusal
from beam_mcp.sandbox.wire import as_list


class Checks:
    """Reads named values out of a body or a query and refuses the request if any was wrong."""

    def __init__(self, data: Mapping[str, Any], known: Collection[str], prefix: str = "") -> None:
        self.data = data
        self.prefix = prefix
        self.problems = [f"{prefix}property {name} should not exist" for name in data if name not in known]

    def complain(self, complaint: str) -> None:
        """Note that something is wrong."""
        self.problems.append(self.prefix + complaint)

    def require(self, complaint: str, *, fine: bool) -> None:
        """Complain unless all is fine."""
        if not fine:
            self.complain(complaint)

    def text(self, name: str, *, required: bool = False, choices: Collection[str] = ()) -> str:
        """A string, empty when it may be absent and is."""
        value = self.data.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            self.complain(f"{name} must be a string")
            return ""
        self.require(f"{name} should not be empty", fine=not required or value != "")
        self.require(
            f"{name} must be one of the following values: {', '.join(choices)}", fine=not choices or value in choices
        )
        return value

    def texts(self, name: str, *, required: bool = False) -> list[str]:
        """A list of strings."""
        if self.data.get(name) is None and not required:
            return []
        items = as_list(self.data.get(name))
        if items is None:
            self.complain(f"{name} must be an array")
            return []
        self.require(f"each value in {name} must be a string", fine=all(isinstance(item, str) for item in items))
        return [item for item in items if isinstance(item, str)]

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """A whole number of at least 1, from a query string."""
        written = self.data.get(name)
        if written is None:
            return default
        if not str(written).isdecimal():
            self.complain(f"{name} must be an integer number")
            return default
        value = int(written)
        self.require(f"{name} must not be less than 1", fine=value >= 1)
        self.require(f"{name} must not be greater than {most}", fine=most is None or value <= most)
        return value

    def moment(self, name: str, *, ends_day: bool = False) -> datetime | None:
        """An ISO 8601 moment; a bare date that ends a range means the end of that day."""
        written = self.text(name)
        if not written:
            return None
        try:
            moment = datetime.fromisoformat(written)
        except ValueError:
            self.complain(f"{name} must be a valid ISO 8601 date string")
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment + timedelta(days=1) if ends_day and len(written) == 10 else moment

    def done(self) -> None:
        """Refuse the request with every complaint at once."""
        if self.problems:
            raise Refusal(400, self.problems)
