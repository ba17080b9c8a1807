"""Fixtures that ask the client: for a person's answer, for a sample of its model, for its roots; in both eras."""

import json
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, Field

Asking = str | InputRequiredResult


# What our own tools do: the SDK asks, live before 2026-07-28 and between two calls since.
class Name(BaseModel):
    name: str


class Answer(BaseModel):
    username: str = Field(description="who you are")
    email: str = Field(description="where to write to you")


class Defaults(BaseModel):
    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


class Choices(BaseModel):
    untitledSingle: Annotated[str, Field(json_schema_extra={"enum": ["option1", "option2", "option3"]})]  # noqa: N815
    titledSingle: Annotated[  # noqa: N815
        str, Field(json_schema_extra={"oneOf": [{"const": f"value{n}", "title": f"Option {n}"} for n in (1, 2, 3)]})
    ]
    legacyEnum: Annotated[  # noqa: N815
        str,
        Field(json_schema_extra={"enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option 1", "Option 2", "Option 3"]}),
    ]
    untitledMulti: Annotated[  # noqa: N815
        list[str], Field(json_schema_extra={"items": {"type": "string", "enum": ["option1", "option2", "option3"]}})
    ]
    titledMulti: Annotated[  # noqa: N815
        list[str],
        Field(
            json_schema_extra={"items": {"anyOf": [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]}}
        ),
    ]


def ask_name() -> Elicit[Name]:
    return Elicit("What is your name?", Name)


def ask_answer(message: str) -> Elicit[Answer]:
    return Elicit(message, Answer)


def ask_with_defaults() -> Elicit[Defaults]:
    return Elicit("Is this right?", Defaults)


def ask_to_choose() -> Elicit[Choices]:
    return Elicit("Which ones?", Choices)


def told(result: ElicitationResult[Any]) -> str:
    content = result.data.model_dump_json() if isinstance(result, AcceptedElicitation) else "{}"
    return f"action={result.action}, content={content}"


def test_elicitation(message: str, reply: Annotated[ElicitationResult[Answer], Resolve(ask_answer)]) -> str:
    return f"User response to {message!r}: {told(reply)}"


def test_streaming_elicitation(reply: Annotated[ElicitationResult[Name], Resolve(ask_name)]) -> str:
    return f"Elicitation completed: {told(reply)}"


def test_elicitation_sep1034_defaults(
    reply: Annotated[ElicitationResult[Defaults], Resolve(ask_with_defaults)],
) -> str:
    return f"Elicitation completed: {told(reply)}"


def test_elicitation_sep1330_enums(reply: Annotated[ElicitationResult[Choices], Resolve(ask_to_choose)]) -> str:
    return f"Elicitation completed: {told(reply)}"


async def test_sampling(prompt: str, ctx: Context[Any, Any]) -> str:
    sample = await ctx.session.create_message(  # pyright: ignore[reportDeprecated]
        [SamplingMessage(role="user", content=TextContent(type="text", text=prompt))],
        max_tokens=100,
        related_request_id=ctx.request_id,
    )
    return f"LLM response: {sample.content.text if isinstance(sample.content, TextContent) else 'none'}"


# What a tool of 2026-07-28 may do by hand: each result names what it still needs.
def form(message: str, **fields: str) -> ElicitRequest:
    schema = {"type": "object", "properties": {n: {"type": t} for n, t in fields.items()}, "required": [*fields]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample_of(prompt: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=100))


def given(ctx: Context[Any, Any], key: str, field: str) -> str | None:
    """What a person wrote into a field of a form; None if that form was not answered."""
    reply = (ctx.input_responses or {}).get(key)
    return str((reply.content or {}).get(field)) if isinstance(reply, ElicitResult) else None


def test_input_required_result_elicitation(ctx: Context[Any, Any]) -> Asking:
    name = given(ctx, "user_name", "name")
    if name is None:
        return InputRequiredResult(input_requests={"user_name": form("What is your name?", name="string")})
    return f"Hello, {name}!"


def test_input_required_result_sampling(ctx: Context[Any, Any]) -> Asking:
    sampled = (ctx.input_responses or {}).get("capital_question")
    if sampled is None:
        return InputRequiredResult(input_requests={"capital_question": sample_of("What is the capital of France?")})
    return f"The model says {sampled.model_dump_json()}"


def test_input_required_result_list_roots(ctx: Context[Any, Any]) -> Asking:
    roots = (ctx.input_responses or {}).get("client_roots")
    if roots is None:
        return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})
    return f"The roots are {roots.model_dump_json()}"


def test_input_required_result_request_state(ctx: Context[Any, Any]) -> Asking:
    if ctx.request_state is None:
        return InputRequiredResult(input_requests={"confirm": form("Is it so?", ok="boolean")}, request_state="asked")
    return f"state-ok: {ctx.request_state}"


def test_input_required_result_tampered_state(ctx: Context[Any, Any]) -> Asking:
    return test_input_required_result_request_state(ctx)


def test_input_required_result_multiple_inputs(ctx: Context[Any, Any]) -> Asking:
    wanted: dict[str, InputRequest] = {
        "user_name": form("What is your name?", name="string"),
        "greeting": sample_of("Generate a greeting"),
        "client_roots": ListRootsRequest(),
    }
    if not wanted.keys() <= (ctx.input_responses or {}).keys():
        return InputRequiredResult(input_requests=wanted, request_state="asked")
    return "All three were answered"


def test_input_required_result_multi_round(ctx: Context[Any, Any]) -> Asking:
    known: dict[str, str] = json.loads(ctx.request_state or "{}")
    for key, field in (("step1", "name"), ("step2", "color")):
        if (said := given(ctx, key, field)) is not None:
            known[field] = said
        if field not in known:
            question = form(f"Which {field}?", **{field: "string"})
            return InputRequiredResult(input_requests={key: question}, request_state=json.dumps(known))
    return f"{known['name']} likes {known['color']}"


def test_input_required_result_capabilities(ctx: Context[Any, Any]) -> Asking:
    can, wanted = ctx.client_capabilities, dict[str, InputRequest]()
    if can and can.sampling is not None:
        wanted["sample"] = sample_of("Say hello")
    if can and can.elicitation is not None:
        wanted["name"] = form("What is your name?", name="string")
    return InputRequiredResult(input_requests=wanted, request_state="asked")


def test_input_required_result_prompt(ctx: Context[Any, Any]) -> list[UserMessage] | InputRequiredResult:
    context = given(ctx, "user_context", "context")
    if context is None:
        asked = form("What context should the prompt use?", context="string")
        return InputRequiredResult(input_requests={"user_context": asked})
    return [UserMessage(f"Use this context: {context}")]


TOOLS = (
    test_elicitation,
    test_streaming_elicitation,
    test_elicitation_sep1034_defaults,
    test_elicitation_sep1330_enums,
    test_sampling,
    test_input_required_result_elicitation,
    test_input_required_result_sampling,
    test_input_required_result_list_roots,
    test_input_required_result_request_state,
    test_input_required_result_tampered_state,
    test_input_required_result_multiple_inputs,
    test_input_required_result_multi_round,
    test_input_required_result_capabilities,
)
PROMPTS = (test_input_required_result_prompt,)
