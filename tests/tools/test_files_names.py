"""The names that files from elsewhere are given here."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beam_mcp.tools.folders import safe_name

RESERVED = re.compile(r"(?i)(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("nul", "_nul"),
        ("CON.txt", "_CON.txt"),
        ("nul .txt", "_nul .txt"),
        ("com¹.log", "_com¹.log"),
        ("LPT9.tar.gz", "_LPT9.tar.gz"),
        ("CONOUT$", "_CONOUT$"),
        ("console.txt", "console.txt"),
        ("report.pdf:hidden.exe", "report.pdf_hidden.exe"),
        ("report.pdf::$DATA", "report.pdf_$DATA"),
        ("C:\\Windows\\win.ini", "C_Windows_win.ini"),
        ("\\\\host\\share\\x", "_host_share_x"),
        ("..", "_"),
        (". .", "_"),
        ("trailing. . ", "trailing"),
        ("文" * 300 + ".pdf", "文" * 65 + ".pdf"),
        ("x" * 500 + ".tar", "x" * 196 + ".tar"),
        ("x" + ".y" * 300, ("x" + ".y" * 300)[:198] + ".y"),
    ],
)
def test_a_name_is_made_one_that_every_system_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@example("a." + "\U0001f98b" * 80)
@example("con" + "\u200b")
@example("c\u200bon.txt")
@given(st.text(max_size=300) | st.from_regex(r"(?i)(con|nul|com\d)[ .:]*\w*", fullmatch=True))
def test_any_name_is_made_one_that_every_system_takes(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 210
    assert safe.isprintable()
    assert not re.search(r'[<>:"/\\|?*]', safe)
    assert safe == safe.strip(" .")
    assert not RESERVED.fullmatch(safe)
    assert safe_name(safe) == safe
