"""`python -m tests.foreign`: write TABLE.md anew."""

import anyio

from tests.foreign.corpus import CORPUS
from tests.foreign.play import outputs
from tests.foreign.table import KEPT, table


async def _write() -> None:
    KEPT.write_text(table(await outputs(CORPUS)), encoding="utf-8")


if __name__ == "__main__":
    anyio.run(_write)
