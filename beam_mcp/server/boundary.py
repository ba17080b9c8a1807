"""Where calls enter and answers leave: strict arguments, one-line errors, crashes kept from the model."""

import difflib
from collections.abc import Mapping, Set
from contextlib import nullcontext
from functools import cache
from typing import Any, Self, cast, get_type_hints

import anyio
import mcp_types
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from beam_mcp.beam.errors import BadRequest, BeamError
from beam_mcp.server.masking import CRASHED
from beam_mcp.server.visitor import loaded_for
from beam_mcp.tools.office import given_caller
from beam_mcp.tools.person import ASKING, PERSON_SECONDS, form_failed
from beam_mcp.tools.toolset import Output, ToolFunction, Verb, failure, present, present_error
from beam_mcp.views.text import line, quoted, value
from beam_mcp.views.view import View

_WANTED = {
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "string_type": "must be text",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
}
_LACKING = {"missing", "string_too_short", "too_short"}
_FOUND_BY = {
    "task": "list_tasks() shows the tasks.",
    "tasks": "list_tasks() shows the tasks.",
    "agent": "list_agents() shows the agents.",
}

MISFILLED = "The form came back incomplete, so nothing was sent. Call {name} again, or ask in the chat."
UNANSWERED = "Nobody answered for a day, so nothing was sent. Call {name} again when the person is there."
SWITCHED_OFF = "{name} is switched off here: this server is read-only or offers only some toolsets, or the headers of \
this request ask for no more."


class BeamTool(Tool):
    """A tool of ours as the SDK runs it."""

    loaded: frozenset[str]
    output: Output

    @classmethod
    def of(cls, verb: Verb, *, loaded: frozenset[str], output: Output, meta: dict[str, Any] | None = None) -> Self:
        """`loaded` are the names of all tools there are, `output` the channels to answer in, `meta` is for hosts."""
        tool = _read(verb.function)
        own: dict[str, Any] = {"title": verb.title, "annotations": verb.hints, "meta": meta}
        if output != "text":
            told = {"output_schema": _output_schema(verb.function)}
            own["fn_metadata"] = tool.fn_metadata.model_copy(update=told)
        return cls(**dict(tool) | own, loaded=loaded, output=output)

    def definition(self) -> mcp_types.Tool:
        """What a client is told of it."""
        return mcp_types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.parameters,
            output_schema=self.output_schema,
            annotations=self.annotations,
            _meta=self.meta,
        )

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,  # noqa: ARG002, FBT001, FBT002 - the SDK's signature; a view is always converted
    ) -> CallToolResult | InputRequiredResult:
        """Check the arguments, call the function, hand over its view, its question to the person, or its error."""
        loaded = loaded_for(context, self.loaded)
        given = {name: argument for name, argument in arguments.items() if argument is not None}
        try:
            with anyio.fail_after(PERSON_SECONDS) if self.name in ASKING else nullcontext():
                found: View | InputRequiredResult = await super().run(given, context)
            return found if isinstance(found, InputRequiredResult) else present(found, loaded, self.output)
        except UnexpectedToolError as error:
            if isinstance(error.__cause__, BeamError):
                return present_error(error.__cause__, loaded)
            raise UnexpectedToolError(CRASHED.format(name=self.name)) from error.__cause__
        except TimeoutError:
            return failure(UNANSWERED.format(name=self.name))
        except MCPError:
            # A client that answers a form with an error cannot show it: the call goes on without.
            if self.name in ASKING and form_failed(await given_caller(context)):
                return await self.run(arguments, context)
            raise
        except ToolError as error:
            # Of our tools none raises it: the SDK does, for wrong arguments and for what a client answered a question.
            wrong = error.__cause__
            is_call = isinstance(wrong, ValidationError)
            if is_call:
                return present_error(self._wrong_arguments(wrong, given), loaded)
            return failure(MISFILLED.format(name=self.name))

    def _wrong_arguments(self, error: ValidationError, given: Mapping[str, Any]) -> BadRequest:
        known = list(self.parameters.get("properties", {}))
        if not known:
            return BadRequest(f"{self.name} takes no arguments.", "")
        # An optional argument is a union with None; that None would do as well helps nobody.
        wrong = [e for e in error.errors(include_url=False) if e["type"] != "none_required"]
        told = f"{self.name}: {'; '.join(dict.fromkeys(_one_line(e, known, given) for e in wrong))}"
        if told.endswith("?"):
            return BadRequest(told, "")
        lacking = (str(e["loc"][0]) for e in wrong if e["type"] in _LACKING)
        return BadRequest(f"{told}.", next(filter(None, map(_FOUND_BY.get, lacking)), ""))


def _one_line(error: ErrorDetails, known: list[str], given: Mapping[str, Any]) -> str:
    place = _place(error["loc"], given)
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(place, known, n=1, cutoff=0.5)
            hint = f", did you mean {near[0]}?" if near else f" (known: {', '.join(known)})"
            return f"{quoted(place, 60)} is no argument{hint}"
        case "missing":
            return f"{place} is required"
        case kind if kind in _LACKING:
            return f"{place} is empty"
        case "too_long":
            counts = error.get("ctx", {})
            return f"{place}: {counts['actual_length']} given, at most {counts['max_length']}"
        case kind:
            wanted = _WANTED.get(kind, error["msg"].removeprefix("Input "))
            return f"{place} {wanted}, not {quoted(value(error['input']), 60)}"


def _place(loc: tuple[int | str, ...], given: Mapping[str, Any]) -> str:
    """Where in what was given: pydantic also names the members of unions on the way, which says nothing."""
    argument, *inside = loc
    parts, here = [str(argument)], given.get(str(argument))
    for part in inside:
        if isinstance(part, int):
            parts.append(str(part))
        elif isinstance(here, dict) and part in here:
            parts.append(line(part, 60))
            here = cast("dict[str, Any]", here)[part]
    return ".".join(parts)


def compact_schema(schema: Any) -> Any:
    """A schema without what only costs tokens: generated titles and null defaults; properties keep their names."""
    if isinstance(schema, list):
        return [compact_schema(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept = {
        k: v for k, v in cast("dict[str, Any]", schema).items() if not (k == "title" or (k == "default" and v is None))
    }
    if isinstance(properties := kept.get("properties"), dict):
        named = {name: compact_schema(sub) for name, sub in cast("dict[str, Any]", properties).items()}
        kept["properties"] = {n: named[n] for n in sorted(named, key=lambda n: n not in kept.get("required", ()))}
    return {k: v if k == "properties" else compact_schema(v) for k, v in kept.items()}


@cache
def _read(function: ToolFunction) -> Tool:
    """What its signature says; read once, since that takes long and all servers of a process are told the same."""
    tool = Tool.from_function(function, structured_output=False)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = compact_schema(arguments.model_json_schema(by_alias=True))
    return tool


@cache
def _output_schema(function: ToolFunction) -> dict[str, Any]:
    """The view's own schema; where a tool has several views, any object."""
    view = cast("type[View]", get_type_hints(function)["return"])
    if view is View:
        return {"type": "object"}
    schema = compact_schema(view.model_json_schema(mode="serialization"))
    schema["properties"]["next"] = {"type": "string"}
    schema.pop("required", None)
    return schema


def unknown_tool(name: str, names: Set[str], loaded: Set[str]) -> CallToolResult:
    """The answer to a call of a tool that is not loaded: it is switched off, or another name was probably meant."""
    if name in names:
        return failure(SWITCHED_OFF.format(name=name))
    near = difflib.get_close_matches(name, sorted(loaded), n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(loaded))}."
    return failure(f"There is no tool {quoted(name, 60)}. {hint}")
