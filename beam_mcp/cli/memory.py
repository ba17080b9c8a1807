"""Memory that goes back to the system: glibc by itself keeps what big answers took."""

import ctypes
import sys
from contextlib import suppress

BIG = 512 * 1024  # bytes
_M_MMAP_THRESHOLD = -3  # mallopt(3)


def give_back_what_is_big() -> None:
    """Have big blocks mapped one by one for good: glibc would raise the limit for that with each that is freed."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, which has its own ways
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, BIG)
