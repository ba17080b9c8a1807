"""Where the process begins: a plain start to serve on stdio speaks at once, everything else goes the ordinary road."""

import gc
import os
import signal
import sys
from types import FrameType

from beam_mcp.cli.early.opening import Opening
from beam_mcp.cli.early.plain import Plain, plain_start, settle
from beam_mcp.cli.early.prepared import Prepared, prepared_for
from beam_mcp.cli.early.wire import Wire, has_standard_streams


def main() -> int:
    """Run a command and return the exit code."""
    settle()
    plain = plain_start(sys.argv[1:]) if has_standard_streams() else None
    prepared = prepared_for(plain) if plain else None
    if plain and prepared:
        return _serve(plain, prepared)
    from beam_mcp.cli.main import main as command  # noqa: PLC0415 - here and below: after the first words

    return command()


def _serve(plain: Plain, prepared: Prepared) -> int:
    gc.disable()  # building what is imported next makes no garbage, only work for the collector
    leave_on_signals()
    wire = Wire(Opening(prepared))
    from beam_mcp.cli.serve import serve  # noqa: PLC0415
    from beam_mcp.settings import SettingsError, load  # noqa: PLC0415

    try:
        return serve(load(plain.flags), wire)
    except SettingsError as error:  # what it had read has changed just now
        from beam_mcp.cli.screen import complain  # noqa: PLC0415

        complain(str(error))
        return 2


def leave_on_signals() -> None:
    """End the process at once on Ctrl-C or SIGTERM, for as long as nothing is under way."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)
