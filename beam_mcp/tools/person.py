"""May this person be asked, how, and what if not: the ways to reach them, and which of them failed in a session."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from mcp.server.apps import client_supports_apps
from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver import Context
from mcp_types.version import is_version_at_least
from pydantic import BaseModel

from beam_mcp.desk.desk import Form
from beam_mcp.tools.office import InChat, conversation_name
from beam_mcp.views.text import ago

ASKED_BY_RESULT = "2026-07-28"  # from here on a question is a result, not a request of the server's
# Nobody reads an action and fills in a form about it in less: such a form was answered by a program.
SOONEST = timedelta(milliseconds=800)
PERSON_SECONDS = 24 * 3600.0  # how long a question waits for its person
# Clients give up on a call after a minute or more; a model that asks again sooner asks beside a form that is open.
PATIENCE = timedelta(seconds=30)
MOST_MISSED = 2
CARD_APPEARS = timedelta(seconds=10)  # a host that draws cards has asked for the contents by then

Rung = Literal["form", "card"]

NO_FORM = "this client cannot show the person a form"
DECLINED = "the person was shown a form and declined to fill it in"
CLOSED = "the person was shown a form and closed it without deciding"
TOO_SOON = "a form came back sooner than anybody can read it, so no person saw it"
REFUSED = "this client refused to show a form"
UNANSWERED = "a form was sent {ago} and nobody has answered it yet"
NEVER_ANSWERED = "nobody answers the forms that this client is sent"
ASKING = frozenset({"approve_step", "answer_questions"})  # the tools that send forms
NEVER_DRAWN = "it never drew the card it was sent {ago}"


class NotAsked(BaseModel):
    """Nobody was asked by a form: the connection cannot carry one, or there was no need."""


@dataclass(frozen=True)
class Heard:
    """What came of asking: `filled_in` is what the person sent, else `why` says why there is nothing.

    `chose` is whether a person was reached and chose not to decide, so that nobody should press them.
    """

    filled_in: BaseModel | None = None
    why: str = NO_FORM
    chose: bool = False


def can_ask(context: Context[Any, Any]) -> bool:
    """Whether a form can really reach a person on this connection.

    A client that declares elicitation without naming a mode means forms; a stateless request of the older protocol has
    no way back to the client (MCP 2025-11-25, Elicitation).
    """
    declared = context.client_capabilities.elicitation if context.client_capabilities else None
    if declared is None or (declared.form is None and declared.url is not None):
        return False
    return _by_result(context) or context.session.can_send_request


def open_form(caller: InChat, subject: str) -> bool:
    """Whether to ask by a form about `subject`; `hear` is told what came of it.

    One about the same that was sent a while ago may still be open, so another is not sent: there are other ways.
    """
    if not can_ask(caller.context) or _lost(caller, "form"):
        return False
    key, forms = f"{_session(caller)} {subject}", caller.person.forms
    known = forms.get(key)
    if known is None or known.answered:
        forms[key] = Form(caller.now)
    elif not _is_answer(caller.context) and caller.now - known.sent > PATIENCE:
        _miss(caller, known)
        return False
    return True


def hear(caller: InChat, result: ElicitationResult[Any], subject: str) -> Heard:
    """What came of asking about `subject`; neither closing nor refusing a form is the person's "no" to Beam."""
    form = caller.person.forms.get(f"{_session(caller)} {subject}")
    if isinstance(result, AcceptedElicitation) and isinstance(result.data, NotAsked):
        waits = form and not form.answered and UNANSWERED.format(ago=ago(form.sent, caller.now))
        return Heard(why=_lost(caller, "form") or waits or NO_FORM)
    if lost := _lost(caller, "form"):
        return Heard(why=lost)
    if form is None or caller.now - form.sent < SOONEST:
        _lose(caller, "form", TOO_SOON)
        return Heard(why=TOO_SOON)
    form.answered = True
    caller.person.missed.pop(_session(caller), None)
    match result:
        case AcceptedElicitation(data=BaseModel() as data):
            return Heard(data)
        case DeclinedElicitation():
            return Heard(why=DECLINED, chose=True)
        case CancelledElicitation():
            return Heard(why=CLOSED, chose=True)
        case _:
            return Heard()


def form_failed(caller: InChat) -> bool:
    """Note that the client answered a form with an error; False where none was under way, so that it was about more."""
    session = f"{_session(caller)} "
    under_way = [key for key, form in caller.person.forms.items() if key.startswith(session) and not form.answered]
    for key in under_way:
        del caller.person.forms[key]
    if under_way:
        _lose(caller, "form", REFUSED)
    return bool(under_way)


def offer_card(caller: InChat, subject: str) -> bool:
    """Whether a card in the chat can show `subject`: the client draws cards, and drew the last one that it was sent."""
    if not client_supports_apps(caller.context) or _lost(caller, "card"):
        return False
    key = f"{_session(caller)} {subject}"
    sent = caller.person.cards.get(key)
    if sent and caller.now - sent > CARD_APPEARS:
        _lose(caller, "card", NEVER_DRAWN.format(ago=ago(sent, caller.now)))
        return False
    caller.person.cards[key] = sent or caller.now
    return True


def why_no_card(caller: InChat) -> str | None:
    """Why no card is sent any more in this session; None where none was ever missed."""
    return _lost(caller, "card")


def card_drawn(caller: InChat) -> None:
    """The client drew a card: none that it was sent is missing, and more can be sent."""
    session = f"{_session(caller)} "
    caller.person.lost_rungs.pop(f"{session}card", None)
    for key in [key for key in caller.person.cards if key.startswith(session)]:
        del caller.person.cards[key]


def _miss(caller: InChat, form: Form) -> None:
    """Nobody answered this form in time; a client that lets it come to that again and again shows none."""
    session = _session(caller)
    if not form.missed:
        form.missed = True
        caller.person.missed[session] = caller.person.missed.get(session, 0) + 1
    if caller.person.missed.get(session, 0) >= MOST_MISSED:
        _lose(caller, "form", NEVER_ANSWERED)


def _lost(caller: InChat, rung: Rung) -> str | None:
    """Why this way of asking is not tried any more in this session; None while it is."""
    return caller.person.lost_rungs.get(f"{_session(caller)} {rung}")


def _lose(caller: InChat, rung: Rung, why: str) -> None:
    caller.person.lost_rungs[f"{_session(caller)} {rung}"] = why


def _session(caller: InChat) -> str:
    """What tells this session from others of the same person; of a stateless one the client's name is all there is."""
    info = caller.context.session.client_params.client_info if caller.context.session.client_params else None
    return conversation_name(caller.context) or (f"{info.name} {info.version}" if info else "")


def _is_answer(context: Context[Any, Any]) -> bool:
    """Whether this request brings answers along, as it does from MCP 2026-07-28 on."""
    return _by_result(context) and context.request_state is not None


def _by_result(context: Context[Any, Any]) -> bool:
    version = context.protocol_version
    return version is not None and is_version_at_least(version, ASKED_BY_RESULT)
