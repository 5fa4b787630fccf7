"""The polls of a wait: which is due next, and what its answer comes to. Nothing here does I/O."""

from __future__ import annotations

import heapq
import math
import random
import time
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeAlias, TypeVar

from .arguments import Seconds, checked_count, checked_seconds, checked_span
from .calls import Call, Response
from .client import outcome_in_log
from .deadline import Deadline
from .errors import APIConnectionError, APIError, excerpt, shortened
from .log import logger
from .retries import MAX_PAUSE, Pace, retry_after
from .waiting import LongRunning

T = TypeVar("T")

PollInterval: TypeAlias = Seconds | Callable[[float], Seconds]
"""Seconds from one poll to the next, or what gives them from the seconds waited so far."""

Outcome: TypeAlias = Response[T] | BaseException

NEVER = Deadline(None)
MIN_ERRORS = 3  # It takes so many in a row to end a wait as an outage.


class Watch(Generic[T]):
    """One thing that is waited for."""

    def __init__(self, place: int, item_id: Any, call: Call[T]) -> None:
        self.place = place
        """Its place among all that are waited for."""
        self.id = item_id
        """Its id, as the caller gave it."""
        self.call = call
        self.deadline = NEVER
        """When its poll must be over."""
        self.polled_at = 0.0
        """When that poll began."""
        self.polls = 0
        self.item: T | None = None
        """It, as it was when last seen."""
        self.trouble: APIError | None = None
        """The error of the last poll, where that may pass."""
        self.errors = 0
        """How many such errors came in a row, the first of them at `failing_since`."""
        self.failing_since = 0.0


class Wait(Generic[T]):
    """One wait, for one thing or for many: its queue of polls, and its end."""

    def __init__(
        self,
        kind: LongRunning[T],
        given: Iterable[object],
        call_of: Callable[[Any], Call[T]],
        pace: Pace,
        redact: Callable[[str], str],
        total_timeout: float | None,
        max_wait: Seconds | None,
        max_outage: Seconds | None,
        poll_interval: PollInterval | None,
        on_update: Callable[[T], object] | None,
        *,
        check: bool,
        max_retries: int | None,
        max_concurrency: int | None = None,
    ) -> None:
        if on_update is not None and not callable(on_update):
            raise ValueError(f"on_update must be something to call, not {excerpt(on_update)}")
        self._kind, self._pace, self._redact, self._check = kind, pace, redact, check
        self.on_update, self._interval = on_update, poll_interval
        if not callable(poll_interval):
            self._interval = checked_span("poll_interval", poll_interval)
        self._max_wait = checked_span("max_wait", max_wait) or math.inf
        self._max_outage = checked_span("max_outage", max_outage) or math.inf
        self._total_timeout = total_timeout or math.inf
        self._max_retries = math.inf if max_retries is None else max_retries
        self._is_one = max_concurrency is None
        self.size = 1 if self._is_one else checked_count("max_concurrency", max_concurrency, 1)
        self._began = time.monotonic()
        self._end = self._began + self._max_wait
        watches = _watches(given, call_of, redact)
        self._count = len(watches)
        self._room = min(self._max_wait / 10, max(self._count / 100, 1.0))
        """The last poll begins so long before the end, so that it is over in time."""
        self.queue = [(self._began, watch.place, watch) for watch in watches]
        """What is to be polled, by the time when it is due, on the monotonic clock."""
        self.busy: set[Watch[T]] = set()
        """What is being polled."""
        self.over: list[tuple[Watch[T], Response[T] | Exception]] = []
        """The answers that showed a final state, and the errors that end the wait."""
        self._lost: dict[Watch[T], Exception] = {}
        self.usual = 0.0
        """How long the last answer took, in seconds."""
        self._slot = -math.inf

    def next(self) -> Watch[T] | float | None:
        """Return what is to be polled now; or else how long nothing is, in seconds.

        `None` if nothing is until a poll is over. Gives all up where no time is left.
        """
        now = time.monotonic()
        while self.queue and now >= self._end:
            self._give_up(self.queue[0][2])
            heapq.heappop(self.queue)
        if self.over or len(self.busy) == self.size or not self.queue:
            return None
        due, _, watch = self.queue[0]
        due = max(due, self._pace.held_until)
        if due <= now:
            if self._slot < self._pace.held_until:
                self._slot = self._pace.slot(now)
            due = self._slot
        if due > now:
            return min(due, self._end) - now
        watch.polled_at = now
        watch.deadline = Deadline(min(self._end - now, self._total_timeout))
        self.busy.add(watch)  # First, so that Ctrl-C cannot come between.
        heapq.heappop(self.queue)
        self._slot = -math.inf
        return watch

    def hear(self, watch: Watch[T], outcome: Outcome[T]) -> T | None:
        """Take in what a poll gave; return the thing if its state is another one than before."""
        before, state_of = watch.item, self._kind.state_of
        if isinstance(outcome, Response):
            self.usual = time.monotonic() - watch.polled_at
            self._hear_answer(watch, outcome)
        elif isinstance(outcome, APIError):
            self._hear_error(watch, outcome)
        else:
            raise outcome
        self.busy.remove(watch)
        item = watch.item
        if item is None or (before is not None and state_of(before) == state_of(item)):
            return None
        state = shortened(self._redact(state_of(item)))
        logger.info("%s %s is %r", self._kind.noun, watch.id, state)
        return item

    def put_back(self) -> None:
        """Put back into the queue what was being polled in a step that was interrupted."""
        if self.busy:  # Some may have been heard already.
            heard = [watch for watch, _ in self.over] + [watch for *_, watch in self.queue]
            for watch in self.busy - {*heard, *self._lost}:
                # After what is due by now: those that stall may take all places, again and again.
                heapq.heappush(self.queue, (time.monotonic(), watch.place, watch))
            self.busy.clear()

    def end(self) -> Response[T] | None:
        """Return an answer that showed an end, if one is there, or raise what ends the wait."""
        end = self.over[0][1] if self.over else None
        if self._lost and not self.over and not self.queue:
            of_all = f"{len(self._lost)} of {self._count} {self._kind.noun}s"
            text = f"{of_all} could not be followed to their end"
            end = ExceptionGroup(text, [*self._lost.values()])
        if isinstance(end, Exception):
            self.close()
            raise end
        return end

    def close(self) -> None:
        """Forget everything, so that nothing comes any more."""
        self.queue, self.over, self._lost, self.busy = [], [], {}, set()

    def _hear_answer(self, watch: Watch[T], response: Response[T]) -> None:
        item, kind = response.parsed, self._kind
        watch.item, watch.trouble, watch.errors = item, None, 0
        if not kind.is_final(item):
            self._schedule(watch, retry_after(response.headers))
            return
        error = kind.end_error(item, self._redact) if self._check else None
        if error is not None:
            vars(error)[kind.id_name] = watch.id
        self.over.append((watch, error or response))

    def _hear_error(self, watch: Watch[T], error: APIError) -> None:
        vars(error).update({self._kind.id_name: watch.id, self._kind.noun: watch.item})
        if not may_pass(error, was_seen=watch.item is not None):
            self._lose(watch, error)
            return
        now = time.monotonic()
        asked = retry_after(getattr(error, "headers", None) or {})
        if getattr(error, "status_code", None) == 429:
            self._pace.refuse(asked, now)
            asked, watch.errors = None, 0  # The API is there.
        else:
            watch.failing_since = watch.failing_since if watch.errors else now
            watch.errors += 1
        # Without the traceback, whose frames hold the whole answer: there may be thousands.
        watch.trouble, outage = error.with_traceback(None), now - watch.failing_since
        is_outage = watch.errors >= MIN_ERRORS and outage >= self._max_outage
        if is_outage or watch.errors > self._max_retries:
            name = self._redact(self._kind.name(watch.id, watch.item))
            span = f"{watch.errors} errors and nothing else in {outage:,.0f} seconds"
            error.add_note(f"Gave up waiting for {name}: {span}.")
            self._lose(watch, error)
        else:
            logger.warning("%s: %s; polling again", str(watch.call), outcome_in_log(error))
            self._schedule(watch, asked)

    def _lose(self, watch: Watch[T], error: Exception) -> None:
        if self._is_one or getattr(error, "status_code", None) in {401, 403}:
            self.over.append((watch, error))
        else:
            self._lost[watch] = error

    def _give_up(self, watch: Watch[T]) -> None:
        kind, item = self._kind, watch.item
        text = f"{kind.name(watch.id, item)} did not end within {self._max_wait:,.10g} seconds"
        text += f"; when last seen, it was {kind.state_in_words(item)}" if item is not None else ""
        text += f"; last: {watch.trouble}" if watch.trouble else ""
        error = kind.timeout(self._redact(text), watch.id, item)
        error.__cause__ = watch.trouble
        self._lose(watch, error)

    def _schedule(self, watch: Watch[T], asked: float | None) -> None:
        now = time.monotonic()
        watch.polls += 1
        if now >= self._end - self._room:
            self._give_up(watch)
            return
        due = now + self._pause(watch.polls, min(asked or 0.0, MAX_PAUSE))
        due = min(due, self._end - self._room * random.uniform(0.5, 1.0))
        heapq.heappush(self.queue, (due, watch.place, watch))

    def _pause(self, polls: int, asked: float) -> float:
        """Return how long to wait after so many polls, in seconds.

        What the server asks for goes before the usual pace: a second, growing by half up to
        thirty, less up to a quarter at random. It cannot make a chosen interval shorter.
        """
        chosen = 0.0
        if (interval := self._interval) is not None:
            elapsed = time.monotonic() - self._began
            given = interval(elapsed) if callable(interval) else interval
            chosen = checked_seconds(given, "poll_interval must give a number of seconds above 0")
        elif not asked:
            chosen = min(1.5 ** min(polls - 1, 10), 30.0) * random.uniform(0.75, 1.0)
        if self._count > 1:  # Many are spread over the interval, and so are those asked to wait.
            chosen *= random.uniform(0.0, 1.0) if polls == 1 else 1.0
            asked *= random.uniform(1.0, 2.0 if polls == 1 else 1.25)
        return max(chosen, asked)


def may_pass(error: APIError, *, was_seen: bool) -> bool:
    """Whether to poll again after an error.

    Once the thing was seen, what something else says in the place of the API may pass, too, or what
    certificate it shows.
    """
    status = getattr(error, "status_code", None) or 0
    is_odd = 200 <= status < 400 or isinstance(error, APIConnectionError)
    return error.is_transient or (was_seen and is_odd)


def _watches(
    given: Iterable[object], call_of: Callable[[Any], Call[T]], redact: Callable[[Any], Any]
) -> list[Watch[T]]:
    """Return a watch for each of what is given, as ids or as what has them; once for each."""
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise ValueError(f"expected many ids, got {excerpt(redact(given))}: put it into a list")
    watches: dict[object, Watch[T]] = {}
    for call in map(call_of, given):
        item_id = call.item_id and call.item_id[1]
        watches.setdefault((call.url, call.params), Watch(len(watches), item_id, call))
    return list(watches.values())
