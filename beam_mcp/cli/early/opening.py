"""The first messages of a connection: what is answered before the SDK is there, and what is left for it, in order."""

import json
from typing import Any

from beam_mcp.cli.early.messages import Json, Odd, asks_nothing_more, declares_apps, envelope, is_client, read
from beam_mcp.cli.early.prepared import Prepared


class Opening:
    """A connection until the SDK takes it over.

    `left` is what the SDK has to read: the request that opened the connection, since it decides the era and says what
    the client can do, then whatever was not answered. `told` is the id of that first request: it was answered here,
    so the SDK's own answer to it is dropped. `owes` says whether somebody waits for the SDK.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._legacy: str | None = None
        self._shows_apps = False
        self.is_early = True
        self.left: list[bytes] = []
        self.told: Any = None
        self.owes = False

    def hear(self, line: bytes) -> bytes | None:
        """The answer to a line, if it is given early; a line that is odd ends the early answers."""
        message = result = None
        try:
            if self.is_early:
                message = read(line)
                result = self._result(message)
        except Odd:
            self.is_early, message = False, None
        if message is None or result is None:
            self.left.append(line)
            self.owes = self.owes or message is None or "id" in message
            return None
        if self.told is None:
            self.told = message["id"]
            self.left.append(line)
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _result(self, message: Json) -> Json | None:
        """What a request is answered with; None to leave it.

        Raises:
            Odd: what follows may be answered otherwise because of it.
        """
        method, params = message["method"], message.get("params", {})
        if self.told is None and method == "initialize" and "id" in message:
            return self._initialize(params)
        if (self.told is None and "id" not in message) or method == "initialize":
            raise Odd
        if "id" not in message or (self.told is not None and method not in {"server/discover", "tools/list"}):
            return None
        return self._modern(method, params) if self._legacy is None else self._of_legacy(method, params)

    def _initialize(self, params: Json) -> Json:
        version: Any = params.get("protocolVersion")
        is_known = self._prepared.opens(version, "initialize") and is_client(params.get("clientInfo"))
        if not is_known or "_meta" in params:
            raise Odd
        self._shows_apps = declares_apps(params.get("capabilities"))
        self._legacy = version
        return self._prepared.greeting(version)

    def _modern(self, method: str, params: Json) -> Json:
        version, capabilities = envelope(params)
        if not self._prepared.opens(version, "server/discover"):
            raise Odd
        shows_apps = declares_apps(capabilities)
        if method == "server/discover":
            return self._prepared.greeting(version)
        if method == "tools/list":
            return self._prepared.tools(version, apps=shows_apps)
        raise Odd

    def _of_legacy(self, method: str, params: Json) -> Json | None:
        if self._legacy is None or method != "tools/list" or not asks_nothing_more(params):
            return None
        return self._prepared.tools(self._legacy, apps=self._shows_apps)
