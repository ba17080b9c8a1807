"""`python -m tests.foreign`: play every attack at every place through every channel, then write TABLE.md anew."""

import anyio

from tests.foreign.corpus import CORPUS
from tests.foreign.play import outputs, play
from tests.foreign.table import ALL, CHANNELS, KEPT, table


async def _write() -> None:
    played = await play(CORPUS, ALL, 1)
    assert played.wrong == []
    assert played.channels == CHANNELS
    KEPT.write_text(table(await outputs(CORPUS)), encoding="utf-8")


if __name__ == "__main__":
    anyio.run(_write)
