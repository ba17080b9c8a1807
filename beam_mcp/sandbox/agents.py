"""The agents of the sandbox, and what is raw JSON about them."""

from dataclasses import dataclass

from beam_mcp.sandbox.secrets import CANARIES
from beam_mcp.sandbox.stories import customers, finance, office
from beam_mcp.sandbox.stories.plot import Story
from beam_mcp.sandbox.wire import Json, stable_id


@dataclass(frozen=True)
class Agent:
    """Someone who can do work, and the story every task of theirs follows."""

    id: str
    name: str
    prefix: str
    story: Story
    description: str | None = None
    category: str | None = None
    has_category: bool = True
    type: str = "user-agent"

    @property
    def graph_id(self) -> str:
        """The id of the agent's only graph."""
        return stable_id("graph", self.id)

    @property
    def category_id(self) -> str | None:
        """The id of the agent's category, if it has one."""
        return stable_id("category", self.category) if self.category else None


def agent_body(agent: Agent, workspace: str) -> Json:
    """An agent as lists and tasks show it; one without categories lacks the key altogether."""
    body: Json = {
        "id": agent.id,
        "name": agent.name,
        "type": agent.type,
        "creatorId": stable_id("user"),
        "order": 1,
        "description": agent.description,
        "themeIconUrl": f"https://example.com/icons/{agent.prefix.lower()}.png",
        "agentCategoryId": agent.category_id,
        "category": {"id": agent.category_id, "title": agent.category} if agent.category else None,
        "workspaceId": workspace,
    }
    if not agent.has_category:
        del body["category"], body["agentCategoryId"]
    return body


def agent_detail(agent: Agent, workspace: str) -> Json:
    """An agent as its own page shows it, with settings and a secret that must not travel on."""
    settings: Json = {
        "prompts": [f"You are {agent.name}.", "Be exact. Ask when something is missing."],
        "preferredModel": "gpt-4o",
        "instructions": f"{agent.story.objective}. Never guess amounts, names or dates.",
    }
    return {**agent_body(agent, workspace), "settings": settings, "userAccessTokenId": CANARIES["userAccessTokenId"]}


def roster() -> tuple[Agent, ...]:
    """Everyone who works in the sandbox, with ids that never change."""
    return (
        _agent("INV", "Invoice Matcher", finance.INVOICE_MATCHER, "Matches supplier invoices to orders.", "Finance"),
        _agent("SUP", "Support Triage", customers.SUPPORT_TRIAGE, "Sorts support tickets, drafts replies.", "Support"),
        _agent("MKT", "Market Research", office.MARKET_RESEARCH, "Sizes a market, compares competitors.", "Research"),
        _agent("PAY", "Payment Runner", finance.PAYMENT_RUNNER, "Pays invoices once somebody approved.", "Finance"),
        _agent("CRM", "CRM Sync", customers.CRM_SYNC, "Keeps Salesforce equal to our contacts.", "Sales"),
        _agent("CON", "Contract Reviewer", office.CONTRACT_REVIEWER, "Finds risky clauses in contracts.", "Legal"),
        _agent("LEA", "Lead Enricher", customers.LEAD_ENRICHER, "Adds public facts to a lead.", "Sales"),
        _agent("FUP", "Follow-up Scheduler", customers.FOLLOW_UP, "Writes to prospects and follows up.", "Sales"),
        _agent("ONB", "Onboarding Helper", office.EMPLOYEE_ONBOARDING, "Prepares new colleagues' first week.", "HR"),
        _agent("OBC", "Onboarding Helper", office.CUSTOMER_ONBOARDING, "Prepares rollouts for new customers.", None),
        Agent(stable_id("agent", "BEL"), "Belegprüfung", "BEL", finance.RECEIPT_CHECK, has_category=False),
    )


def _agent(prefix: str, name: str, story: Story, description: str, category: str | None) -> Agent:
    return Agent(stable_id("agent", prefix), name, prefix, story, description, category)
