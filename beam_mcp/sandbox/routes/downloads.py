"""Files: a signed link for whoever may ask, and the bytes for whoever has the link."""

from urllib.parse import quote

from starlette.responses import Response

from beam_mcp.sandbox.files import StoredFile
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door


async def download_link(call: Call) -> Response:
    """A link that opens without credentials."""
    agent = call.agent(call.segment("agent_id"))
    file = call.world.files.get(call.segment("file_id"))
    if file is None or file.agent_id != agent.id:
        raise Refusal(404, "File not found")
    base = call.world.download_base or str(call.request.base_url).rstrip("/")
    return json_answer({"downloadUrl": f"{base}{_path(file)}"})


def _path(file: StoredFile) -> str:
    signed = f"X-Algorithm=SHA256&X-Expires=900&X-Signature={file.signature}"
    return f"/storage/{file.id}/{quote(file.name)}?{signed}"


async def stored_bytes(call: Call) -> Response:
    """The bytes of a file, for its link alone."""
    file = call.world.files.get(call.segment("file_id"))
    if file is None or call.query.get("X-Signature") != file.signature:
        return Response(b"<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
    named = {"content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(file.data, media_type=file.mime_type, headers=named)


DOORS = (
    Door("GET", "/context/agent/{agent_id}/file/{file_id}/download", download_link),
    Door("GET", "/agent/{agent_id}/context/file/{file_id}/download", download_link),
    Door("GET", "/storage/{file_id}/{name:path}", stored_bytes, key=False, workspace=False),
)
