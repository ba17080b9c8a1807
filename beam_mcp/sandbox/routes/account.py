"""Tokens, and the user behind the key."""

from starlette.responses import Response

from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.wire import Json, stable_id, stamp


async def access_token(call: Call) -> Response:
    """Change a key into tokens."""
    checks = Checks(call.fields, ("apiKey",))
    key = checks.text("apiKey", required=True)
    checks.done()
    tokens = call.world.access.exchange(key)
    if tokens is None:
        raise Refusal(401, "Invalid API key")
    return json_answer(tokens, 201)


async def refresh_token(call: Call) -> Response:
    """Change a refresh token into new tokens."""
    checks = Checks(call.fields, ("refreshToken",))
    token = checks.text("refreshToken", required=True)
    checks.done()
    tokens = call.world.access.refresh(token)
    if tokens is None:
        raise Refusal(401, "Invalid refresh token")
    return json_answer(tokens, 201)


async def me(call: Call) -> Response:
    """Who holds the key, and in which workspaces."""
    now = stamp(call.world.clock.now())
    user: Json = {
        "id": stable_id("user"),
        "name": "Sam Sandbox",
        "email": "sam@sandbox.example",
        "avatarSrc": None,
        "emailVerified": True,
        "isInternalUser": False,
        "createdAt": "2025-11-07T05:31:56.000Z",
        "updatedAt": now,
        "featureFlags": [],
    }
    spent = call.world.credits
    balance = {"totalCredits": spent.total, "usedCredits": spent.used, "lastUpdatedAt": now}
    workspaces: list[Json] = [
        {"id": key, "name": name, "domain": None, "iconSrc": None, "role": {"name": "admin"}, "creditBalance": balance}
        for key, name in call.world.access.workspaces.items()
    ]
    return json_answer(call.world.shapes.account(user, workspaces))


DOORS = (
    Door("POST", "/auth/access-token", access_token, key=False, workspace=False),
    Door("POST", "/auth/refresh-token", refresh_token, key=False, workspace=False),
    Door("GET", "/v2/user/me", me, workspace=False),
)
