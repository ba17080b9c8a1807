"""The doctor's look at the packages: versions against the bounds that we ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.cli.checks_machine import package_checks, within


def test_packages_are_held_against_their_bounds() -> None:
    found = {check.name: check for check in package_checks(["pytest>=1", "anyio>=99,<100", "no-such-package>=1"])}
    assert found["anyio"].state == "fail"
    assert found["anyio"].fix == 'Run: python -m pip install "anyio>=99,<100"'
    assert found["no-such-package"].said == "is not installed."
    assert found["packages"].said.startswith("pytest ")


@pytest.mark.parametrize(
    ("version", "requirement", "kept"),
    [
        ("2.3.0", "mcp<3,>=2.3", True),
        ("2.10", "mcp>=2.9", True),
        ("3.0.0", "mcp<3,>=2.3", False),
        ("2.2.9", "mcp<3,>=2.3", False),
        ("3.0rc1", "mcp<3", False),
        ("1.0.post2", "mcp==1.0.0", True),
        ("1.0", "mcp", True),
    ],
)
def test_versions_compare_as_numbers(version: str, requirement: str, kept: bool) -> None:  # noqa: FBT001
    assert within(version, requirement) is kept


@given(st.text(), st.text())
def test_no_version_or_bound_is_too_odd_to_compare(version: str, bound: str) -> None:
    assert isinstance(within(version, f"name>={bound}"), bool)
