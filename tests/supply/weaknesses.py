"""What an audit found: `python -m tests.supply.weaknesses STATUS FILE COMPLAINT`, as pip-audit left them.

pip-audit says "no known vulnerabilities found" also of what it could not look up, and ends with 1 for a weakness as for
a network that is down. Only a weakness fails here; what was not looked up is said.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOUND = 1


def told(status: int, audit: str, complaint: str) -> tuple[int, str]:
    """The exit code, and what to say."""
    try:
        looked_at: list[dict[str, Any]] = json.loads(audit)["dependencies"]
    except ValueError:
        reason = complaint.strip().splitlines()[-1:] or [f"it ended with {status} and said nothing"]
        return 0, f"NOT AUDITED: the advisories could not be reached ({reason[0][:200]})."
    skipped = [one["name"] for one in looked_at if "skip_reason" in one]
    weak = list(_weaknesses(looked_at))
    lines = [f"{len(looked_at) - len(skipped)} of {len(looked_at)} audited, {len(weak)} weaknesses known.", *weak]
    if skipped:
        lines.append(f"NOT AUDITED, since the registry here has no advisories for a release: {', '.join(skipped)}.")
    return FOUND if weak else 0, "\n".join(lines)


def _weaknesses(looked_at: list[dict[str, Any]]) -> Iterator[str]:
    for one in looked_at:
        for weakness in one.get("vulns", []):
            mended = ", ".join(weakness["fix_versions"]) or "no release yet"
            yield f"{one['name']} {one['version']}: {weakness['id']}, mended by {mended}"


def main() -> int:
    """Say it, and return the exit code."""
    status, audit, complaint = sys.argv[1:]
    texts = (Path(file).read_text(encoding="utf-8") if Path(file).exists() else "" for file in (audit, complaint))
    code, said = told(int(status), *texts)
    print(said)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
