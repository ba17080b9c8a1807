"""Starting a task, in the present form and in the old structured one."""

import base64
import binascii
from typing import Any

from starlette.responses import Response

from beam_mcp.sandbox.body import task_bytes, with_keys
from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.wire import as_list, as_object, packed, stamp

_PRESENT = ("agentId", "taskQuery", "parsingUrls", "encodedContextFiles", "isDraftTask")
_STRUCTURED = ("agentId", "input", "mode", "webhookUrl")
_FILE = ("data", "mimeType", "fileName", "fileSize")


async def create_task(call: Call) -> Response:
    """Start a task; which form it is shows in the body."""
    return _create_structured(call) if "input" in call.fields else _create(call)


def _create(call: Call) -> Response:
    checks = Checks(call.fields, _PRESENT)
    agent_id, urls = checks.text("agentId", required=True), checks.texts("parsingUrls")
    query, more = _query(checks)
    files = _files(checks)
    checks.done()
    agent = call.agent(agent_id)
    task = call.world.add_task(agent.id, query=query, with_file=not files)
    task.initiation.update(additionalInfo=more or None, parsingUrls=urls)
    for name, mime_type, data in files:
        task.files.append(call.world.add_file(agent.id, name, data, mime_type))
    call.world.act("create", task, call.fields)
    body = with_keys(task_bytes(task, call.world.access.home), {"updatesUrl": f"/agent-tasks/{task.id}/updates"})
    return Response(body, 201, media_type="application/json; charset=utf-8")


def _query(checks: Checks) -> tuple[str, str]:
    asked = as_object(checks.data.get("taskQuery"))
    if asked is None:
        checks.complain("taskQuery must be an object")
        return "", ""
    inner = Checks(asked, ("query", "additionalInfo"), "taskQuery.")
    query, more = inner.text("query", required=True), inner.text("additionalInfo")
    checks.problems += inner.problems
    return query, more


def _files(checks: Checks) -> list[tuple[str, str, bytes]]:
    sent = as_list(checks.data.get("encodedContextFiles") or [])
    if sent is None:
        checks.complain("encodedContextFiles must be an array")
        return []
    return [_file(checks, index, item) for index, item in enumerate(sent)]


def _file(checks: Checks, index: int, item: Any) -> tuple[str, str, bytes]:
    inner = Checks(as_object(item) or {}, _FILE, f"encodedContextFiles.{index}.")
    name, mime_type = inner.text("fileName", required=True), inner.text("mimeType", required=True)
    size, data = inner.text("fileSize", required=True), _decoded(inner)
    inner.require("fileSize must be the number of bytes of data, as a string", fine=size == str(len(data)))
    checks.problems += inner.problems
    return name, mime_type, data


def _decoded(checks: Checks) -> bytes:
    try:
        return base64.b64decode(checks.text("data", required=True), validate=True)
    except binascii.Error:
        checks.complain("data must be base64 encoded")
        return b""


def _create_structured(call: Call) -> Response:
    checks = Checks(call.fields, _STRUCTURED)
    agent_id, hook = checks.text("agentId", required=True), checks.text("webhookUrl")
    mode = checks.text("mode", choices=("auto", "manual")) or "auto"
    given = call.fields["input"]
    checks.require("input must be an object", fine=isinstance(given, dict))
    checks.require("webhookUrl must be a URL address", fine=not hook or hook.startswith(("http://", "https://")))
    checks.done()
    agent = call.agent(agent_id)
    task = call.world.add_task(agent.id, query=packed(given).decode())
    task.initiation.update(mode=mode, webhookUrl=hook or None)
    call.world.act("create", task, call.fields)
    url = f"https://app.beam.ai/{call.world.access.home}/{agent.id}/tasks/{task.id}"
    body = {"id": task.id, "agentId": agent.id, "status": "pending", "url": url, "createdAt": stamp(task.created_at)}
    return json_answer(body, 201)


async def refuse_nothing(call: Call) -> Response:
    """A path Beam once had and answers with a 404 now."""
    raise Refusal(404, f"Cannot {call.request.method} {call.request.url.path}")


DOORS = (Door("POST", "/agent-tasks", create_task), Door("POST", "/agent-graphs/test-node", refuse_nothing))
