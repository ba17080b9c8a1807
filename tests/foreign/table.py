"""The table of attacks: what each tries, where it was tried, and what became of it. TABLE.md keeps it."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.foreign.bodies import ORDER
from tests.foreign.checks import IGNORABLE
from tests.foreign.corpus import CORPUS, HARMLESS, KINDS

KEPT = Path(__file__).with_name("TABLE.md")
ALL = tuple(range(len(CORPUS)))  # turns; in each of them every attack stands a place further on
# What the suite plays: so that at each place stands each kind of attack, each of which has more than that.
TURNS, EVERY = ALL[::2], 6
OVER_HTTP = ALL[::48]
TOOLS = (
    *("answer_questions (error)", "approve_step", "approve_step (error)", "download_file (error)", "get_account"),
    *("get_agent", "get_agent (error)", "get_agent_analytics", "get_pending_questions", "get_task", "get_task (error)"),
    *("get_task failure", "get_task output", "get_task steps", "get_task summary", "list_agents", "list_tasks"),
    *("list_tasks by agent", "retry_task (error)", "wait_for_tasks"),
)
OTHERS = (
    *("completion", "form, fields", "form, message", "form, presets", "prompt", "resource", "resource (error)"),
    *("resource, inbox", "resource, raw", "progress"),
)
CHANNELS = {*TOOLS, *(f"{tool}, structured" for tool in TOOLS if "error" not in tool), *OTHERS}

LEGEND = f"""\
# What becomes of what others wrote

Written by `python -m tests.foreign`, which plays all of it first: {len(CORPUS)} attacks at {len(ORDER)} places of
Beam's answers (found by walking our models of them) through {len(CHANNELS)} channels (tools in words and as data,
errors, resources, prompts, completions, forms, progress) of real processes, whose every byte is looked at. None may do
what it tries. The suite plays a part of it each time, over stdio and HTTP, in which each kind of attack stands at each
place, and each attack alone through every way that a text is said. Headers, streams, names of files, the terminal, the
log, the page and the card have tests of their own; `python -m tests.browser` draws all but the floods there, in tasks
that ask, that want an approval and that want a sign-in.

* A few places are never shown: `downloadUrl`, most of what stands around the tasks of a list, ids.
* What became of it: how `get_task(detail="output")` says it, which has no limit of a line. “parted” counts the blanks
  put in where a client or model could have acted, “hidden” the characters that nobody would have seen. The rest is
  there to be read, as data in a fence. Where fields are one line, it is quoted and clipped besides.
* {len(HARMLESS)} harmless texts in as many languages and scripts come through unchanged.

| attack | tries | what became of it |
| --- | --- | --- |
"""


def became(text: str, said: str) -> str:
    """What is different in what was said."""
    gone = Counter(text) - Counter(said)
    hidden = sum(
        count
        for c, count in gone.items()
        if (unicodedata.category(c)[0] == "C" and not c.isspace()) or ord(c) in IGNORABLE
    )
    marks = sum(count for c, count in gone.items() if unicodedata.category(c)[0] == "M" and ord(c) not in IGNORABLE)
    parted = len(said.split(" ")) - len(text.replace("\t", " ").split(" ")) if len(said) >= len(text) - hidden else 0
    facts = [
        f"{hidden:,} hidden gone" if hidden else "",
        f"{marks:,} marks gone" if marks else "",
        f"parted {parted}×" if parted > 0 else "",
        f"a page of it, {len(said):,} of {len(text):,} characters"
        if len(said) < len(text) // 2 and len(said) > 3000
        else "",
    ]
    return ", ".join(filter(None, facts)) or ("as it is, data" if said else "nothing is left")


def table(outputs: Mapping[str, str]) -> str:
    """The whole of it as Markdown."""
    rows = (f"| {a.title} | {KINDS[a.kind][0]} | {became(a.text, outputs[a.title])} |\n" for a in CORPUS)
    return LEGEND + "".join(rows)
