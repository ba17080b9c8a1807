"""A bill of materials as a list of requirements: `python -m tests.supply.materials FILE`.

It fails where the bill names something that no dependency brings, or lacks what one does.
"""

import json
import sys
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.supply.dependencies import brought, installed


def requirements(bill: dict[str, Any]) -> list[str]:
    """Name and release of each component; beam-mcp is what the bill is of."""
    assert bill["metadata"]["component"]["name"] == "beam-mcp", "the bill is of something else"
    found: dict[str, str] = {canonicalize_name(one["name"]): str(one["version"]) for one in bill["components"]}
    found.pop("beam-mcp", None)
    expected = {name for name in brought() if installed(name)}
    assert found.keys() == expected, f"the bill and the list differ by {sorted(found.keys() ^ expected)}"
    assert not [one["name"] for one in bill["components"] if not one.get("licenses")], "without a licence"
    return [f"{name}=={release}" for name, release in sorted(found.items())]


if __name__ == "__main__":
    print(*requirements(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sep="\n")  # noqa: T201
