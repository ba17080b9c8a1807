"""A client that keeps every byte it gets, sorted by what it is, and answers what it is asked on the way."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from tests.cli.wires import MODERN, WHO, Json, Wire

ABILITIES: Mapping[str, Json] = {
    "forms": {"elicitation": {}},
    "cards": {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}},
    "none": {},
}


@dataclass
class Client:
    """One conversation; `kept` is all that came, by channel. Forms are filled in with `content`, else declined."""

    wire: Wire
    version: str
    abilities: str = "none"
    content: Json | None = None
    kept: dict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    asked: int = 0

    async def greet(self) -> None:
        """Open the conversation, and have everything logged that the server offers to log."""
        if self.version == MODERN:
            await self.ask("greeting", "server/discover")
            return
        hello = {"protocolVersion": self.version, "capabilities": ABILITIES[self.abilities], "clientInfo": WHO}
        await self.ask("greeting", "initialize", hello)
        await self.wire.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def ask(self, channel: str, method: str, params: Json | None = None) -> Json:
        """A request, whose answer is kept under this channel; the answer, be it an error."""
        self.asked += 1
        meta: Json = {"progressToken": self.asked} if method == "tools/call" else {}
        if self.version == MODERN:
            meta |= {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": WHO,
                "io.modelcontextprotocol/clientCapabilities": ABILITIES[self.abilities],
                "io.modelcontextprotocol/logLevel": "debug",
            }
        full = (params or {}) | ({"_meta": meta} if meta else {})
        await self.wire.send({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": full})
        while "method" in (message := await self.wire.receive()) or message.get("id") != self.asked:
            await self._on_the_way(message)
        self._keep(channel, message)
        return message

    async def call(self, tool: str, channel: str = "", /, **arguments: Any) -> str:
        """The words of a tool's answer."""
        answer = await self.ask(channel or f"tool {tool}", "tools/call", {"name": tool, "arguments": arguments})
        return "\n".join(part.get("text", "") for part in answer.get("result", {}).get("content", ()))

    async def _on_the_way(self, message: Json) -> None:
        self._keep({"elicitation/create": "forms"}.get(message.get("method", ""), "notifications"), message)
        if "id" in message and "method" in message:
            answer = {"action": "accept", "content": self.content} if self.content else {"action": "decline"}
            await self.wire.send({"jsonrpc": "2.0", "id": message["id"], "result": answer})

    def _keep(self, channel: str, message: Json) -> None:
        self.kept[channel] += json.dumps(message, ensure_ascii=False).encode() + b"\n"
