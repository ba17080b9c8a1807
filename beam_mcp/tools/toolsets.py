"""All tools there are, in the order that clients see them."""

from beam_mcp.tools.account import ACCOUNT
from beam_mcp.tools.agents import AGENTS
from beam_mcp.tools.files import FILES
from beam_mcp.tools.inbox import INBOX
from beam_mcp.tools.tasks import TASKS

TOOLSETS = (AGENTS, TASKS, INBOX, ACCOUNT, FILES)
