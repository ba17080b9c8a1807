"""Foreign input of every kind: arguments by a tool's own schema, JSON-RPC that nearly is some, and plain bytes."""

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Json = dict[str, Any]

# The same examples at each run: what is new is looked for by raising their number by hand.
QUIET = settings(
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

# What breaks readers: nothing, spaces, other directions, halves of characters, paths, links, templates, huge numbers.
NASTY = (
    *("", " ", "\x00", "\ufeff", "\u202e\u2066", "\u200b", "é" * 300, "\r\n\r\n", "\x1b[2J", "🦋" * 20),
    *("../../etc/passwd", "/dev/zero", "file:///etc/passwd", "C:\\con", "~root", "%00%2e%2e", "\\\\host\\share"),
    *("https://app.beam.ai/", "https://[", "app.beam.ai/x/y", "javascript:alert(1)", "beam://tasks/x"),
    *("{{7*7}}", "${HOME}", "%s%n", "'; --", "<script>", '"}]}', "null", "NaN", "-0", "1e999", "__proto__"),
)
KNOWN = ("INV-101", "MKT-102", "CON-101", "PAY-101", "Invoice Matcher", "Payment Runner", "needs_me", "report.pdf", "1")
TEXTS: SearchStrategy[str] = st.sampled_from(NASTY) | st.sampled_from(KNOWN) | st.text(max_size=40)
NUMBERS: SearchStrategy[Any] = (
    st.integers() | st.sampled_from([0, -1, 2**31, 2**63, 10**400]) | st.floats() | st.sampled_from([1e308, -0.0])
)
VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
SECONDS = 1  # that a wait of a fuzzed call may take


def fitting(schema: Json) -> SearchStrategy[Any]:
    """Values that a schema of ours allows; it uses few of the words that JSON Schema has."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            return _object(schema)
        case "array":
            return st.lists(fitting(schema["items"]), min_size=schema.get("minItems", 0), max_size=3)
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "string":
            return TEXTS.filter(lambda text: len(text) >= schema.get("minLength", 0))
        case _:
            return VALUES


def _object(schema: Json) -> SearchStrategy[Json]:
    properties: Json = schema.get("properties", {})
    if not properties:
        more: Json | bool | None = schema.get("additionalProperties")
        return st.dictionaries(TEXTS, VALUES if isinstance(more, bool | None) else fitting(more), max_size=3)
    known = {name: _within_time(name, inner) for name, inner in properties.items()}
    required = {name: known.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=known)


def _within_time(name: str, schema: Json) -> SearchStrategy[Any]:
    return st.just(SECONDS) if name in {"timeout_seconds", "wait_seconds"} else fitting(schema)


def nearly(schema: Json) -> SearchStrategy[Json]:
    """Arguments that fit but for one or two, or for one that is unknown."""
    names = [name for name in schema.get("properties", {}) if name not in {"timeout_seconds", "wait_seconds"}]
    wrong = st.dictionaries(st.sampled_from(names) | TEXTS if names else TEXTS, VALUES, min_size=1, max_size=2)
    return st.tuples(_object(schema), wrong).map(lambda both: both[0] | both[1])


def arguments(schema: Json) -> SearchStrategy[Json]:
    """Right, nearly right and wild ones."""
    return _object(schema) | nearly(schema) | st.dictionaries(TEXTS, VALUES, max_size=3)


METHODS = st.sampled_from(
    (
        *("initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/read", "prompts/get"),
        *("completion/complete", "logging/setLevel", "server/discover", "subscriptions/listen", "resources/subscribe"),
        *("notifications/initialized", "notifications/cancelled", "notifications/progress", "roots/list", "x/y", ""),
    )
)
META: SearchStrategy[Json] = st.dictionaries(
    st.sampled_from(
        ["progressToken", "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities"]
    ),
    VALUES | st.just("2026-07-28"),
)
PARAMS: SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "_meta": META | VALUES,
        "name": st.sampled_from(["get_account", "list_tasks", "no such tool"]) | VALUES,
        "arguments": st.dictionaries(TEXTS, VALUES, max_size=3) | VALUES,
        "uri": TEXTS | VALUES,
        "ref": VALUES,
        "protocolVersion": st.sampled_from(["2025-06-18", "2026-07-28", "1"]) | VALUES,
        "capabilities": VALUES,
        "requestId": VALUES,
    },
)
ENVELOPES: SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | VALUES,
        "id": st.integers(10**6, 10**7) | VALUES,
        "method": METHODS | VALUES,
        "params": PARAMS | VALUES,
        "result": VALUES,
        "error": VALUES,
    },
)


def _packed(data: Any) -> bytes:
    return json.dumps(data).encode()


def _spoilt(message: bytes, at: int, junk: bytes) -> bytes:
    place = at % (len(message) + 1)
    return message[:place] + junk + message[place:]


def _cut(message: bytes, most: int) -> bytes:
    return message[:most]


def _flat(line: bytes) -> bytes:
    return line.replace(b"\n", b" ")


MESSAGES: SearchStrategy[bytes] = st.builds(_packed, ENVELOPES | VALUES | st.lists(ENVELOPES, max_size=3))
_ODD = st.builds(_spoilt, MESSAGES, st.integers(0, 500), st.binary(max_size=8)) | st.binary(max_size=200)
LINES = st.builds(_flat, MESSAGES | _ODD | st.builds(_cut, MESSAGES, st.integers(0, 200)))

DEEP = 20_000
RAW: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b" \t\r",
    "NUL": b"\x00" * 1000,
    "bytes that are no UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe\xc0\xaf"}',
    "a mark of the byte order": b'\xef\xbb\xbf{"jsonrpc":"2.0","method":"notifications/x"}',
    "UTF-16": '{"jsonrpc":"2.0","id":1,"method":"ping"}'.encode("utf-16"),
    "deep lists": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "an end that is missing": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_task"',
    "two in a line": b'{"jsonrpc":"2.0","method":"notifications/x"}' * 2,
    "a batch": b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]',
    "a huge number": b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}',
    "a huge exponent": b'{"jsonrpc":"2.0","id":1e999999,"method":"ping"}',
    "no numbers": b'{"jsonrpc":"2.0","id":NaN,"method":"ping","params":{"x":Infinity}}',
    "a key twice": b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping","method":"tools/list"}',
    "half a character": b'{"jsonrpc":"2.0","method":"notifications/\\ud800"}',
    "an answer to nothing": b'{"jsonrpc":"2.0","id":77,"result":{}}',
    "an error to nothing": b'{"jsonrpc":"2.0","id":78,"error":{"code":1,"message":"x"}}',
    "HTTP": b"GET / HTTP/1.1\r",
    "a long name": b'{"jsonrpc":"2.0","method":"' + b"x" * 1_000_000 + b'"}',
}
