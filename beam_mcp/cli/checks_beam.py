"""The way to Beam and what it opens: host, TLS, clock, key, workspace, agents."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from statistics import median
from urllib.parse import urlsplit

from beam_mcp.beam.agent import list_agents
from beam_mcp.beam.errors import BeamError, Forbidden, NotConfigured, NotFound, Unauthorized
from beam_mcp.beam.http import Beam, Http
from beam_mcp.beam.link import told
from beam_mcp.beam.probe import Probe, probe, proxy_for
from beam_mcp.beam.user import User, current_user
from beam_mcp.cli.checks import Check
from beam_mcp.cli.credentials_own import Signed
from beam_mcp.views.text import counted, line

GROUP = "Beam"
SLOW = 2.0  # seconds
SKEWED = 30.0  # seconds; ages are wrong then
BROKEN_CLOCK = 300.0  # seconds; certificates and tokens are judged by it
SIGN_IN = "Run: beam-mcp login"
FIXES = {
    "name": "Check the spelling of BEAM_API_URL, and whether this machine has a network and a name server.",
    "refused": "Check BEAM_API_URL: nothing listens there.",
    "time": "Try another network: a firewall may block the way. If yours needs a proxy, set HTTPS_PROXY.",
    "certificate": "If your network inspects TLS, add its certificate to the system's store, or name a file of it in "
    "SSL_CERT_FILE; check this machine's clock as well.",
    "tls": "Check BEAM_API_URL, its port above all, and any proxy: what answers there does not speak TLS as it should.",
    "proxy": "Correct or unset the proxy: HTTPS_PROXY, ALL_PROXY, or the system's own setting.",
    "cut": "Try again; if it stays so, a firewall or proxy on the way cuts the connection.",
}
WRONG = {
    "name": "its name is not found",
    "refused": "it refuses connections",
    "time": "it does not answer",
    "certificate": "its certificate is not trusted",
    "tls": "TLS cannot be agreed on",
    "proxy": "the proxy does not let us through",
    "cut": "the connection was cut",
}


async def beam_checks(url: str, who: Signed | Check, patience: float) -> AsyncIterator[Check]:
    """Everything about Beam, in the order in which one needs the other; `who` may be why there is nobody."""
    async with aclosing(Http(url, timeout=patience)) as http:
        try:
            found = await probe(http)
        except NotConfigured as error:
            yield Check(GROUP, "host", "fail", error.what, error.advice)
            return
        for check in way_checks(url, found):
            yield check
        if isinstance(who, Check):
            yield who
            return
        if found.trouble:
            yield Check(GROUP, "key", "skip", "Beam cannot be reached.")
            return
        async for check in _key_checks(http.acting_as(who.identity), who):
            yield check


def way_checks(url: str, found: Probe) -> Iterator[Check]:
    """Host, TLS, latency and clock, by what a probe found."""
    parts, proxy = urlsplit(url), proxy_for(url)
    by = f" through the proxy {proxy}" if proxy else ""
    if found.trouble:
        # A proxy that cannot be reached fails in the same ways as the host behind it would.
        kind = "proxy" if proxy and found.trouble in {"name", "refused", "time"} else found.trouble
        said = f"{parts.netloc} cannot be reached{by}: {WRONG[kind]} ({line(found.reason, 120)})."
        yield Check(GROUP, "TLS" if kind in {"certificate", "tls"} else "host", "fail", said, FIXES[kind])
        return
    if found.status >= 500:
        said = f"{parts.netloc} answers{by}, but has a problem of its own (HTTP {found.status})."
        yield Check(GROUP, "host", "warn", said, "Try again in a few minutes.")
    else:
        yield Check(GROUP, "host", "ok", f"{parts.netloc} answers{by}.")
    plain = "None is needed on this machine." if parts.scheme == "http" else "The certificate is trusted."
    yield Check(GROUP, "TLS", "ok", f"{found.tls}, the certificate is trusted." if found.tls else plain)
    yield _latency(median(found.seconds))
    yield _clock(found)


def _latency(seconds: float) -> Check:
    said = f"{seconds * 1000:.0f} ms, the median of three requests."
    return (
        Check(GROUP, "latency", "ok", said)
        if seconds < SLOW
        else Check(
            GROUP, "latency", "warn", said, "Expect slow answers; try another network, or look for a slow proxy or VPN."
        )
    )


def _clock(found: Probe) -> Check:
    if found.clock_ahead is None:
        return Check(GROUP, "clock", "skip", "Beam's answer has no date to compare with.")
    ahead = found.clock_ahead.total_seconds()
    if abs(ahead) < SKEWED:
        return Check(GROUP, "clock", "ok", "This machine's clock agrees with Beam's.")
    said = f"This machine's clock is {abs(ahead):,.0f} s {'behind' if ahead > 0 else 'ahead of'} Beam's."
    state = "fail" if abs(ahead) >= BROKEN_CLOCK else "warn"
    return Check(GROUP, "clock", state, said, "Set the clock, best by switching on automatic time.")


async def _key_checks(beam: Beam, who: Signed) -> AsyncIterator[Check]:
    try:
        user = await current_user(beam)
    except (Unauthorized, Forbidden) as refused:
        said = f"{refused.what} It is from: {who.place}."
        yield Check(GROUP, "key", "fail", said, "Copy it again from the Beam app, then run: beam-mcp login")
        return
    except BeamError as error:
        yield Check(GROUP, "key", "fail", error.what, error.advice)
        return
    name = f"{line(user.name or 'unnamed', 60)} <{line(user.email or 'no address', 80)}>"
    yield Check(GROUP, "key", "ok", f"Accepted, for {name}; it is from: {who.place}.")
    async for check in _workspace_checks(beam, user):
        yield check


async def _workspace_checks(beam: Beam, user: User) -> AsyncIterator[Check]:
    here = beam.identity.workspace
    if not here:
        yield Check(GROUP, "workspace", "fail", "No workspace is set.", f"{SIGN_IN}, or set BEAM_WORKSPACE_ID.")
        return
    known = user.find(here)
    if known is None and user.workspaces is not None:
        said = f"{told(here)} is no workspace of this key, which opens {counted(len(user.workspaces), 'workspace')}."
        yield Check(GROUP, "workspace", "fail", said, f"{SIGN_IN} and choose one, or correct BEAM_WORKSPACE_ID.")
        return
    name = f"{line(known.name, 60)} ({told(here)})" if known and known.name else told(here)
    yield Check(GROUP, "workspace", "ok", f"{name} is open to this key.")
    yield await _agents(beam)


async def _agents(beam: Beam) -> Check:
    fix = "Make an agent in the Beam app, or choose another workspace."
    try:
        found = await list_agents(beam, page_size=1)
    except NotFound as error:
        return Check(GROUP, "agents", "fail", error.what, fix)
    except BeamError as error:
        return Check(GROUP, "agents", "fail", error.what, error.advice)
    number = found.total if found.total is not None else len(found.agents)
    if not number:
        return Check(GROUP, "agents", "warn", "None can be seen in this workspace.", fix)
    return Check(GROUP, "agents", "ok", f"{counted(number, 'agent')} can be seen.")
