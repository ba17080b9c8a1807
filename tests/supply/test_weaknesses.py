"""An audit that could not look is no audit that found nothing; one that found something fails."""

import json
from typing import Any

import pytest

from .dependencies import brought, installed
from .materials import requirements
from .weaknesses import told

SOUND: dict[str, Any] = {"name": "anyio", "version": "4.16.0", "vulns": []}
WEAK: dict[str, Any] = {
    "name": "pycrypto", "version": "2.6.1", "vulns": [{"id": "PYSEC-2017-94", "fix_versions": [], "aliases": []}],
}  # fmt: skip
SKIPPED = {"name": "rich", "skip_reason": "Dependency not found on PyPI and could not be audited: rich (15.0.0)"}


def audit(*looked_at: dict[str, Any]) -> str:
    return json.dumps({"dependencies": looked_at, "fixes": []})


def test_a_known_weakness_fails_and_is_named() -> None:
    code, said = told(1, audit(SOUND, WEAK), "")
    assert code == 1
    assert said == "2 of 2 audited, 1 weaknesses known.\npycrypto 2.6.1: PYSEC-2017-94, mended by no release yet"


def test_what_could_not_be_looked_up_is_said_and_does_not_count_as_sound() -> None:
    code, said = told(0, audit(SOUND, SKIPPED), "No known vulnerabilities found")
    assert code == 0
    assert said.startswith("1 of 2 audited, 0 weaknesses known.\nNOT AUDITED")
    assert "rich" in said


def test_advisories_out_of_reach_are_said() -> None:
    code, said = told(1, "", "Traceback\nConnectionError: no such host")
    assert (code, said) == (0, "NOT AUDITED: the advisories could not be reached (ConnectionError: no such host).")


def bill(*names: str, of: str = "beam-mcp", licences: tuple[str, ...] = ("MIT",)) -> dict[str, Any]:
    components = [{"name": name, "version": "1.0", "licenses": list(licences)} for name in names]
    return {"metadata": {"component": {"name": of}}, "components": components}


def test_a_bill_of_materials_names_what_is_brought_along_and_nothing_else() -> None:
    here = [name for name in brought() if installed(name)]
    assert requirements(bill("beam-mcp", *here)) == [f"{name}==1.0" for name in here]
    for wrong in (bill(*here[1:]), bill(*here, "pip"), bill(*here, of="other"), bill(*here, licences=())):
        with pytest.raises(AssertionError, match=r"the bill|without a licence"):
            requirements(wrong)
