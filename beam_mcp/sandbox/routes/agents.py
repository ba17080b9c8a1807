"""Agents and their graphs."""

from starlette.responses import Response

from beam_mcp.sandbox.agents import agent_body, agent_detail
from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.filler import stuffed
from beam_mcp.sandbox.graph import graph_body, graph_node_id
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.wire import packed

_TYPES = ("beam-os", "user-agent", "pre-configured-agent")
_GRAPH_BYTES = 136_000


async def list_agents(call: Call) -> Response:
    """A page of the agents of the workspace."""
    checks = Checks(call.query, ("pageNum", "pageSize", "searchQuery", "type", "agentCategoryId"))
    page, size = checks.number("pageNum", 1), checks.number("pageSize", 10, most=100)
    kind, category = checks.text("type", choices=_TYPES), checks.text("agentCategoryId")
    words = checks.text("searchQuery").casefold()
    checks.done()
    found = [
        agent
        for agent in (call.world.agents.values() if call.at_home else ())
        if words in agent.name.casefold()
        and kind in {"", agent.type}
        and (not category or category == agent.category_id)
    ]
    shown = [agent_body(agent, call.world.access.home) for agent in found[(page - 1) * size : page * size]]
    return json_answer(call.world.shapes.agent_list(shown, len(found)))


async def get_agent(call: Call) -> Response:
    """One agent with its settings."""
    agent = call.agent(call.segment("agent_id"))
    return json_answer(call.world.shapes.one_agent(agent_detail(agent, call.world.access.home)))


async def get_graph(call: Call) -> Response:
    """The graph of an agent, all of it."""
    agent = call.agent(call.segment("agent_id"))
    if call.query.get("graphId", agent.graph_id) != agent.graph_id:
        raise Refusal(404, "Agent graph not found")
    body = stuffed(packed(call.world.shapes.one_graph(graph_body(agent))), _GRAPH_BYTES)
    return Response(body, media_type="application/json; charset=utf-8")


async def list_nodes(call: Call) -> Response:
    """The steps of an agent by name."""
    agent = call.agent(call.segment("agent_id"))
    nodes = [{"id": graph_node_id(agent, plan), "objective": plan.objective} for plan in agent.story.plans]
    names = {"graphId": agent.graph_id, "agentId": agent.id, "agentName": agent.name}
    return json_answer({**names, "nodes": nodes})


DOORS = (
    Door("GET", "/agent", list_agents),
    Door("GET", "/agent/{agent_id}", get_agent),
    Door("GET", "/agent-graphs/{agent_id}", get_graph),
    Door("GET", "/agent-graphs/{agent_id}/nodes/lite", list_nodes),
)
