"""What many big answers took at once goes back to the system."""

import asyncio
import sys

import pytest

from .memory import PAGE, read
from .servers import ours
from .upstream import upstream
from .web import site


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it asked for, and its memory told")
def test_a_server_over_http_keeps_little_of_the_big_pages_it_read() -> None:
    with (
        upstream("work", "gzip") as url,
        site(lambda port: ours(url, "--transport", "http", "--port", str(port))) as server,
    ):
        before = server.resident
        for pages in (1, 4, 8, 8):
            asyncio.run(read(server, pages))
        assert server.resident - before < 2.25 * PAGE
