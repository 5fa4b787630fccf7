"""When to try again, and how fast polls may follow each other."""

from __future__ import annotations

import email.utils
import math
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC

MAX_RETRY_AFTER = 60.0
"""The longest `Retry-After` that is waited for before a retry, in seconds."""

MAX_PAUSE = 3600.0
"""The longest pause in a wait that a server can ask for, in seconds."""


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
    with suppress(ValueError, OverflowError):
        if value.isascii() and value.replace(".", "", 1).isdecimal():
            return float(value) if float(value) < 1e9 else None
        moment = email.utils.parsedate_to_datetime(value)
        # An HTTP date is in GMT, whether or not it says so.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(moment.timestamp() - time.time(), 0.0)
    return None


class Pace:
    """When the next poll may go out, for all waits of a client, which share one token.

    Without limit at first. A refusal (429) halves the pace, and it then grows evenly (AIMD, as in
    congestion control): after ten seconds, or ten requests, it is the refused one again. Beyond
    that it grows faster. The next refusal halves it further only where most of the last requests
    were refused, since others may use up the same token, however slow we are. There is no lock:
    where two threads meet, two requests go out.
    """

    def __init__(self) -> None:
        self.held_until = 0.0
        """Nothing goes out before that moment on the monotonic clock."""
        self._refused = math.inf
        """The requests a second that were too many."""
        self._last = -math.inf
        self._recent = 0.0
        """How many requests went out in the last second; an older one counts the less."""
        self._share = 0.0
        """How much of the last eight requests was refused; an older one counts the less."""

    def rate(self, now: float) -> float:
        """Return how many requests may go out in a second."""
        growth = max(now - self.held_until, 0.0) * min(self._refused, 1.0) / 10
        return self._refused / 2 * (1 + max(growth, growth**2))

    def slot(self, now: float) -> float:
        """Return when the next request may go out. That moment is taken from now on."""
        moment = max(now, self.held_until)
        moment = max(moment, self._last + 1 / self.rate(moment))
        self._recent = 1 + self._recent * math.exp(self._last - moment)
        self._share *= 7 / 8
        self._last = moment
        return moment

    def refuse(self, asked: float | None, now: float) -> None:
        """Take in that a request was refused, whose `Retry-After` asked for so many seconds.

        Without one, the pause is that of the halved pace; it is a second at least.
        """
        self._share += 1 / 8
        is_new = now >= self.held_until  # Else it was under way at the last refusal.
        if is_new and (self._share > 0.55 or self._refused == math.inf):
            self._refused = max(min(self.rate(now), self._recent), 1 / 30)
        pause = min(max(asked or 2 / self._refused, 1.0), MAX_PAUSE)
        self.held_until = max(self.held_until, now + pause * random.uniform(1.0, 1.25))
