"""Receipts: no secrets inside and no facts missing, of bounded size, and a line before the sending and after it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beam_mcp.beam.removing import REMOVED
from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.secrets import CANARIES
from beam_mcp.sandbox.world import World
from beam_mcp.tools.receipts import Receipt, Receipts

from .chat import Human, chat_in, office_for

pytestmark = pytest.mark.anyio

SECRET = "hunter2-cAnArY"
KIND = {"task": "INV-1", "task_id": "t", "step_id": "s", "agent": "A", "reached": "chat", "decision": "answered"}


def receipt(**more: Any) -> Receipt:
    """One of which only this matters."""
    return Receipt.model_validate(KIND | {"shown": {}, "sent": {}} | more)


def answered(**pair: Any) -> Receipt:
    """One of a single answer."""
    return receipt(sent={"answers": [pair]})


def kept(folder: Path, one: Receipt) -> Receipt:
    """The same as it is read again."""
    receipts = Receipts(folder / "receipts.jsonl")
    receipts.add(one)
    [found], strange = receipts.read()
    assert strange == 0
    return found


@pytest.mark.parametrize(
    "named",
    [
        {"question": "What is the password of the ERP?"},
        {"question": "And the PIN?"},
        {"question": "Please enter card number, expiry and CVC"},
        {"question": "Wie lautet das Passwort?"},
        {"question": "Which one?", "parameter": "erpPassword"},
        {"question": "Which one?", "parameter": "api_key"},
        {"question": "Which one?", "parameter": "x-api-key"},
        {"question": "Which one?", "parameter": "ACCESS_TOKEN"},
        {"question": "Which one?", "parameter": "pin"},
        {"question": "Which one?", "parameter": "clientSecret"},
    ],
)
def test_the_answer_to_what_asks_for_a_secret_is_removed(tmp_path: Path, named: dict[str, str]) -> None:
    one = kept(tmp_path, answered(**named, answer=SECRET))
    assert one.sent == {"answers": [named | {"answer": REMOVED}]}


@pytest.mark.parametrize(
    "sent",
    [
        {"edited": {"email": "boss@x.com", "key": "INV-7", "iban": "DE89370400440532013000", "secretary": "Ms Ray"}},
        {"answers": [{"parameter": "key", "question": "Under which key is it filed?", "answer": "B/7"}]},
        {"answers": [{"parameter": "email", "question": "Who gets it?", "answer": "boss@x.com"}]},
        {"answers": [{"question": "How high may the token usage be in our shopping cart?", "answer": "5"}]},
        {"feedback": "pin it to the board"},
    ],
)
def test_what_is_no_secret_is_kept_word_for_word(tmp_path: Path, sent: dict[str, Any]) -> None:
    assert kept(tmp_path, receipt(shown={"parameters": sent}, sent=sent)).sent == sent


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ('failed: You answered "The password?" → "hunter2" just now.', f'"{REMOVED}" → "{REMOVED}" just now.'),
        ('failed: Beam answered with an error: "IBAN unknown".', '"IBAN unknown".'),
        (f'failed: Beam refused: "Authorization: Bearer {SECRET}".', f'"Authorization: {REMOVED}".'),
        (f'failed: Beam refused: "see https://me:{SECRET}@x.example".', f'"see https://{REMOVED}@x.example".'),
        (f"failed: the api_key={SECRET} is over", f"the api_key={REMOVED} is over"),
    ],
)
def test_what_was_answered_before_is_quoted_unless_it_was_a_secret(tmp_path: Path, said: str, result: str) -> None:
    assert kept(tmp_path, receipt(result=said)).result.endswith(result)


def test_a_failure_that_quotes_a_secret_answer_loses_the_quotation(tmp_path: Path) -> None:
    asked = {"question": "The password?", "answer": SECRET}
    said = f'failed: Beam refused: "{SECRET} is too short'
    one = kept(tmp_path, receipt(sent={"answers": [asked]}, result=said))
    assert one.result == f'failed: Beam refused: "{REMOVED}"'


def test_a_long_receipt_is_cut_and_says_so(tmp_path: Path) -> None:
    one = kept(tmp_path, receipt(shown={"parameters": {"body": "x" * 5_000}}, sent={"feedback": "y" * 4_000}))
    assert one.shown["parameters"]["body"] == "x" * 4_000 + "… 1,000 characters more"
    assert one.sent == {"feedback": "y" * 4_000}
    many = {str(number): "z" * 3_000 for number in range(100)}
    Receipts(tmp_path / "many.jsonl").add(receipt(shown={"parameters": many}, sent={"edited": many}))
    assert (tmp_path / "many.jsonl").stat().st_size < 250_000
    assert "characters more" in str(Receipts(tmp_path / "many.jsonl").read()[0][0].shown)


async def test_no_credential_of_ours_or_of_beams_gets_into_a_receipt(tmp_path: Path, world: World) -> None:
    asks = world.add_task("Invoice Matcher", age=10, texts={"question": "What is the password of the ERP?"})
    wants = world.add_task("Payment Runner", age=10)
    for path in ("/user-input$", "/user-consent$"):
        echo = f"not taken: {SANDBOX_KEY} {SECRET if 'input' in path else ''}"
        world.faults.add("status", path, code=400, body=json.dumps({"message": echo}))
    receipts = Receipts(tmp_path / "receipts.jsonl")
    human = Human(content={"decision": "approve"})
    async with office_for(world) as office, chat_in(replace(office, receipts=receipts), world, human=human) as chat:
        for _ in range(3):
            await chat.call("answer_questions", task=asks.custom_id, answers={"1": SECRET})
        for _ in range(2):
            await chat.call("approve_step", task=wants.custom_id)
    text = receipts.path.read_text(encoding="utf-8")
    assert [act.kind for act in world.acts] == ["user-input", "user-consent"]
    assert "not taken" in text
    assert "What is the password of the ERP?" in text
    assert "DE89370400440532013000" in text
    assert not [secret for secret in (SANDBOX_KEY, SECRET) if secret in text]
    assert not [secret for name, secret in CANARIES.items() if name != "email" and secret in text]


async def test_the_parameter_is_recorded_beside_each_answer(tmp_path: Path, world: World) -> None:
    task = world.add_task("Invoice Matcher", age=10)
    receipts = Receipts(tmp_path / "receipts.jsonl")
    async with office_for(world) as office, chat_in(replace(office, receipts=receipts), world) as chat:
        await chat.ask("answer_questions", task=task.custom_id, answers={"1": "PO-1"})
    [one], _ = receipts.read()
    question = "Which purchase order does this invoice belong to?"
    pair = {"parameter": "purchase_order", "question": question, "answer": "PO-1"}
    assert one.sent == {"answers": [pair]}
    lines = [json.loads(line) for line in receipts.path.read_text(encoding="utf-8").splitlines()]
    assert [(line["id"], bool(line["ended"]), bool(line["result"])) for line in lines] == [
        (one.id, False, False),
        (one.id, True, True),
    ]


APPENDS = """
import sys
from pathlib import Path
from beam_mcp.tools.appending import append_line
print("ready", flush=True)
sys.stdin.readline()
for number in range(500):
    append_line(Path(sys.argv[1]), (sys.argv[2] * 20_000 + str(number)).encode())
"""


def test_what_two_processes_append_at_once_is_all_there_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "new" / "receipts.jsonl"
    command = [sys.executable, "-c", APPENDS, str(file)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "a"], **pipes) as one, subprocess.Popen([*command, "b"], **pipes) as other:  # noqa: S603
        for writer in (one, other):
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
        for writer in (one, other):
            assert writer.stdin
            writer.stdin.write("now\n")
            writer.stdin.flush()
        assert [writer.wait(60) for writer in (one, other)] == [0, 0]
    lines = file.read_text(encoding="utf-8").splitlines()
    for name in "ab":
        assert [line for line in lines if line[0] == name] == [name * 20_000 + str(number) for number in range(500)]
    assert len(lines) == 1_000


def test_a_line_that_was_never_finished_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "receipts.jsonl")
    receipts.path.write_bytes(b'{"id": "torn')
    receipts.add(receipt(result="done"))
    found, strange = receipts.read()
    assert ([one.result for one in found], strange) == (["done"], 1)


@pytest.mark.skipif("os.name != 'posix'")
def test_a_file_that_somebody_holds_is_written_to_all_the_same(tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415 - Windows has none

    receipts = Receipts(tmp_path / "receipts.jsonl")
    held = os.open(receipts.path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        receipts.add(receipt(result="done"))
    finally:
        os.close(held)
    assert [one.result for one in receipts.read()[0]] == ["done"]
