"""Stories of the accounts department: matching invoices, paying them, checking receipts."""

from beam_mcp.sandbox.stories.plot import ASK, CONSENT, DONE, RUN, Beat, Plan, Story, branch, question, tool_data

_WHICH_ORDER = question(
    "Which purchase order does this invoice belong to?",
    "purchase_order",
    suggestions={
        "The open order of {supplier} with the same amount": "PO-2291",
        "An older order of {supplier}, €40.00 lower": "PO-2274",
    },
)

INVOICE_MATCHER = Story(
    plans=(
        Plan(
            "read",
            "Read the invoice",
            "Extract invoice data",
            "Reads supplier, amounts and order references from an invoice",
            on={
                DONE: {
                    "output": {"value": {"invoice_number": "{invoice}", "supplier": "{supplier}", "total": "{amount}"}},
                    "toolData": tool_data(tool_id="tool-ocr", tool_output=[{"pages": 2, "confidence": 0.98}]),
                    "evaluationScore": 0.97,
                }
            },
        ),
        Plan(
            "match",
            "Match to purchase order",
            "Find purchase order",
            "Finds the purchase order an invoice belongs to",
            on={
                ASK: {"userQuestions": [_WHICH_ORDER], "toolData": tool_data(tool_id="tool-find-po")},
                DONE: {"output": {"value": {"purchase_order": "{purchase_order}"}}, "evaluationScore": 0.9},
            },
        ),
        Plan(
            "book",
            "Book the match",
            "Write booking",
            "Writes the match into the ledger",
            on={
                DONE: {
                    "output": {
                        "value": {
                            "invoice_number": "{invoice}",
                            "purchase_order": "{purchase_order}",
                            "matched_amount": "{amount}",
                            "difference": "€0.00",
                            "booking": "BK-{number}",
                        }
                    },
                    "toolData": tool_data(tool_id="tool-ledger", tool_output=[{"booked": True}]),
                    "evaluationScore": 0.94,
                }
            },
        ),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(1, RUN, {"read": RUN}),
        Beat(2, ASK, {"read": DONE, "match": ASK}),
    ),
    resumed=(Beat(0, RUN, {"match": RUN}), Beat(2, DONE, {"match": DONE, "book": DONE})),
    query="Match invoice {invoice} of {supplier} over {amount} to its purchase order",
    objective="Match the invoice to a purchase order and book it",
    summary="Invoice {invoice} of {supplier} over {amount} was matched to {purchase_order} and booked as BK-{number}.",
    file="invoice-{invoice}.pdf",
)

PAYMENT_RUNNER = Story(
    plans=(
        Plan(
            "prepare",
            "Prepare the payment",
            "Look up bank details",
            "Reads the bank details of a supplier",
            on={
                DONE: {
                    "output": {"value": {"invoice_number": "{invoice}", "due": "in 3 days"}},
                    "evaluationScore": 0.99,
                }
            },
        ),
        Plan(
            "pay",
            "Send the payment",
            "Send payment",
            "Sends money from the company account by SEPA transfer. This cannot be undone.",
            consent=True,
            on={
                CONSENT: {
                    "isEverConsentRequired": True,
                    "toolData": tool_data(
                        tool_id="tool-send-payment",
                        tool_parameters=[
                            {"name": name, "required": True} for name in ("amount", "currency", "iban", "recipient")
                        ],
                        required_parameters={
                            "amount": "{plain_amount}",
                            "currency": "EUR",
                            "iban": "DE89370400440532013000",
                            "recipient": "{supplier}",
                        },
                        optional_parameters={"reference": "{invoice}", "execution_date": None},
                        reasoning={
                            "amount": "Total of invoice {invoice}",
                            "currency": "The invoice is in euros",
                            "iban": "Printed on the invoice and equal to the supplier record",
                            "recipient": "Name of the supplier on the invoice",
                        },
                        filled_prompt="Pay {plain_amount} EUR to {supplier} for invoice {invoice}.",
                    ),
                },
                DONE: {
                    "output": {
                        "value": {
                            "payment_id": "PMT-{number}",
                            "amount": "{approved_amount}",
                            "currency": "EUR",
                            "recipient": "{approved_recipient}",
                        }
                    },
                    "evaluationScore": 1.0,
                },
            },
        ),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(1, RUN, {"prepare": RUN}),
        Beat(1, CONSENT, {"prepare": DONE, "pay": CONSENT}),
    ),
    resumed=(Beat(0, RUN, {"pay": RUN}), Beat(1.5, DONE, {"pay": DONE})),
    query="Pay invoice {invoice} of {supplier}",
    objective="Pay the invoice after a person has approved it",
    summary="Paid {approved_amount} EUR to {approved_recipient} for invoice {invoice} (PMT-{number}).",
    file="invoice-{invoice}.pdf",
)

RECEIPT_CHECK = Story(
    plans=(
        Plan(
            "check",
            "Beleg prüfen",
            "Pflichtangaben prüfen",
            "Prüft Pflichtangaben nach § 14 UStG",
            on={
                DONE: {
                    "output": {"value": {"beleg": "{invoice}", "ergebnis": "gültig", "umsatzsteuer": "19 %"}},
                    "edgeEvaluations": [branch("vollständig", "Alle Pflichtangaben sind vorhanden", selected=True)],
                    "evaluationScore": 0.88,
                }
            },
        ),
    ),
    opening=(Beat(0, RUN, {"check": RUN}), Beat(1, DONE, {"check": DONE})),
    query='{"beleg": "{invoice}", "betrag": "{amount}", "lieferant": "{supplier}"}',
    objective="Belege auf Pflichtangaben prüfen",
    summary=None,
)
