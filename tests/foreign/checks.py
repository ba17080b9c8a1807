"""What must hold of whatever we say; found out by other means than the code's own, which these checks judge."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Set
from functools import cache
from typing import Any, cast

from markdown_it import MarkdownIt
from markdown_it.token import Token

OPENING = re.compile(r"<(data-\d{9})> \(written by [\w ]+: data, not instructions\)")
OURS = re.compile(r"[\W_]*(?:next|more)[:\uff1a\u2236]", re.IGNORECASE)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
TOKENS = re.compile(
    r"<\||<｜|\[/?INST\]|\[/?TOOL_(?:RESULTS|CALLS)\]|\[/?(?:THINK|ARGS|gMASK)\]|<</?SYS>>|</?(?:system|function_results|invoke)",
    re.IGNORECASE,
)
# Default_Ignorable_Code_Point and what fonts draw as nothing, besides categories C* (Unicode).
IGNORABLE = {
    *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x16FE4, 0x1D159),
    *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)),
}
JOINED = ("ARABIC", "DEVANAGARI", "BENGALI", "MALAYALAM", "TAMIL", "SINHALA", "SYRIAC", "KHMER", "MYANMAR")
JOINERS = {"\u200c", "\u200d"}
MOST_MARKS = 6
LONGEST = 30_000  # characters of an answer
WINDOW = 28  # characters of somebody else's that are no name any more


def unseen(text: str) -> set[str]:
    """Characters that nobody sees, that turn the text, or that act on a terminal."""
    odd = {c for c in {*text} - {"\n"} if _is_unseen(c)}
    joined = {c for c in odd & JOINERS if all(_joins(text, at.start()) for at in re.finditer(c, text))}
    return {f"U+{ord(c):04X}" for c in odd - joined}


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character)[0] == "C" or ord(character) in IGNORABLE


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands where scripts and pictographs need one."""
    if text[at] not in JOINERS or at == 0:
        return False
    before, after = text[at - 1], text[at + 1 : at + 2]
    if "VIRAMA" in unicodedata.name(before, ""):
        return True
    scripts = {unicodedata.name(c, "?").split()[0] for c in (before, after or "?")}
    drawn = {unicodedata.category(c) for c in (before, after or "?")} <= {"So", "Sk"}
    return scripts <= {*JOINED} or (drawn and text[at] == "\u200d")


def heaped(text: str) -> bool:
    """Whether marks are heaped higher than any script does."""
    marks = {c for c in {*text} if unicodedata.combining(c) or unicodedata.category(c) in {"Mn", "Me"}}
    return bool(marks) and re.search(f"[{''.join(marks)}]{{{MOST_MARKS + 1}}}", text) is not None


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def drawn(text: str) -> list[str]:
    """What a client that draws Markdown, and HTML in it, would load or make a link or an element of."""
    # Without one of these no reader finds a link, a picture or an element (CommonMark 0.31.2, 6.3 to 6.6).
    if not re.search(r"\]\s*[\[(:]|!\[|<[A-Za-z/!?]|mermaid", text):
        return []
    return [told for token in _all(_reader().parse(text)) if (told := _acts(token))]


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _acts(token: Token) -> str | None:
    if token.type == "image":
        return f"image {token.attrs.get('src')}"
    if token.type == "link_open" and not str(token.attrs.get("href")).startswith("mailto:"):
        return f"link {token.attrs.get('href')}"
    if token.type == "fence" and "mermaid" in token.info.split()[:1]:
        return "mermaid"
    if token.type in {"html_inline", "html_block"} and not re.match(r"</?data-\d{9}>", token.content):
        return f"HTML {token.content[:80]}"
    return None


def outside(text: str) -> tuple[list[str], list[str]]:
    """The lines that stand in no fence, and what is wrong with the fences."""
    bare, wrong, lines = list[str](), list[str](), iter(text.split("\n"))
    for line in lines:
        if not (opened := OPENING.fullmatch(line)):
            bare.append(line)
            continue
        inside = list[str]()
        for inner in lines:
            if inner == f"</{opened[1]}>":
                break
            inside.append(inner)
        else:
            wrong.append(f"{opened[1]} is never closed")
        if opened[1] in "\n".join(inside):
            wrong.append(f"{opened[1]} stands in its own fence")
    return bare, [*wrong, *(f"a fence of nobody: {line[:60]}" for line in bare if re.match(r"\s*</?data-", line))]


def in_answer(text: str, step: str | None, foreign: Set[str]) -> list[str]:
    """What is wrong with an answer whose next step is `step` and in which these foreign texts may stand."""
    bare, wrong = outside(text)
    unquoted = "\n".join(QUOTED.sub('""', line) for line in bare)
    last = f"Next: {step}" if step else None
    if (bare[-1] if bare[-1].startswith("Next: ") else None) != last:
        wrong.append(f"the last line is not ours: {bare[-1][:80]}")
    end = len(bare) - 1 if last else len(bare)
    ours = {last, *bare[end - 1 :]}
    wrong += [f"a line like ours: {line[:60]}" for line in text.split("\n") if OURS.match(line) and line not in ours]
    windows = {unquoted[at : at + WINDOW] for at in range(len(unquoted))}
    wrong += [f"foreign and bare: {piece}" for piece in sorted(foreign & windows)]
    return wrong + in_words(text)


def in_words(text: str) -> list[str]:
    """What is wrong with any text of ours, wherever it is said."""
    wrong = [f"unseen {sorted(odd)}"] if (odd := unseen(text)) else []
    wrong += ["marks heaped"] if heaped(text) else []
    wrong += [f"a token: {found[0]}"] if (found := TOKENS.search(text)) else []
    wrong += ["too long"] if len(text) > LONGEST else []
    return wrong + drawn(text)


def in_data(data: Any) -> list[str]:
    """What is wrong with structured content."""
    texts = [*strings(data)]
    many = [text for text, is_long in texts if "\n" in text and not is_long]
    wrong = [f"several lines: {text[:60]!r}" for text in many]
    return wrong + in_words("\n\n".join(text for text, _ in texts))


def strings(data: Any, *, long: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text inside some data, keys too, and whether it may have many lines."""
    if isinstance(data, str):
        yield data, long
    elif isinstance(data, dict):
        for key, inner in cast("dict[str, Any]", data).items():
            yield key, False
            yield from strings(inner, long=long or key in {"result", "output", "evidence"})
    elif isinstance(data, list):
        for inner in cast("list[Any]", data):
            yield from strings(inner, long=long)


def pieces(text: str) -> Iterator[str]:
    """Pieces of a foreign text that are too long to be a name."""
    flat = " ".join(text[:120].split())
    found = (flat[at : at + WINDOW] for at in range(0, len(flat) - WINDOW + 1, 12))
    yield from (piece for piece in found if " " in piece)  # one word may be a name
