"""A world as an ASGI application: doors inside, then scales, compression, and the gate outermost."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from beam_mcp.sandbox.gate import Gate, Scales
from beam_mcp.sandbox.refusals import Refusal, refused
from beam_mcp.sandbox.routes import account, agents, analytics, control, creation, decisions, downloads, tasks, updates
from beam_mcp.sandbox.world import World

# Fixed paths stand before those with a task id, which would swallow them.
DOORS = (
    *account.DOORS,
    *agents.DOORS,
    *creation.DOORS,
    *analytics.DOORS,
    *decisions.DOORS,
    *tasks.DOORS,
    *updates.DOORS,
    *downloads.DOORS,
    *control.DOORS,
)


def build(world: World) -> ASGIApp:
    """The application of a world."""
    routes = [door.route(world) for door in DOORS]
    inside = Starlette(routes=routes, exception_handlers={Refusal: refused, HTTPException: refused})
    inside.router.redirect_slashes = False
    compressed = GZipMiddleware(Scales(inside, world), minimum_size=1000, compresslevel=1)
    return Gate(compressed, world)
