"""The login as a server uses it: read when a call needs it, and again when it has changed."""

import time
from dataclasses import dataclass, field

import anyio

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Beam, Http
from beam_mcp.cli.credentials import Credentials, CredentialsError, Stamp
from beam_mcp.cli.credentials_own import signed
from beam_mcp.settings import Settings

RELAX = 30.0  # seconds before what failed is tried again: a key store may take long to fail, or ask a person each time


@dataclass
class Login:
    """Beam as the person sees it who is logged in; `http` is the pool for the instance that the settings name."""

    settings: Settings
    http: Http
    _credentials: Credentials | None = None
    _read: Stamp = None
    _beam: Beam | None = None
    _good_until: float = 0.0
    _pools: dict[str, Http] = field(default_factory=dict[str, Http])
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def beam(self) -> Beam:
        """Beam as the login of this moment sees it; without a key where there is none, or none that can be read."""
        async with self._turn:
            self._credentials = self._credentials or Credentials()
            now = self._credentials.stamp()
            if self._beam is None or now != self._read or time.monotonic() > self._good_until:
                self._beam, self._read = await self._sign_in(self._credentials), now
                in_order = not self._beam.identity.trouble
                self._good_until = float("inf") if in_order else time.monotonic() + RELAX
            return self._beam

    async def aclose(self) -> None:
        """Close the connections to instances that only a login named."""
        for pool in self._pools.values():
            await pool.aclose()

    async def _sign_in(self, credentials: Credentials) -> Beam:
        try:
            who = await anyio.to_thread.run_sync(signed, self.settings, credentials)
        except CredentialsError as error:
            nobody = Identity(None, self.settings.workspace_id, self.settings.auth, trouble=str(error))
            return self.http.acting_as(nobody)
        return self._pool(who.url).acting_as(who.identity)

    def _pool(self, url: str) -> Http:
        """A key goes only to the instance it was checked with, whichever that is."""
        if url == self.http.base_url:
            return self.http
        if url not in self._pools:
            self._pools[url] = Http(url, timeout=self.http.timeout)
        return self._pools[url]
