"""What the card in the chat gets: its document, and what comes of what the person does there."""

import hmac
from typing import Any

from mcp.server.apps import APP_MIME_TYPE
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError
from mcp_types import CallToolResult, TextContent
from pydantic import ValidationError

from beam_mcp.beam.errors import BeamError
from beam_mcp.server.card import DECIDE, Decided, Shown
from beam_mcp.server.deciding import Outcome, submitted, take, words_of
from beam_mcp.server.html import Notice, Room, card_html, inbox_html, task_html, told_html
from beam_mcp.tools.given import find_task
from beam_mcp.tools.office import InChat, Office, given_caller
from beam_mcp.tools.person import card_drawn
from beam_mcp.tools.sheets import inbox_sheets, task_sheet
from beam_mcp.views.text import flat

SHOWN = "Shown in the card."
ODD = "The card sent what it should not, so nothing was done. Ask in the chat what waits for you."
STALE = (
    "This card is from an earlier session, so nothing was done. Ask in the chat what waits for you to get a new one."
)
FOR_THE_CARD = "Nothing was done: this is for the card in the chat alone. get_pending_questions() shows what waits."

LOOK = {"ui": {"prefersBorder": True}}  # no csp: the card loads nothing, so the strictest default is right


async def contents(context: Context[Office, Any]) -> list[ReadResourceContents]:
    """The card's document, for this person in this process.

    Raises:
        ResourceError: nobody is signed in.
    """
    try:
        word = _word(await given_caller(context))
    except BeamError as error:
        raise ResourceError(flat(f"{error.what} {error.advice}")) from error
    return [ReadResourceContents(card_html(word), APP_MIME_TYPE, meta=LOOK)]


async def answer(context: Context[Office, Any], name: str, arguments: dict[str, Any]) -> CallToolResult:
    """What the card shows next, as HTML in the structured content; the text says what came of a decision."""
    try:
        asked = (Decided if name == DECIDE else Shown).model_validate(arguments)
    except ValidationError:
        return _problem(ODD, FOR_THE_CARD)
    try:
        caller = await given_caller(context)
        if not hmac.compare_digest(asked.word.encode(errors="replace"), _word(caller).encode()):
            return _problem(STALE, FOR_THE_CARD, stale=True)
        card_drawn(caller)
        return await (_decide(caller, asked) if isinstance(asked, Decided) else _show(caller, asked))
    except BeamError as error:
        return _problem(words_of(error), words_of(error))


async def _show(caller: InChat, asked: Shown) -> CallToolResult:
    return _result(await _html(caller, asked), SHOWN)


async def _decide(caller: InChat, sent: Decided) -> CallToolResult:
    form = submitted(sent.fields)
    if form is None:
        return _problem(ODD, FOR_THE_CARD)
    outcome = await take(caller, sent.task_id, sent.step_id, form, reached="card")
    try:
        html = await _html(caller, sent, outcome)
    except BeamError:
        html = told_html(outcome.notice, Room())  # what came of it is told also where the rest cannot be read
    return _result(html, outcome.notice.text, decided=outcome.decided, error=outcome.notice.kind == "problem")


async def _html(caller: InChat, asked: Shown, outcome: Outcome | None = None) -> str:
    notice, entered = (outcome.notice, outcome.entered) if outcome else (None, None)
    if asked.task is None:
        return inbox_html(await inbox_sheets(caller, asked.page, asked.agent), Room(), notice, entered)
    sheet = await task_sheet(caller, await find_task(caller, asked.task))
    if not sheet.stops and notice is None:
        notice = Notice("done", f"{sheet.task} waits for nothing now.")
    return task_html(sheet, Room(), notice, entered)


def _word(caller: InChat) -> str:
    """A word that only we can make, for this person."""
    subject = f"card {caller.beam.identity.fingerprint}".encode()
    return hmac.new(caller.office.secret, subject, "sha256").hexdigest()


def _problem(told: str, said: str, *, stale: bool = False) -> CallToolResult:
    return _result(told_html(Notice("problem", told), Room()), said, stale=stale, error=True)


def _result(html: str, said: str, *, decided: bool = False, stale: bool = False, error: bool = False) -> CallToolResult:
    shown = {"html": html, "decided": decided, "stale": stale}
    return CallToolResult(content=[TextContent(type="text", text=said)], structured_content=shown, is_error=error)
