"""Plausible particulars of a task, the same for the same number."""

_SUPPLIERS = (
    "Nordwind Logistik GmbH",
    "Atelier Brun SARL",
    "Kestrel Components Ltd",
    "Hofmann & Söhne KG",
    "Vela Office Supply BV",
)
_CUSTOMERS = ("Lumen Retail AG", "Baltic Freight OÜ", "Casa Verde SL", "Harper & Finch LLP", "Möbelhaus Adler")


def facts_of(number: int) -> dict[str, str]:
    """Names, amounts and document numbers for the task with this number."""
    amount = 1284.50 + (number * 213.4) % 4000
    supplier = _SUPPLIERS[number % len(_SUPPLIERS)]
    return {
        "number": str(number),
        "invoice": f"RE-2026-{4400 + number}",
        "ticket": f"T-{8800 + number}",
        "amount": f"€{amount:,.2f}",
        "plain_amount": f"{amount:.2f}",
        "approved_amount": f"{amount:.2f}",
        "approved_recipient": supplier,
        "supplier": supplier,
        "customer": _CUSTOMERS[number % len(_CUSTOMERS)],
        # What a task forced past its questions was told.
        "purchase_order": "PO-2291",
        "remedy": "Replace it",
        "order_number": "10-4711",
    }
