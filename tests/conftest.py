import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from beam_mcp.cli.loop import OPTIONS

# A machine that stands still for a moment breaks no promise of ours.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_xdist_auto_num_workers() -> int:
    """One more worker than cores: much of the suite waits, for seconds that have to pass or for processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The event loop that servers run on."""
    return "asyncio", dict(OPTIONS)
