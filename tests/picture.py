"""The picture in the README, drawn from a real run of the demo: `python -m tests.picture` writes it anew.

It shows the run word for word, but leaves out what is not news to a reader: progress, hints on how to go on, echoes.
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import wrap
from xml.etree import ElementTree

from tests.cli.processes import ROOT, run

PICTURE = ROOT / "manifests" / "conversation.svg"
WIDTH, MARGIN, LINE = 860, 28, 19
COLUMNS = 102  # signs of the fixed font, which are at most 0.61 of its size wide
BUBBLE_COLUMNS, SIGN = 62, 7.7  # of what the person says, and how wide one of its signs may be
LEFT_OUT = re.compile(r"Next: |Asked for: ")
PER_RUN = re.compile(
    r"(?<=data-)[0-9a-f]+|(?<=RE-)\d{4}|(?<=took )\d+ s|[\d,]+(?= bytes)|\d+(?= answers)|[\d,]+(?= tokens)"
)

STYLE = """\
svg {
  color-scheme: light dark;
  --ground: #f6f5f1; --sheet: #ffffff; --edge: #e2dfd7; --ink: #1d1c1a; --soft: #5f5b54; --call: #4338ca; --go: #17694c;
}
@media (prefers-color-scheme: dark) {
  svg {
    --ground: #141413; --sheet: #1f1e1c; --edge: #35332f; --ink: #edebe5; --soft: #aaa59a; --call: #a5b4fc;
    --go: #7ccfaa;
  }
}
text {
  font: 12.5px ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre; fill: var(--ink);
}
.you, .end { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.you { fill: #ffffff; }
.one { text-anchor: middle; }
.end { fill: var(--soft); }
.call { fill: var(--call); font-weight: 600; }
.ground { fill: var(--ground); stroke: var(--edge); }
.sheet { fill: var(--sheet); stroke: var(--edge); }
.bubble { fill: #4f46e5; }
.bar { fill: var(--go); }
"""


@dataclass(frozen=True)
class Part:
    """One turn: what the person says, what the model calls, what it reads, or what all of it came to."""

    who: str
    lines: tuple[str, ...]


def parts(shown: str) -> list[Part]:
    """The turns of a demo, as it shows them in a pipe; of a line that is said twice, the last."""
    turns: list[tuple[str, list[str]]] = []
    talk, _, end = shown.partition("\n\n")[2].rpartition("──\n")
    for row in talk.splitlines():
        who, words = row[:6].strip(), row[6:]
        if who in {"you", "model", "beam"}:
            turns.append((who, [words]))
        elif words and not who:
            turns[-1][1].append(words)
    left = Counter(line for who, lines in turns if who == "beam" for line in lines)
    found = [Part(who, tuple(_news(lines, left)) if who == "beam" else tuple(lines)) for who, lines in turns]
    return [*found, Part("end", (end.strip(),))]


def _news(lines: Iterable[str], left: Counter[str]) -> Iterator[str]:
    for line in lines:
        left[line] -= 1
        if not left[line] and not LEFT_OUT.match(line):
            yield line


def drawn(shown: str) -> str:
    """The whole picture of a demo."""
    body, y = list[str](), MARGIN
    for part in parts(shown):
        draw = {"you": _bubble, "model": _call, "beam": _answer}.get(part.who, _end)
        piece, height = draw(part.lines, y)
        body.append(piece)
        y += height
    frame = f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{y - 1}" rx="14"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-labelledby="title">'
    title = '<title id="title">A chat hands work to a Beam agent, answers its question and gets the result</title>'
    return "\n".join([head, title, f"<style>\n{STYLE}</style>", frame, *body, "</svg>", ""])


def _bubble(lines: tuple[str, ...], y: int) -> tuple[str, int]:
    rows = [row for line in lines for row in wrap(line, BUBBLE_COLUMNS)]
    width, height = round(max(map(len, rows)) * SIGN) + 30, len(rows) * LINE + 15
    left = WIDTH - MARGIN - width
    box = f'<rect class="bubble" x="{left}" y="{y}" width="{width}" height="{height}" rx="13"/>'
    one = len(rows) == 1  # set in the middle, since how wide its font is nobody knows
    return f"{box}\n{_text('you one' if one else 'you', rows, left + (width // 2 if one else 15), y + 21)}", height + 14


def _call(lines: tuple[str, ...], y: int) -> tuple[str, int]:
    rows = [row for line in lines for row in wrap(line, COLUMNS, subsequent_indent="  ")]
    return _text("call", rows, MARGIN, y + 14), len(rows) * LINE + 6


def _answer(lines: tuple[str, ...], y: int) -> tuple[str, int]:
    rows = [row for line in lines for row in wrap(line, COLUMNS - 4, subsequent_indent="  ")]
    height = len(rows) * LINE + 16
    box = f'<rect class="sheet" x="{MARGIN}" y="{y}" width="{WIDTH - 2 * MARGIN}" height="{height}" rx="8"/>'
    bar = f'<rect class="bar" x="{MARGIN}" y="{y + 8}" width="3" height="{height - 16}"/>'
    return f"{box}{bar}\n{_text('beam', rows, MARGIN + 16, y + 21)}", height + 18


def _end(lines: tuple[str, ...], y: int) -> tuple[str, int]:
    return _text("end", lines, MARGIN, y + 12), LINE + MARGIN - 8


def _text(kind: str, rows: Iterable[str], x: int, y: int) -> str:
    said = (escape(row, quote=False) for row in rows)
    spans = (f'<tspan x="{x}" y="{y + number * LINE}">{row}</tspan>' for number, row in enumerate(said))
    return f'<text class="{kind}">{"".join(spans)}</text>'


def words(picture: str) -> list[str]:
    """What a picture says, without what is another in every run."""
    texts = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - we drew it
    return [PER_RUN.sub("…", " ".join(text.itertext())) for text in texts]


def main() -> None:
    """Run the demo and draw it."""
    with tempfile.TemporaryDirectory() as nowhere:
        demo = run("demo", cwd=Path(nowhere))
    if demo.returncode:
        sys.exit(demo.stderr or "the demo did not come to its end")
    PICTURE.write_text(drawn(demo.stdout), encoding="utf-8")


if __name__ == "__main__":
    main()
