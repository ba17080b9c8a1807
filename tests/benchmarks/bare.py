"""The SDK's server alone, with a tool that does nothing and one that reads a small task as ours does."""

import sys

import httpx2
import uvicorn
from mcp.server.mcpserver import MCPServer

from tests.benchmarks.upstream import HEADERS


def build(url: str) -> MCPServer:
    """A server of two tools over a Beam at this address."""
    server: MCPServer = MCPServer("bare", version="1", log_level="WARNING")
    client = httpx2.AsyncClient(base_url=url, headers=HEADERS)

    @server.tool()
    async def echo(text: str) -> str:
        return text

    @server.tool()
    async def get_task(task: str) -> str:
        response = await client.get(f"/agent-tasks/{task}")
        return f"{len(response.content)} bytes"

    return server


def main(url: str, port: int = 0) -> None:
    """Serve on stdio, or over HTTP where a port is given, with no more than what the SDK brings along."""
    if port:
        app = build(url).streamable_http_app()
        uvicorn.run(app, port=port, log_level="warning", loop="asyncio", http="h11")
    else:
        build(url).run()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
