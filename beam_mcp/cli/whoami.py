"""`beam-mcp whoami`: who a server started here would be, by Beam's word."""

from typing import Any
from urllib.parse import urlsplit

import anyio

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.link import told
from beam_mcp.cli.credentials import Credentials, CredentialsError
from beam_mcp.cli.credentials_own import owner, signed
from beam_mcp.cli.login import FAILED
from beam_mcp.cli.screen import complain, screen
from beam_mcp.settings import load, origins
from beam_mcp.views.text import line


def whoami(given: dict[str, Any]) -> int:
    """Show profile, person, workspace and where the key is from. Returns the exit code: 0 where Beam knows the key."""
    settings = load(given)
    try:
        who = signed(settings, Credentials())
        if not who.identity.key:
            complain("nobody is logged in here and no key is set. Run `beam-mcp login`.")
            return FAILED
        user = anyio.run(owner, who, settings.timeout)
    except (CredentialsError, BeamError) as error:
        complain(str(error))
        return FAILED
    here = user.find(who.identity.workspace or "")
    name = f"{line(here.name, 60)} " if here and here.name else ""
    console = screen()
    console.print(f"person     {line(user.name or 'unnamed', 60)} <{line(user.email or 'no address', 80)}>")
    console.print(
        f"workspace  {name}({told(who.identity.workspace)})" if who.identity.workspace else "workspace  none is set"
    )
    console.print(f"key        {who.place}{_origin(given)}")
    console.print(f"Beam       {urlsplit(who.url).netloc}")
    return 0


def _origin(given: dict[str, Any]) -> str:
    """Where a key that is set comes from."""
    known = origins(given)
    source = known.get("api_key") or known.get("api_key_file")
    return f", by {source}" if source else ""
