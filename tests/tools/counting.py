"""Exact token counts, as the models with the o200k vocabulary see them."""

import warnings
from functools import cache
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it opens its own ranks in the old way
    import bpe_openai  # pyright: ignore[reportMissingTypeStubs]


@cache
def _vocabulary() -> Any:
    opened: Any = bpe_openai
    return opened.get_encoding("o200k_base")


def count(text: str) -> int:
    """How many tokens this text is."""
    return len(_vocabulary().encode(text))
