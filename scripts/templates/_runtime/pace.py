"""How fast polls may follow each other, once the API has refused some by status 429."""

from __future__ import annotations

import math
import random

SLOWEST = 1 / 60
"""The slowest pace, in requests a second."""

MAX_PAUSE = 3600.0
"""The longest pause that a server can ask for, in seconds."""


class Pace:
    """When the next poll may go out, for all waits of a client, which share one token.

    Without limit at first. A refusal halves the pace, and the pace then grows evenly (AIMD, as in
    congestion control): it is the refused one again after ten seconds, or ten requests. Beyond
    that it grows faster and faster.
    Threads share it without a lock: where two meet, two requests go out instead of one.
    """

    def __init__(self) -> None:
        self.held_until = -math.inf
        """Nothing goes out before that moment on the monotonic clock."""
        self._refused = math.inf
        """The requests a second that were too many."""
        self._refused_at = -math.inf
        self._last = -math.inf
        self._recent = 0.0
        """How many requests went out in the last second; an older one counts the less."""

    def rate(self, now: float) -> float:
        """Return how many requests may go out in a second."""
        growth = max(now - self.held_until, 0.0) * min(self._refused, 1.0) / 10
        return self._refused / 2 * (1 + max(growth, growth**2))

    def slot(self, now: float) -> float:
        """Return when the next request may go out. That moment is taken from now on."""
        moment = max(now, self.held_until)
        moment = max(moment, self._last + 1 / self.rate(moment))
        self._recent = 1 + self._recent * math.exp(self._last - moment)
        self._last = moment
        return moment

    def refuse(self, asked: float | None, went: float, now: float) -> None:
        """Take in that a request was refused which went out at `went`.

        `asked` is its `Retry-After` in seconds; without one, the pause is that of the halved pace,
        a second at least. It is longer by up to a quarter at random.
        """
        if went > self._refused_at:  # Else it went out before the last refusal was known.
            self._refused = max(min(self.rate(now), self._recent), 2 * SLOWEST)
            self._refused_at = now
        pause = max(2 / self._refused, 1.0) if asked is None else min(asked, MAX_PAUSE)
        self.held_until = max(self.held_until, now + pause * random.uniform(1.0, 1.25))
