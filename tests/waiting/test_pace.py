"""The pace after a refusal, on a clock of its own, against limits of several kinds."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable

import pytest
from narrative_jobs._runtime.retries import Pace

Limit = Callable[[float], bool]


def in_fixed_windows(most: int, seconds: float) -> Limit:
    """Admit so many requests in each window of the clock."""
    counts: dict[int, int] = {}

    def admits(now: float) -> bool:
        window = int(now / seconds)
        counts[window] = counts.get(window, 0) + 1
        return counts[window] <= most

    return admits


def in_any_window(most: int, seconds: float) -> Limit:
    """Admit so many requests in the time just gone by."""
    admitted: deque[float] = deque()

    def admits(now: float) -> bool:
        while admitted and admitted[0] <= now - seconds:
            admitted.popleft()
        if len(admitted) >= most:
            return False
        admitted.append(now)
        return True

    return admits


def from_a_bucket(rate: float, burst: float) -> Limit:
    """Admit so many requests a second on average, and a few at once."""
    level, at = burst, 0.0

    def admits(now: float) -> bool:
        nonlocal level, at
        level, at = min(level + (now - at) * rate, burst), now
        is_admitted = level >= 1
        level -= is_admitted
        return is_admitted

    return admits


def to_others(share: float) -> Limit:
    """Admit all but a share of the requests, whatever their pace: others use up the token."""
    draw = random.Random(share)
    return lambda _: draw.random() >= share


def sent(limit: Limit, asked: float | None, jobs: int, at_once: int = 8) -> list[float]:
    """Poll each job until it is admitted, at 20 ms each; return when the requests went out."""
    pace, now, went = Pace(), 1000.0, list[float]()
    slot: float | None = None
    flying: list[tuple[float, bool]] = []
    while jobs or flying:
        wakes = math.inf
        if jobs and len(flying) < at_once:
            if slot is None or slot < pace.held_until:
                slot = pace.slot(now)
            if slot <= now:
                heapq.heappush(flying, (now + 0.02, limit(now)))
                went.append(now)
                jobs, slot = jobs - 1, None
                continue
            wakes = slot
        if flying and flying[0][0] <= wakes:
            now, is_admitted = heapq.heappop(flying)
            jobs += not is_admitted
            if not is_admitted:
                pace.refuse(asked, now)
                asked_until = now + (asked or 0.0)
                assert pace.held_until >= asked_until, "nothing goes out before"
        else:
            now = wakes
    return went


LIMITS: dict[str, tuple[Callable[[], Limit], float | None, int, float]] = {
    # The limit, its Retry-After, how many jobs, and the least time that they need.
    "20 a second, by the clock": (lambda: in_fixed_windows(20, 1), 1, 500, 25),
    "20 a second, at any time": (lambda: in_any_window(20, 1), 1, 500, 25),
    "20 a second, from a bucket": (lambda: from_a_bucket(20, 20), 1, 500, 25),
    "a bucket for one": (lambda: from_a_bucket(20, 1), 1, 500, 25),
    "without Retry-After": (lambda: in_any_window(20, 1), None, 500, 25),
    "a Retry-After of 0": (lambda: in_any_window(20, 1), 0, 500, 25),
    "100 a minute": (lambda: in_fixed_windows(100, 60), 60, 500, 300),
    "one in ten seconds": (lambda: in_any_window(1, 10), 1, 20, 200),
    "all but a fifth": (lambda: to_others(0.2), 1, 500, 600),
    "200 a second": (lambda: from_a_bucket(200, 200), 1, 5000, 25),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("at_once", [1, 8, 100])
def test_a_limit_is_found(name: str, at_once: int) -> None:
    limit, asked, jobs, least = LIMITS[name]
    went = sent(limit(), asked, jobs, at_once)
    least = max(least, jobs * 0.02 / at_once)
    assert len(went) < 2 * jobs + at_once
    assert went[-1] - went[0] < 5 * least


def test_without_a_refusal_there_is_no_limit() -> None:
    went = sent(lambda _: True, None, 1000, 1000)
    assert went[-1] == went[0]
