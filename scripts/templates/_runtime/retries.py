"""When to try again."""

from __future__ import annotations

import email.utils
import math
import random
import time
from collections.abc import Mapping
from datetime import UTC

MAX_RETRY_AFTER = 60.0
"""The longest `Retry-After` that is waited for before a retry, in seconds."""


def backoff(retries_taken: int) -> float:
    """Say how long to wait before the next retry, in seconds.

    Half a second, doubling up to eight, less up to a quarter at random, so that many clients do
    not come back as one.
    """
    return min(0.5 * 2.0 ** min(retries_taken, 4), 8.0) * random.uniform(0.75, 1.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3), in seconds from now.

    It may be a number or an HTTP date. `None` where there is none, or where it makes no sense, as
    the seconds since 1970 do.
    """
    value = headers.get("Retry-After", "")
    try:
        seconds = float(value) if value.isascii() else math.nan
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
            # An HTTP date is in GMT, whether or not it says so.
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
        return max(seconds - time.time(), 0.0)
    return seconds if 0.0 <= seconds < 1e9 else None
