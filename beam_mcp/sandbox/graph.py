"""An agent's graph as raw JSON: every documented key, most of them of no use to anybody."""

from beam_mcp.sandbox.agents import Agent
from beam_mcp.sandbox.filler import HEAP
from beam_mcp.sandbox.stories.plot import Plan
from beam_mcp.sandbox.wire import Json, stable_id

_LONG_AGO = "2025-11-07T05:31:56.000Z"


def graph_body(agent: Agent) -> Json:
    """The whole graph of an agent."""
    return {
        "id": agent.graph_id,
        "agentId": agent.id,
        "isActive": True,
        "isDraft": False,
        "isPublished": True,
        "isEdited": False,
        "isEverExecuted": True,
        "isEverUsedForTemplate": False,
        "nodes": [graph_node(agent, plan) for plan in agent.story.plans],
        "publishedAt": _LONG_AGO,
    }


def graph_node(agent: Agent, plan: Plan) -> Json:
    """One node of a graph, with its tool and its edges."""
    plans = agent.story.plans
    index = plans.index(plan)
    node_id = graph_node_id(agent, plan)
    return {
        "id": node_id,
        "customId": f"N{index + 1}",
        "objective": plan.objective,
        "evaluationCriteria": [f"{plan.objective}: complete and correct"],
        "isEntryNode": index == 0,
        "isExitNode": index == len(plans) - 1,
        "isEvaluationEnabled": True,
        "autoRetryWhenAccuracyLessThan": 80,
        "autoRetryLimitWhenAccuracyIsLow": 1,
        "enableAutoRetryWhenAccuracyIsLow": False,
        "enableAutoRetryWhenFailure": True,
        "autoRetryDescription": None,
        "enableAutoRetryDescription": False,
        "autoRetryCountWhenFailure": 2,
        "autoRetryWaitTimeWhenFailureInMs": 1000,
        "isAttachmentDataPulledIn": True,
        "isEdited": False,
        "createdAt": _LONG_AGO,
        "toolConfiguration": _tool(agent, plan) if plan.tool else None,
        "childEdges": [_edge(agent, plan, after) for after in plans[index + 1 : index + 2]],
        "parentEdges": [_edge(agent, before, plan) for before in plans[:index][-1:]],
        "xCoordinate": 240 * index,
        "yCoordinate": 0,
        "onError": "STOP",
        "nodeType": plan.kind,
        "nodeConfigurations": plan.settings,
    }


def graph_node_id(agent: Agent, plan: Plan) -> str:
    """The id of a node in the graph, which is not the id of its execution."""
    return stable_id("graph-node", agent.id, plan.key)


def _edge(agent: Agent, source: Plan, target: Plan) -> Json:
    return {
        "id": stable_id("edge", agent.id, source.key, target.key),
        "sourceAgentGraphNodeId": graph_node_id(agent, source),
        "targetAgentGraphNodeId": graph_node_id(agent, target),
        "isAttachmentDataPulledIn": True,
        "conditionGroups": [],
        "condition": f"{source.objective} succeeded",
    }


def _tool(agent: Agent, plan: Plan) -> Json:
    tool_id = stable_id("tool", agent.id, plan.key)
    function = f"GPTAction_Custom_{plan.key}"
    return {
        "id": tool_id,
        "toolFunctionName": function,
        "toolName": plan.tool,
        "requiresConsent": plan.consent,
        "isMemoryTool": False,
        "isBackgroundTool": False,
        "isBatchExecutionEnabled": False,
        "inputParams": [_parameter(tool_id, name) for name in ("request", "document", "context")],
        "outputParams": [_parameter(tool_id, "result")],
        "iconSrc": None,
        "description": plan.describes,
        "memoryLookupInstruction": None,
        "accuracyScore": 0.93,
        "integrationProviderId": None,
        "dynamicPropsId": None,
        "fallbackModels": None,
        "code": None,
        "codeLanguage": None,
        "originalTool": _original(plan, function),
        "preferredModel": "gpt-4o",
    }


def _parameter(tool_id: str, name: str) -> Json:
    return {
        "id": stable_id("parameter", tool_id, name),
        "agentToolConfigurationId": tool_id,
        "paramName": name,
        "fillType": "ai_fill",
        "position": 1,
        "question": f"What is the {name}?",
        "paramDescription": f"The {name} this step works with, exactly as the previous step found it.",
        "paramTip": None,
        "required": True,
        "isArray": False,
        "dataType": "string",
        "typeOptions": {},
        "outputExample": "",
        "linkOutputParam": None,
        "linkedOutputParamRules": [],
        "options": [],
        "createdAt": _LONG_AGO,
        "updatedAt": _LONG_AGO,
    }


def _original(plan: Plan, function: str) -> Json:
    integration: Json = {"systemIntegrationIdentifier": plan.integration, "customAuthParameters": {}}
    return {
        "toolName": plan.tool,
        "toolFunctionName": function,
        "allowWaiting": False,
        "iconSrc": None,
        "type": "gpt_tool" if plan.integration is None else "integration_tool",
        "prompt": f"{plan.describes}. Work on: {{{{request}}}}. " + "Use only what the documents say. " * 12,
        "description": plan.describes,
        "preferredModel": "gpt-4o",
        "meta": {"examples": HEAP},
        "integrationId": plan.integration,
        "isIntegrationRequired": plan.integration is not None,
        "isIntegrationConnected": plan.integration is None,
        "integration": integration if plan.integration else None,
        "inputParams": [],
        "outputParams": [],
    }
