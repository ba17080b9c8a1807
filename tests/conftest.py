from typing import Any

import pytest

from beam_mcp.cli.loop import OPTIONS


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The event loop that servers run on."""
    return "asyncio", dict(OPTIONS)
