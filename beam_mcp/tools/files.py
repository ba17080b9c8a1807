"""Files between the person's machine and Beam; their bytes never pass the model."""

import mimetypes
from contextlib import aclosing
from typing import Annotated

import anyio
from mcp.server.mcpserver.resolve import ListRoots, Resolve
from mcp_types import ListRootsResult
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.errors import Ambiguous, BadRequest, BeamUnavailable, NotFound
from beam_mcp.beam.file import Upload, download, download_link
from beam_mcp.beam.task import ContextFile
from beam_mcp.ids import UUID
from beam_mcp.tools.folders import Folders, check_together, folder_of, type_of, upload_of
from beam_mcp.tools.given import AgentRef, TaskRef, find_agent, task_named
from beam_mcp.tools.office import Caller, Given, InChat
from beam_mcp.views.downloaded import DownloadedView
from beam_mcp.views.names import handle
from beam_mcp.views.text import line, listed, named, quoted

LARGEST_DOWNLOAD = 500 * 1024 * 1024
DOWNLOAD_SECONDS = 600


def ask_roots(caller: Given, files: list[str] | None = None) -> ListRoots | ListRootsResult:
    """The client's roots, asked for only when a local file is to be read."""
    return _roots_if_any(caller) if files else ListRootsResult(roots=[])


def ask_roots_for_saving(caller: Given) -> ListRoots | ListRootsResult:
    """The client's roots, since a download is saved in one."""
    return _roots_if_any(caller)


def _roots_if_any(caller: InChat) -> ListRoots | ListRootsResult:
    declared = caller.context.client_capabilities
    if not caller.is_local or declared is None or declared.roots is None:
        return ListRootsResult(roots=[])
    return ListRoots()


GivenRoots = Annotated[ListRootsResult, Resolve(ask_roots)]


def folders_of(caller: InChat, roots: ListRootsResult, instead: str = "Use urls.") -> Folders:
    """The folders this caller allowed: those of the settings first, then the client's roots; `instead` is advice.

    Raises:
        BadRequest: the client is on another machine, where a path means something else.
    """
    if not caller.is_local:
        raise BadRequest("Local files cannot be read or written over HTTP: this server runs elsewhere.", instead)
    named = (folder_of(str(root.uri)) for root in roots.roots)
    return Folders.of([*caller.office.folders, *(folder for folder in named if folder)])


async def uploads_of(caller: InChat, roots: ListRootsResult, paths: list[str]) -> list[Upload]:
    """The files at `paths`, ready to be sent with a task."""
    allowed = folders_of(caller, roots)
    found = [await anyio.to_thread.run_sync(lambda p=path: upload_of(allowed.find(p))) for path in paths]
    check_together(found)
    return found


async def download_file(
    caller: Given,
    roots: Annotated[ListRootsResult, Resolve(ask_roots_for_saving)],
    file: Annotated[str, Field(description="name or id of the file", min_length=1)],
    task: TaskRef | SkipJsonSchema[None] = None,
    agent: AgentRef | SkipJsonSchema[None] = None,
) -> DownloadedView:
    """Save a file of a task, or of an agent, to an allowed local folder. Returns its path, size and type."""
    allowed = folders_of(caller, roots, "Get it in the Beam app.")
    if (task is None) == (agent is None):
        raise BadRequest("download_file takes either task or agent.", "Name the one the file belongs to.")
    agent_id, found = await _of_task(caller, task, file) if task else await _of_agent(caller, agent or "", file)
    link = await download_link(caller.beam, agent_id, found.id or "")
    name = found.name or found.id or "file"
    ending = "" if "." in name else mimetypes.guess_extension(found.mime_type or "") or ""
    with anyio.move_on_after(DOWNLOAD_SECONDS):
        async with aclosing(download(caller.beam, link)) as pieces:
            saved = await allowed.save(name + ending, pieces, most=LARGEST_DOWNLOAD)
        kind = found.mime_type or type_of(saved.path.name, saved.begin)
        return DownloadedView.of(path=str(saved.path), size=saved.size, kind=kind)
    raise BeamUnavailable(
        f"The download took longer than {DOWNLOAD_SECONDS // 60} min; nothing was kept.", "Try again."
    )


async def _of_task(caller: Caller, task: str, file: str) -> tuple[str, ContextFile]:
    found = await task_named(caller, task)
    files = found.context_files or []
    wanted = file.strip().casefold()
    fitting = [f for f in files if wanted in {(f.id or "").lower(), *_called(f)}]
    if len({f.id for f in fitting}) > 1:
        which = listed(f"{named(line(f.name or 'unnamed', 80))} (id {line(f.id or '?', 40)})" for f in fitting)
        what = f"file: {handle(found)} has {len(fitting)} files {quoted(file, 80)}: {which}."
        raise Ambiguous(what, "Use the id of the one meant.")
    if not fitting:
        names = listed(quoted(f.name or f.id or "unnamed", 80) for f in files)
        there = f"It has {names}." if files else "It has no files."
        raise NotFound(f"file: {handle(found)} has no file {quoted(file, 80)}.", there)
    agent_id = fitting[0].agent_id or found.of_agent.id or ""
    return agent_id, fitting[0]


def _called(file: ContextFile) -> tuple[str, str]:
    """What a file is called: its name, and the same as it is told."""
    name = file.name or ""
    return name.casefold(), line(name, 80).casefold()


async def _of_agent(caller: Caller, agent: str, file: str) -> tuple[str, ContextFile]:
    if not UUID.fullmatch(file.strip()):
        raise BadRequest("file: Beam lists no files of an agent by name.", "Give the file's id, or the task it is in.")
    found = await find_agent(caller, agent)
    return found.id or "", ContextFile(id=file.strip().lower())
