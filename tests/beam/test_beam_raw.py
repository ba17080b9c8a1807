"""What is removed from Beam's whole answers: secrets under keys, under names, inside JSON text and inside prose."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.beam.raw import DEEPEST, without_secrets
from beam_mcp.beam.removing import REMOVED, unsigned

CANARY = "cAnArY7f3e9b2a51"
KEYS = ("private_key", "key", "client_secret", "password", "x-api-key", "Authorization", "accessToken", "api_key")
ASKING = ("What is the password of the ERP?", "Which PIN opens the safe?", "Card number and CVC, please", "API key?")
PROSE = (
    f"x-api-key: {CANARY}",
    f"Authorization: Bearer {CANARY}",
    f"Authorization: Basic {CANARY}",
    f"the call failed: password={CANARY}, again",
    f"Bearer {CANARY}",
    f"'client_secret': '{CANARY}'",
    f'{{"password": "{CANARY}", broken',
    f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    f"see https://files.example/a.pdf?X-Amz-Date=1&X-Amz-Signature={CANARY}",
)
HIDDEN = st.one_of(
    st.sampled_from(PROSE),
    st.sampled_from(KEYS).map(lambda key: {key: CANARY}),
    st.sampled_from(KEYS).map(lambda key: {"name": key, "value": CANARY}),
    st.sampled_from(KEYS).map(lambda key: {"parameter": key, "answer": [CANARY]}),
    st.sampled_from(ASKING).map(lambda question: {"question": question, "memoryAnswer": CANARY}),
)
WRAPPED = st.recursive(
    HIDDEN,
    lambda inner: st.one_of(
        inner.map(lambda item: {"output": item}),
        inner.map(lambda item: [1, item]),
        inner.map(json.dumps),
        inner.map(lambda item: {"text": json.dumps(item)}),
    ),
    max_leaves=4,
)


@given(data=WRAPPED)
def test_a_planted_secret_never_comes_out(data: Any) -> None:
    assert CANARY not in json.dumps(without_secrets(data))


@pytest.mark.parametrize(
    "data",
    [
        {"tokensUsed": 5, "output": "1,200 tokens used: 5"},
        {"name": "city", "value": "Berlin"},
        {"question": "Do you have the authorization to open the shopping cart of the secretary?", "answer": "yes"},
        "The password was changed.",
        '{"a": 1,  "b": [2]}',
        "https://shop.example/?keyword=shoes&design=2",
    ],
)
def test_what_is_no_secret_stays_as_it_is(data: Any) -> None:
    assert without_secrets(data) == data


def test_data_nested_without_end_is_cut() -> None:
    data: Any = CANARY
    for _ in range(DEEPEST + 2):
        data = [data]
    assert CANARY not in json.dumps(without_secrets(data))


@pytest.mark.parametrize(
    "query",
    [
        f"X-Amz-Signature={CANARY}",
        f"se=2026&sig={CANARY}",
        f"Signature={CANARY}",
        f"token={CANARY}",
        f"a=1&amp;key={CANARY}",
        f"Expires=1&AWSAccessKeyId={CANARY}",
        rf"a=1\u0026sig={CANARY}",
    ],
)
def test_a_signed_link_keeps_only_its_place(query: str) -> None:
    assert (
        unsigned(f"[x](https://files.example/a.pdf?{query}) end") == f"[x](https://files.example/a.pdf?{REMOVED}) end"
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"https://me:{CANARY}@host.example/x", f"https://{REMOVED}@host.example/x"),
        (f"x https://u:p@{CANARY}@h:80/a?b=1 y", f"x https://{REMOVED}@h:80/a?b=1 y"),
        (f"https://{CANARY}@git.example/x", f"https://{REMOVED}@git.example/x"),
        (f"postgres://u:{CANARY}@db/x", f"postgres://{REMOVED}@db/x"),
        (rf"https:\/\/me:{CANARY}@h", rf"https:\/\/{REMOVED}@h"),
        (f"https://me:{CANARY}@h/x?sig={CANARY}", f"https://{REMOVED}@h/x?{REMOVED}"),
        ("ssh://git@git.example/x", "ssh://git@git.example/x"),
        ("https://blog.example/@user and a@b.example", "https://blog.example/@user and a@b.example"),
        ("https://h.example/x?mail=a@b", "https://h.example/x?mail=a@b"),
    ],
)
def test_who_signs_in_by_a_link_is_not_told(text: str, kept: str) -> None:
    assert unsigned(text) == kept


@given(st.text(alphabet="ah:/@?#[]. ") | st.text())
def test_a_text_of_any_kind_is_read_once_and_the_same_again(text: str) -> None:
    assert unsigned(unsigned(text)) == unsigned(text)
