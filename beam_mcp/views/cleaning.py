"""What is taken out of foreign text, or made harmless in it, before a model, a person or a terminal reads it."""

import json
import re
import unicodedata

from beam_mcp.beam.removing import unsigned

# Terminal escape sequences (ECMA-48), of seven bits and of eight: whole, so that no "[31m" stays behind. A string that
# is not ended on its line loses its beginning only, or it would take along what others wrote after it.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]+[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x07\x1b\x80-\x9f\n]*(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b[ -/]*[0-~]"
)
# Drawn as nothing although Unicode does not class them as format characters: fillers and variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U00016fe4\U0001d159"
    "\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# The two joiners are part of how Arabic and Indic scripts are written (RFC 5892, CONTEXTJ) and of composed pictographs;
# anywhere else they only hide something.
JOINERS = "\u200c\u200d"
_WRITTEN, _DRAWN = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff", "\u2190-\u2bff\U0001f000-\U0001faff"
_VIRAMA = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_STRAY = re.compile(rf"[{JOINERS}](?!(?<=[{_WRITTEN}].)[{_WRITTEN}]|(?<=[{_DRAWN}]\u200d)[{_DRAWN}])(?<![{_VIRAMA}].)")
# No pictograph or word is joined of so many: a longer chain says something else, and no page could end in it.
_CHAIN = re.compile(rf"(?:[^{JOINERS}]{{1,2}}[{JOINERS}]){{16,}}")
_UNJOINED = str.maketrans(dict.fromkeys(JOINERS))
# Where marks may be heaped up: no letter of any script bears more than these.
_HEAPS, MOST_MARKS = re.compile(r"[^\w\s\x00-\u02ff]{6,}"), 5
# What a client acts on that draws Markdown or HTML, and what a model could take for a fence or for a turn of the
# conversation. An address as in "Sam <sam@example.com>" is none of it. One of these signs begins it, so that searching
# megabytes is quick.
_ACTIVE = re.compile(
    r"[\]<\[`~](?:(?<=\])(?=[(:])|(?<=<)(?=[A-Za-z/!?|｜])(?![\w.+-]+@[\w.-]+>)"
    r"|(?<=\[)(?=/?(?:INST|(?:AVAILABLE_)?TOOLS|TOOL_\w+|SYSTEM_PROMPT|THINK|ARGS|CALL_ID|gMASK)\])"
    r"|(?:(?<=```)|(?<=~~~))[ `~]{0,9}(?=(?i:mermaid)))"
)
# A line of ours begins so; what is drawn before the word, or is another sort of colon, does not make it another line.
_OUR_LINE = re.compile(r"^(?:[^\w\n]|_)*(?:next|more)(?=[:：﹕∶])", re.IGNORECASE | re.MULTILINE)
_NOT_ASCII = re.compile(r"[^\n\x20-\x7e]+")
# Nearly all there is: lines of Latin letters, in which nothing can be hidden.
_IN_SIGHT = re.compile("[\n\x20-\x7e\xa1-\xac\xae-\u02ff]*")


def clean(text: str) -> str:
    """`text` without escape sequences, control and invisible characters and what signs links; lines stay lines."""
    return unsigned(text if _IN_SIGHT.fullmatch(text) else _seen(text))


def _seen(text: str) -> str:
    text = _BREAKS.sub("\n", _ESCAPES.sub("", text)).replace("\t", " ")
    text = "\n".join(map(_printable, _UNSEEN.sub("", text).split("\n")))
    if any(joiner in text for joiner in JOINERS):
        text = _CHAIN.sub(lambda chain: chain[0].translate(_UNJOINED), _STRAY.sub("", text))
    return _HEAPS.sub(_thinned, text)


def _printable(text: str) -> str:
    # Asking each character takes a while, and hardly any line needs it.
    return text if text.isprintable() else "".join(c for c in text if c in JOINERS or unicodedata.category(c)[0] != "C")


def _thinned(heap: re.Match[str]) -> str:
    """The same without the marks that go beyond what one letter can bear."""
    kept, marks = "", 0
    for character in heap[0]:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        kept += character if marks <= MOST_MARKS else ""
    return kept


def tame(text: str) -> str:
    """Clean text that no client acts on: links, pictures, tags and turns are to be read, and are nothing else."""
    parted = _ACTIVE.sub(lambda found: found[0] + (" text " if found[0][0] in "`~" else " "), clean(text))
    return _OUR_LINE.sub(lambda found: found[0] + " ", parted)


def escaped(data: str) -> str:
    """The same JSON, exactly: what `tame` would take out or part is written as an escape."""
    seen = _NOT_ASCII.sub(_escaped_run, data)
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0][0]):04x}{found[0][1:]}", seen)


def _escaped_run(run: re.Match[str]) -> str:
    if run[0].isprintable() and not _UNSEEN.search(run[0]):
        return run[0]
    hidden = (unicodedata.category(c)[0] == "C" or _UNSEEN.fullmatch(c) for c in run[0])
    return "".join(json.dumps(c)[1:-1] if is_hidden else c for c, is_hidden in zip(run[0], hidden, strict=True))
