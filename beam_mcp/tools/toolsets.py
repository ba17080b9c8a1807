"""All tools there are, in the order that clients see them."""

from beam_mcp.tools.agents import AGENTS
from beam_mcp.tools.questions import QUESTIONS
from beam_mcp.tools.tasks import TASKS

TOOLSETS = (AGENTS, TASKS, QUESTIONS)
