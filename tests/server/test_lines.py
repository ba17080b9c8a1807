"""Messages on stdin are cut out of whatever pieces they arrive in; of one that is too long the ends are kept."""

from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.server.lines import ENDS, LONGEST, PIECE, Cutter, Ends, Line


def cut(said: bytes, *ends: int) -> list[Line]:
    """The lines, where it comes in pieces that end there."""
    cutter, found = Cutter(), list[Line]()
    for begin, end in zip([0, *ends], [*ends, len(said)], strict=True):
        if piece := said[begin:end]:
            found += cutter.lines(piece)
    return found + list(cutter.lines(b""))


@given(said=st.lists(st.binary(max_size=30)), cuts=st.lists(st.integers(0, 900)))
def test_lines_are_the_same_however_they_arrive(said: list[bytes], cuts: list[int]) -> None:
    whole = b"\n".join(said)
    ends = sorted(min(cut, len(whole)) for cut in cuts)
    lines = whole.split(b"\n")
    told = [line + b"\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
    assert cut(whole, *ends) == [line.decode(errors="replace") for line in told]


def test_of_a_line_that_is_too_long_the_ends_are_kept_and_the_next_one_is_whole() -> None:
    for more in (0, 1, PIECE, 3 * LONGEST):
        long = b"begin" + b"." * (LONGEST - 9 + more) + b"end\n"
        for size in (PIECE, LONGEST, 5 * LONGEST):
            said = long + b"next\n"
            first, second = cut(said, *range(size, len(said), size))
            assert second == "next\n"
            assert first == (long.decode() if more == 0 else Ends(long[:ENDS].decode(), long[-ENDS:].decode()))
