"""The inbox and each decision as a small web page, reached by links that nobody can guess."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from beam_mcp.beam.errors import BeamError
from beam_mcp.server.deciding import Outcome, submitted, take, words_of
from beam_mcp.server.html import Notice, Room, asset, inbox_html, page_html, task_html, told_html
from beam_mcp.server.links import Link, Links
from beam_mcp.server.page_requests import Refused, Sealed, fields_of, refuse_foreign
from beam_mcp.tools.sheets import inbox_sheets, task_sheet
from beam_mcp.views.sheet import InboxSheet
from beam_mcp.views.text import span

UNKNOWN = (
    "This address leads to no decision: a link is good for a few hours, and only as long as the server that made it "
    "runs and the same person is signed in there. Get a new one where this one came from, such as the chat or "
    "beam-mcp inbox, or decide in the Beam app."
)
ODD = "This form is not one of this page's, so nothing was done. Open the link again and decide there."
NOWHERE = "There is no such page here, or nothing of the kind can be done with it. Open the link from the chat again."
OPENED = (
    "This address opens the inbox once and was used. If it was not you who opened it, somebody else on this machine "
    "did: end beam-mcp inbox with Ctrl-C."
)
CRASHED = (
    "beam-mcp made a mistake while it worked on this page; details are in its log (stderr). Whether anything was done "
    "is not known: look at the task in the Beam app before you decide again."
)
USED = "This link decides nothing more; you can close the page."
UNSURE = "This link decides nothing more. Look at the task in the Beam app, or ask in the chat for a new link."
ASSETS = {
    "style.css": "text/css",
    "form.js": "text/javascript",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Pages:
    """The pages of all links, as routes for whatever serves them; `patience` is how many seconds a form may take.

    `public_url` is the address under which browsers reach them, where a proxy changes it.
    """

    links: Links
    patience: float = 30.0
    public_url: str | None = None

    def routes(self) -> list[BaseRoute]:
        """Where the pages are; nothing else under these paths is answered by anybody else."""
        site = self.site()
        return [Route(f"/{place}/{{rest:path}}", site) for place in ("decide", "inbox", "page")]

    def site(self) -> ASGIApp:
        """The pages, and a page for whatever goes wrong among them."""
        routes = [
            Route("/decide/{token}", self.show_decision, methods=["GET"]),
            Route("/decide/{token}", self.take_decision, methods=["POST"]),
            Route("/inbox/{token}", self.show_inbox, methods=["GET"]),
            Route("/open/{token}", self.open_inbox, methods=["GET"]),
            Route("/page/{name}", _asset, methods=["GET"]),
        ]
        return Sealed(Starlette(routes=routes, exception_handlers={HTTPException: _nowhere, Exception: _crashed}))

    async def open_inbox(self, request: Request) -> Response:
        """On to the inbox, once."""
        link = self.links.opened(request.path_params["token"]) if request.method == "GET" else None
        if link is None:
            return _page("Opened before", told_html(Notice("problem", OPENED), Room(), "This was opened before"), 404)
        return RedirectResponse(_place(link), 303)

    async def show_decision(self, request: Request) -> Response:
        """One decision, however often it is looked at: fetching a link decides nothing."""
        link = await self._link(request)
        return await self._decision(request, link) if link and link.task_id else _gone()

    async def take_decision(self, request: Request) -> Response:
        """What the person chose; after that the link only tells what came of it."""
        link = await self._link(request)
        if not link or not link.task_id:
            return _gone()
        refuse_foreign(request, self.public_url)
        form = submitted(await fields_of(request, patience=self.patience))
        if form is None:
            raise Refused(400, ODD)
        async with link.turn:
            if link.outcome is not None:
                return await self._decision(request, link)
            outcome = await take(link.caller, link.task_id, link.step_id, form, reached="page")
            if outcome.decided:
                link.outcome = outcome.notice
        return self._after(request, link) if outcome.decided else await self._decision(request, link, outcome)

    async def show_inbox(self, request: Request) -> Response:
        """Everything that waits for this person, each with its form."""
        link = await self._link(request)
        if not link or link.task_id:
            return _gone()
        try:
            inbox = await inbox_sheets(link.caller, _page_number(request))
        except BeamError as error:
            return _unread(Notice("problem", words_of(error)), Room(inbox=_place(link)))
        told = self._mine(link, request.query_params.get("told", ""))
        room = Room(self._actions(link, inbox), _place(link))
        return _page(_waiting(inbox), inbox_html(inbox, room, told and told.outcome), link=link)

    def _actions(self, link: Link, inbox: InboxSheet) -> Mapping[tuple[str, str], str]:
        """Where the forms of an inbox lead, and from there back to it."""
        steps = [(task.task_id, stop.node_id) for task in inbox.tasks for stop in task.stops if stop.mark]
        tokens = {step: self.links.to_decision(link.caller, *step).token for step in steps}
        return {step: f"../decide/{token}?from={link.token}&page={inbox.page}" for step, token in tokens.items()}

    async def _decision(self, request: Request, link: Link, outcome: Outcome | None = None) -> Response:
        inbox = self._inbox_behind(request, link)
        room = Room({(link.task_id, link.step_id): f"../decide/{link.token}{_query(request, inbox)}"}, _place(inbox))
        if link.outcome is not None:
            is_known = link.outcome.kind == "done"
            title, more = ("Decided", USED) if is_known else ("Not known yet", UNSURE)
            return _page(title, told_html(link.outcome, room, title, more))
        notice = outcome.notice if outcome else None
        try:
            task = await task_sheet(link.caller, link.task_id)
        except BeamError as error:
            return _unread(notice or Notice("problem", words_of(error)), room)
        stops = tuple(stop for stop in task.stops if stop.node_id == link.step_id)
        if not stops and notice is None:
            notice = Notice("done", f"{task.task} does not wait for this any more.")
        body = task_html(task.model_copy(update={"stops": stops}), room, notice, outcome and outcome.entered)
        title = f"{task.task} waits for you" if stops else "Nothing to decide"
        return _page(title, body, 409 if outcome else 200, link=link)

    def _after(self, request: Request, link: Link) -> Response:
        """Back to the inbox the form stood in, else to the decision's own page."""
        inbox = self._inbox_behind(request, link)
        if inbox is None:
            return RedirectResponse(f"../decide/{link.token}", 303)
        return RedirectResponse(f"{_place(inbox)}?page={_page_number(request)}&told={link.token}", 303)

    def _inbox_behind(self, request: Request, link: Link) -> Link | None:
        inbox = self._mine(link, request.query_params.get("from", ""))
        return inbox if inbox and not inbox.task_id else None

    def _mine(self, link: Link, token: str) -> Link | None:
        """The link of this token, if it is the same person's."""
        other = self.links.find(token)
        return other if other and other.caller.beam.identity == link.caller.beam.identity else None

    async def _link(self, request: Request) -> Link | None:
        link = self.links.find(request.path_params["token"])
        return link if link and await link.is_still_theirs() else None


def _place(inbox: Link | None) -> str:
    """Relative, as all addresses here: who serves us may put us under any path."""
    return f"../inbox/{inbox.token}" if inbox else ""


def _query(request: Request, inbox: Link | None) -> str:
    return f"?from={inbox.token}&page={_page_number(request)}" if inbox else ""


def _page_number(request: Request) -> int:
    asked = request.query_params.get("page", "")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) < 5 else 1


def _waiting(inbox: InboxSheet) -> str:
    return f"{inbox.total or 'Nothing'} {'wait' if inbox.total > 1 else 'waits'} for you"


def _page(title: str, body: str, status: int = 200, *, link: Link | None = None) -> Response:
    left = link.expires and span((link.expires - link.caller.now).total_seconds()) if link else None
    good = f"for {left} more" if left else "as long as the command that opened it runs" if link else ""
    return HTMLResponse(page_html(f"{title} · Beam", body, good), status)


def _unread(notice: Notice, room: Room) -> Response:
    return _page("Not readable now", told_html(notice, room, "This could not be read just now"), 502)


def _gone() -> Response:
    return _page(
        "Not good any more", told_html(Notice("problem", UNKNOWN), Room(), "This link is not good any more"), 404
    )


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    return Response(asset(name), media_type=ASSETS[name])


async def _nowhere(_: Request, error: Exception) -> Response:
    """A page for what is not one, or cannot be done with one."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    said = error.detail if isinstance(error, Refused) else NOWHERE
    answer = _page("Not done", told_html(Notice("problem", said), Room(), "Nothing was done"), status)
    answer.headers.update(headers or {})
    return answer


async def _crashed(_: Request, _error: Exception) -> Response:
    """A page for what nobody foresaw; whoever serves us logs the error."""
    return _page("Not shown", told_html(Notice("problem", CRASHED), Room(), "Not shown"), 500)
