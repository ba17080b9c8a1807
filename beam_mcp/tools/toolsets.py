"""All tools there are, in the order that clients see them: what each does to Beam, its title, its function."""

from beam_mcp.tools.toolset import Toolset, changes, creates, reads

TOOLSETS = (
    Toolset(
        "agents",
        "who can do work here and how they did",
        (
            reads("List agents", "agents.list_agents"),
            reads("Look at an agent", "agents.get_agent"),
            reads("How an agent did", "agents.get_agent_analytics"),
        ),
    ),
    Toolset(
        "tasks",
        "start work, find it, see where it stands, steer it",
        (
            creates("Start a task", "starting.create_task"),
            reads("List tasks", "tasks.list_tasks"),
            reads("Look at a task", "tasks.get_task"),
            reads("Wait for tasks", "waiting.wait_for_tasks"),
            changes("Try a task again", "steering.retry_task"),
            changes("Stop a task", "steering.stop_task"),
            creates("Rate a result", "steering.rate_task"),
        ),
    ),
    Toolset(
        "inbox",
        "what agents wait for, answering and deciding",
        (
            reads("What waits for you", "inbox.get_pending_questions"),
            changes("Answer an agent's questions", "inbox.answer_questions"),
            changes("Approve a step", "decisions.approve_step"),
            changes("Reject a step", "decisions.reject_step"),
        ),
    ),
    Toolset("account", "who is signed in and what works", (reads("Account", "account.get_account"),)),
    Toolset("files", "save files of Beam's", (creates("Download a file", "files.download_file"),)),
)
