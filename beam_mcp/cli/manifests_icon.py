"""Our icon, drawn as SVG and PNG: a beam of light that widens from a point, inside a bubble of speech."""

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

SIZE = 512
_TOP, _BOTTOM, _WHITE, _BEAM = (79, 70, 229), (14, 165, 233), (255, 255, 255), (67, 56, 202)
Distance = Callable[[float, float], float]


@dataclass(frozen=True)
class _Shape:
    """What to draw: its outline in SVG, how far a point is outside of it, the box it is in, its colour by height."""

    svg: str
    distance: Distance
    box: tuple[int, int, int, int]
    colour: Callable[[float], tuple[float, float, float]]


def _rounded(
    left: int, top: int, right: int, bottom: int, radius: int
) -> tuple[str, Distance, tuple[int, int, int, int]]:
    x0, y0, half_x, half_y = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2

    def distance(x: float, y: float) -> float:
        dx, dy = abs(x - x0) - half_x + radius, abs(y - y0) - half_y + radius
        return math.sqrt(max(dx, 0) ** 2 + max(dy, 0) ** 2) + min(max(dx, dy), 0) - radius

    svg = f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="{radius}"'
    return svg, distance, (left, top, right, bottom)


def _circle(x0: int, y0: int, radius: int) -> tuple[str, Distance, tuple[int, int, int, int]]:
    def distance(x: float, y: float) -> float:
        return math.sqrt((x - x0) ** 2 + (y - y0) ** 2) - radius

    box = (x0 - radius, y0 - radius, x0 + radius, y0 + radius)
    return f'<circle cx="{x0}" cy="{y0}" r="{radius}"', distance, box


def _polygon(*corners: tuple[int, int]) -> tuple[str, Distance, tuple[int, int, int, int]]:
    """A convex polygon, its corners clockwise."""
    sides: list[tuple[float, float, float]] = []
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2)
        across, along = (y2 - y1) / length, (x1 - x2) / length
        sides.append((across, along, across * x1 + along * y1))

    def distance(x: float, y: float) -> float:
        return max(across * x + along * y - offset for across, along, offset in sides)

    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    points = " ".join(f"{x},{y}" for x, y in corners)
    return f'<polygon points="{points}"', distance, (min(xs), min(ys), max(xs), max(ys))


def _graded(y: float) -> tuple[float, float, float]:
    part = y / SIZE
    return tuple(top + (bottom - top) * part for top, bottom in zip(_TOP, _BOTTOM, strict=True))  # pyright: ignore[reportReturnType]


def _shapes() -> list[_Shape]:
    return [
        _Shape(*_rounded(0, 0, SIZE, SIZE, 112), _graded),
        _Shape(*_rounded(88, 104, 424, 344, 56), lambda _: _WHITE),
        _Shape(*_polygon((144, 330), (240, 330), (144, 424)), lambda _: _WHITE),
        _Shape(*_polygon((166, 214), (372, 148), (372, 186), (166, 222)), lambda _: _BEAM),
        _Shape(*_polygon((166, 220), (372, 205), (372, 243), (166, 228)), lambda _: _BEAM),
        _Shape(*_polygon((166, 226), (372, 262), (372, 300), (166, 234)), lambda _: _BEAM),
        _Shape(*_circle(158, 224, 32), lambda _: _BEAM),
    ]


def svg() -> str:
    """The icon as SVG."""
    stops = "".join(f'<stop offset="{i}" stop-color="{_hex(c)}"/>' for i, c in enumerate((_TOP, _BOTTOM)))
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">', "<title>beam-mcp</title>"]
    lines.append(f'<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>')
    for shape in _shapes():
        fill = "url(#sky)" if shape.colour is _graded else _hex(shape.colour(0))
        lines.append(f'{shape.svg} fill="{fill}"/>')
    return "\n".join([*lines, "</svg>", ""])


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in colour)


def _pixels() -> bytes:
    """The icon as rows of pixels, each row after a zero, each pixel as red, green, blue and opacity."""
    rows = [bytearray(SIZE * 4) for _ in range(SIZE)]
    for shape in _shapes():
        left, top, right, bottom = shape.box
        for y in range(max(top - 1, 0), min(bottom + 1, SIZE)):
            _paint(rows[y], shape, y + 0.5, range(max(left - 1, 0), min(right + 1, SIZE)))
    return b"".join(b"\0" + row for row in rows)


def _paint(row: bytearray, shape: _Shape, y: float, columns: range) -> None:
    """One row of a shape: every shape is convex, so between its two edges it covers all."""
    colour = bytes(round(part) for part in shape.colour(y))
    start, end = columns.start, columns.stop
    while start < end and _blend(row, start, colour, 0.5 - shape.distance(start + 0.5, y)):
        start += 1
    while end > start and _blend(row, end - 1, colour, 0.5 - shape.distance(end - 0.5, y)):
        end -= 1
    row[start * 4 : end * 4] = (colour + b"\xff") * (end - start)


def _blend(row: bytearray, x: int, colour: bytes, covered: float) -> bool:
    """Paint a pixel that is covered in part or not at all; False if it is covered whole."""
    if covered >= 1:
        return False
    at = x * 4
    if covered > 0 and row[at + 3] == 0:
        row[at : at + 4] = colour + bytes([round(255 * covered)])
    elif covered > 0:
        row[at : at + 3] = bytes(round(old + (new - old) * covered) for old, new in zip(row[at:], colour, strict=False))
    return True


def png() -> bytes:
    """The icon as PNG, 512 by 512."""
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(_pixels(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*chunks, strict=True)))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
