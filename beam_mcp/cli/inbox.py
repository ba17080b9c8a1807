"""`beam-mcp inbox`: everything that waits, as a page in the browser, until Ctrl-C."""

import sys
import webbrowser
from contextlib import aclosing

import anyio

from beam_mcp.beam.errors import NotConfigured
from beam_mcp.cli.loopback import Loopback
from beam_mcp.cli.serve import log_to_stderr, office
from beam_mcp.server.links import Links
from beam_mcp.settings import Settings, SettingsError, forget_environment
from beam_mcp.tools.office import Caller, Office


def inbox(settings: Settings, *, browser: bool) -> int:
    """Serve the inbox and open it where there is a `browser`; return the exit code once it is interrupted.

    Raises:
        SettingsError: the settings allow no deciding, which is what the page is for.
    """
    if settings.read_only:
        raise SettingsError("BEAM_MCP_READ_ONLY (--read-only): nothing may be decided, which the inbox page is for.")
    if settings.toolsets is not None and "inbox" not in settings.toolsets:
        raise SettingsError("BEAM_MCP_TOOLSETS (--toolsets): the inbox is not among them, so there is no page for it.")
    log_to_stderr(settings)
    forget_environment()  # which a browser gets that is started here, and keeps
    anyio.run(_serve, settings, browser)
    return 0


async def _serve(settings: Settings, browser: bool) -> None:  # noqa: FBT001 - anyio hands arguments on by position
    async with office(settings) as shared, aclosing(Loopback(Links())) as pages:
        link = pages.links.to_inbox(await _whoever_is_here(shared))
        base = await pages.base()
        address = f"{base}/inbox/{link.token}"
        # Others on this machine see what a browser is started with.
        once = f"{base}/open/{pages.links.opening(link)}"
        print(f"Your Beam inbox: {address}\nIt is yours alone, and open until Ctrl-C.", flush=True)  # noqa: T201
        # A browser may take its time, or turn out to be one for the terminal, which has to have it.
        opened = browser and await anyio.to_thread.run_sync(webbrowser.open, once, abandon_on_cancel=True)
        if browser and not opened:
            print("No browser could be opened here: open the address yourself.", file=sys.stderr)  # noqa: T201
        await anyio.sleep_forever()


async def _whoever_is_here(shared: Office) -> Caller:
    beam = await shared.own_beam()
    try:
        beam.identity.require_credentials()
        beam.identity.required_workspace()
    except NotConfigured as error:
        raise SettingsError(str(error)) from error
    fingerprint = beam.identity.fingerprint
    return Caller(beam, shared.desks.person(fingerprint), shared.desks.conversation(fingerprint, "page"), shared)
