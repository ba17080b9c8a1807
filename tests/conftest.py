import os
from typing import Any

import pytest

from beam_mcp.cli.loop import OPTIONS


def pytest_xdist_auto_num_workers() -> int:
    """One more worker than cores: much of the suite waits, for seconds that have to pass or for processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The event loop that servers run on."""
    return "asyncio", dict(OPTIONS)
