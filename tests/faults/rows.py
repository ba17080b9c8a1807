"""The rows of the table: each fault, and what every call makes of it. This is the specification; MATRIX.md shows it."""

from typing import Any

from tests.faults.table import HURRIED, Row

HTML = "<!doctype html><title>Sign in to the network</title>"
SOON, LATE = {"retry-after": "1"}, {"retry-after": "60"}
ONCE = {"times": 1}
ACTS, IDLE = {"acts": True}, {"acts": False}
NO_CASE = {"retry_task": "", "stop_task": ""}  # an empty answer is their documented yes


def status(code: int, **more: Any) -> dict[str, Any]:
    """An answer with this status; Beam did not act, unless `acts`."""
    return {"kind": "status", "code": code, **more}


def fault(kind: str, **more: Any) -> dict[str, Any]:
    """One of the sandbox's faults."""
    return {"kind": kind, **more}


def others(token: str, download: str, news: str, updates: str = "right") -> dict[str, str]:
    """What becomes of the calls that are neither plain reads nor writes.

    Looks take the place of streams of updates that fail, so news is heard in any case.
    """
    return {"token": token, "download": download, "until_news": news, "updates": updates}


DOWN = "BeamUnavailable"
ALL_DOWN = others(DOWN, DOWN, DOWN)
PASSED = others("right", DOWN, DOWN)  # downloads and first looks are not repeated by themselves: the caller does that
NO_STREAM = {"updates": ""}
BROKEN = others("Unauthorized", "", "BeamBroken")

NOT_REACHED = tuple(
    Row(name, name, DOWN, DOWN, ALL_DOWN | NO_STREAM)
    for name in ("refused", "unknown name", "untrusted certificate", "expired certificate", "no TLS")
)
NOT_UNDERSTOOD = (
    *(
        Row(name, name, DOWN, "unknown", ALL_DOWN | NO_STREAM)
        for name in ("cut at once", "not HTTP", "endless headers")
    ),
    Row(
        "packed twice", "packed twice", "BeamBroken", "unknown", others("Unauthorized", "BadRequest", "BeamBroken", "")
    ),
    Row(
        "broken packing", "broken packing", "BeamBroken", "unknown", BROKEN | {"download": "BeamBroken", "updates": ""}
    ),
)
SLOW = (
    Row("slow headers", fault("latency", seconds=90), DOWN, "done", ALL_DOWN, limit=HURRIED),
    Row("slow body", fault("slow_body", seconds=90), DOWN, "done", ALL_DOWN, limit=HURRIED),
    Row("slow body, in time", fault("slow_body", seconds=0.4), "right", "done", others("right", "right", "right")),
)
CUT = (
    Row("cut before sending", fault("cut_before"), f"{DOWN} ×3", "unknown", ALL_DOWN),
    Row("cut before sending, once", fault("cut_before", **ONCE), "right ×2", "", PASSED),
    Row("cut after Beam acted", fault("cut_after"), f"{DOWN} ×3", "done", ALL_DOWN),
    Row("cut mid-body", fault("cut_mid_body"), f"{DOWN} ×3", "done", ALL_DOWN),
    Row("cut mid-body, once", fault("cut_mid_body", **ONCE), "right ×2", "", PASSED),
)
NEW_LINK = "BeamBroken"  # a link that is refused says nothing about the key
REFUSED = (
    Row("400", status(400), "BadRequest", "BadRequest", others("Unauthorized", NEW_LINK, "BadRequest")),
    Row("401", status(401), "Unauthorized", "Unauthorized", others("Unauthorized", NEW_LINK, "Unauthorized")),
    Row("403", status(403), "Forbidden", "Forbidden", others("Unauthorized", NEW_LINK, "Forbidden")),
    Row(
        *("404", status(404), "NotFound", "NotFound"),
        {**others("Unauthorized", NEW_LINK, "NotFound"), "download_link": "NotFound ×2"},
    ),
    Row("409", status(409), "Conflict", "Conflict", others("Conflict", NEW_LINK, "Conflict")),
)
BUSY = (
    Row("429", status(429), "RateLimited ×3", "RateLimited", others("RateLimited", "RateLimited", DOWN)),
    Row("429, once", status(429, **ONCE), "right ×2", "", others("right", "RateLimited", "right")),
    Row(
        *("429, wait 1 s", status(429, headers=SOON), "RateLimited ×3", "RateLimited"),
        others("RateLimited", "RateLimited", DOWN),
    ),
    Row(
        *("429, wait 1 s, once", status(429, headers=SOON, **ONCE), "right ×2", ""),
        others("right", "RateLimited", "right"),
    ),
    Row(
        *("429, wait 60 s", status(429, headers=LATE), "RateLimited", "RateLimited"),
        others("RateLimited", "RateLimited", DOWN),
    ),
)
FAILING = tuple(
    row
    for code in (500, 502, 503, 504)
    for row in (
        Row(str(code), status(code), f"{DOWN} ×3", "unknown", ALL_DOWN),
        Row(f"{code}, once", status(code, **ONCE), "right ×2", "", PASSED),
        Row(f"{code} though Beam acted", status(code, **ACTS), "", "done"),
    )
)
FAILING_IN_WORDS = (
    Row("503, wait 1 s, once", status(503, headers=SOON, **ONCE), "right ×2", "", PASSED),
    Row("503, wait 60 s", status(503, headers=LATE), DOWN, "unknown", ALL_DOWN),
    Row("502 with HTML", fault("html_502"), f"{DOWN} ×3", "unknown", ALL_DOWN),
)
UNREADABLE = (
    Row("HTML", status(200, body=HTML), "BeamBroken", "unknown", BROKEN),
    Row("HTML though Beam acted", status(200, body=HTML, **ACTS), "", "done"),
    Row("empty body", fault("empty_body", **IDLE), "BeamBroken", "unknown", BROKEN | NO_CASE),
    Row("empty body though Beam acted", fault("empty_body"), "", "done"),
    Row("wrong type", fault("wrong_type", **IDLE), "BeamBroken", "unknown", BROKEN),
    Row("wrong type though Beam acted", fault("wrong_type"), "", "done"),
    Row("not JSON", fault("not_json", **IDLE), "BeamBroken", "unknown", BROKEN),
    Row("not JSON though Beam acted", fault("not_json"), "", "done"),
    Row("truncated JSON", fault("truncated_json"), "BeamBroken", "done", BROKEN),
)
NO_SUCH, FAILED = ({"statusCode": code, "message": "No"} for code in (404, 500))
INSIDE = (
    Row("200 with an error inside", fault("error_in_200"), "BeamBroken", "unknown", BROKEN),
    Row("200 with an error inside though Beam acted", fault("error_in_200", **ACTS), "", "done"),
    Row(
        *("200 with a 404 inside", status(200, body=NO_SUCH), "NotFound", "NotFound"),
        {**others("Unauthorized", "", "NotFound"), "download_link": "NotFound ×2"},
    ),
    Row("200 with a 500 inside", status(200, body=FAILED), DOWN, "unknown", others(DOWN, "", DOWN)),
)
AWAY = others("Unauthorized", "BeamBroken", "BeamBroken")
ELSEWHERE = (
    Row("302 to another host", fault("redirect", to="/agent", code=302), "BeamBroken", "BeamBroken", AWAY),
    Row("307 to another host", fault("redirect", to="/agent", code=307), "BeamBroken", "BeamBroken", AWAY),
    Row("303 to another host", fault("redirect", to="/agent", code=303), "BeamBroken", "unknown", AWAY),
    Row("303 though Beam acted", fault("redirect", to="/agent", code=303, **ACTS), "", "done"),
)
TOO_MUCH = others("Unauthorized", "BadRequest", "BeamBroken")
ENDLESS = (
    Row("gzip bomb", fault("gzip_bomb", megabytes=8), "BeamBroken", "done", TOO_MUCH),
    Row("endless body", fault("endless_body"), "BeamBroken", "done", TOO_MUCH),
)

# Each part is a test, so that the cores of a machine share the work.
PARTS: dict[str, tuple[Row, ...]] = {
    "on the way": (*NOT_REACHED, *NOT_UNDERSTOOD, *SLOW, *CUT),
    "by status": (*REFUSED, *BUSY, *FAILING, *FAILING_IN_WORDS),
    "in the body": (*UNREADABLE, *INSIDE, *ELSEWHERE, *ENDLESS),
}
ROWS: tuple[Row, ...] = tuple(row for rows in PARTS.values() for row in rows)
