"""The polls of a wait: which is due next, and what its answer comes to. Nothing here does I/O."""

from __future__ import annotations

import heapq
import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Generic, TypeVar, cast

import attrs

from .arguments import Seconds, checked_pause, checked_span
from .calls import Call, Response
from .client import outcome_in_log
from .deadline import Deadline
from .errors import APIError, APIStatusError, ResponseDecodeError
from .log import logger
from .mismatch import excerpt, shortened
from .pace import MAX_PAUSE, Pace
from .retries import retry_after
from .waiting import LongRunning, PollInterval

T = TypeVar("T")

MIN_ERRORS = 3
"""How many errors in a row there must be at least, before they end a wait as an outage."""


@attrs.define(eq=False)
class Watch(Generic[T]):
    """One thing that is waited for."""

    id: Any
    """Its id, as the caller gave it."""
    call: Call[T]
    due: float
    """When to poll again, on the monotonic clock."""
    went: float = 0.0
    """When the last poll went out."""
    polls: int = 0
    """How many polls were answered."""
    item: T | None = None
    """It, as it was when last seen."""
    trouble: APIError | None = None
    """The error of the last poll, where that may pass."""
    errors: int = 0
    """How many such errors came in a row."""
    failing_since: float = 0.0
    response: Response[T] | None = None
    """The answer that showed it in its final state."""
    error: Exception | None = None
    """What the wait for it comes to, if not to that answer."""


class Wait(Generic[T]):
    """One wait, for one thing or for many: its queue of polls, its pace, and its end."""

    is_grouped = False
    """Whether what cannot be followed to its end comes last, as one `ExceptionGroup`."""

    def __init__(
        self,
        kind: LongRunning[T],
        given: Iterable[object],
        call_of: Callable[[Any], Call[T]],
        pace: Pace,
        redact: Callable[[str], str],
        max_wait: Seconds | None,
        max_outage: Seconds | None,
        poll_interval: PollInterval | None,
        on_update: Callable[[T], object] | None,
        *,
        check: bool,
    ) -> None:
        if on_update is not None and not callable(on_update):
            raise ValueError(f"on_update must be something to call, not {excerpt(on_update)}")
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            raise ValueError(f"expected many ids, got {excerpt(given)}: put it into a list")
        self._kind, self._pace, self._redact, self._check = kind, pace, redact, check
        self.on_update = on_update
        self._max_wait = checked_span("max_wait", max_wait)
        self._max_outage = checked_span("max_outage", max_outage)
        self._interval = (
            poll_interval
            if callable(poll_interval)
            else checked_span("poll_interval", poll_interval)
        )
        self._began = time.monotonic()
        self._end = self._began + (math.inf if self._max_wait is None else self._max_wait)
        watches: dict[str, Watch[T]] = {}
        for one in given:
            item_id: object = kind.id_of(cast("T", one)) if attrs.has(type(one)) else one
            call = call_of(item_id)
            watches.setdefault(call.url, Watch(item_id, call, self._began))
        self._count = len(watches)
        self._order = count()
        self.queue = [(watch.due, next(self._order), watch) for watch in watches.values()]
        self.busy: set[Watch[T]] = set()
        """What is being looked at."""
        self.over: deque[Watch[T]] = deque()
        self._lost: list[Exception] = []
        self._slot: float | None = None

    def take(self) -> Watch[T] | None:
        """Return what is to be polled now, if anything is; give all up where no time is left."""
        now = time.monotonic()
        while self.queue and now >= self._end:
            watch = heapq.heappop(self.queue)[2]
            self._settle(watch, self._out_of_time(watch))
        if not self.queue or self.queue[0][0] > now:
            return None
        if self._slot is None or self._slot < self._pace.held_until:
            self._slot = self._pace.slot(now)
        if self._slot > now:
            return None
        watch = self.queue[0][2]
        self.busy.add(watch)
        heapq.heappop(self.queue)
        self._slot, watch.went = None, now
        return watch

    def pause(self) -> float | None:
        """Return for how long there is nothing to poll, in seconds; `None` if nothing waits."""
        if not self.queue:
            return None
        moment = max(self.queue[0][0], self._slot or 0.0, self._pace.held_until)
        return max(min(moment, self._end) - time.monotonic(), 0.0)

    def deadline(self, total_timeout: float | None) -> Deadline:
        """Return the deadline of a poll that begins now."""
        left = max(self._end - time.monotonic(), 0.0)
        return Deadline(min(left, total_timeout or math.inf), can_be_cut=True)

    def hear(self, watch: Watch[T], outcome: Response[T] | APIError) -> T | None:
        """Take in what a poll gave; return the thing if its state is another one than before."""
        if watch.response or watch.error:  # A poll that was interrupted late was made twice.
            return None
        changed: T | None = None
        if isinstance(outcome, APIError):
            self._hear_error(watch, outcome)
        else:
            before, changed = watch.item, outcome.parsed
            state = self._kind.state_of(changed)
            if before is not None and self._kind.state_of(before) == state:
                changed = None
            else:
                said = self._redact(shortened(state))
                logger.info("%s %s is %r", self._kind.noun, watch.id, said)
            self._hear_item(watch, outcome)
        self.busy.discard(watch)
        return changed

    def put_back(self) -> None:
        """Put what is being looked at back into the queue: its poll was interrupted."""
        for watch in self.busy:
            self._push(watch)
        self.busy.clear()

    def result(self) -> Response[T] | None:
        """Return an answer that showed an end, if one is there; raise what ends the wait."""
        if self.over:
            watch = self.over.popleft()
            if watch.error:
                self.close()
                raise watch.error
            return watch.response
        if self._lost and not self.queue:
            lost, count = self._lost, f"{len(self._lost)} of {self._count} {self._kind.noun}s"
            self.close()
            raise ExceptionGroup(f"{count} could not be followed to their end", lost)
        return None

    def close(self) -> None:
        """Forget everything, so that nothing comes any more."""
        self.queue, self._lost = [], []
        self.busy.clear()
        self.over.clear()

    def _hear_item(self, watch: Watch[T], response: Response[T]) -> None:
        watch.item, watch.trouble, watch.errors = response.parsed, None, 0
        if not self._kind.is_final(response.parsed):
            self._schedule(watch, retry_after(response.headers))
            return
        watch.response, error = response, None
        if self._check and not self._kind.is_success(response.parsed):
            text, error_class = self._kind.end_error(response.parsed)
            error = error_class(self._redact(text), watch.id, response.parsed)
        self._settle(watch, error)

    def _hear_error(self, watch: Watch[T], error: APIError) -> None:
        vars(error).update({self._kind.id_name: watch.id, self._kind.noun: watch.item})
        is_odd = isinstance(error, ResponseDecodeError) or (
            isinstance(error, APIStatusError) and error.status_code < 400
        )
        # Once it was seen, what something else says in the place of the API may pass, too.
        if not (error.is_transient or (is_odd and watch.item is not None)):
            self._settle(watch, error)
            return
        now = time.monotonic()
        asked = retry_after(error.headers) if isinstance(error, APIStatusError) else None
        watch.trouble = error
        if isinstance(error, APIStatusError) and error.status_code == 429:
            self._pace.refuse(asked, watch.went, now)
            asked, watch.errors = None, 0  # The API is there.
        else:
            watch.failing_since = watch.failing_since if watch.errors else now
            watch.errors += 1
        outage = now - watch.failing_since
        if watch.errors >= MIN_ERRORS and outage >= (self._max_outage or math.inf):
            name = self._redact(self._kind.name(watch.id, watch.item))
            span = f"{watch.errors} errors and nothing else in {outage:,.0f} seconds"
            error.add_note(f"Gave up waiting for {name}: {span}.")
            self._settle(watch, error)
            return
        self._schedule(watch, asked)
        logger.warning("%s: %s; looking again", watch.call, outcome_in_log(error))

    def _settle(self, watch: Watch[T], error: Exception | None) -> None:
        watch.error = error
        is_for_all = isinstance(error, APIStatusError) and error.status_code in {401, 403}
        if error and self.is_grouped and not (watch.response or is_for_all):
            self._lost.append(error)
        else:
            self.over.append(watch)

    def _schedule(self, watch: Watch[T], asked: float | None) -> None:
        now = time.monotonic()
        # A last look begins so early that it is over in time.
        room = min((self._max_wait or 0.0) / 10, max(self._count / 100, 1.0))
        watch.polls += 1
        if now >= self._end - room:
            self._settle(watch, self._out_of_time(watch))
            return
        due = now + self._pause(watch.polls, min(asked or 0.0, MAX_PAUSE))
        watch.due = min(due, self._end - room * random.uniform(0.5, 1.0))
        self._push(watch)

    def _push(self, watch: Watch[T]) -> None:
        heapq.heappush(self.queue, (watch.due, next(self._order), watch))

    def _pause(self, polls: int, asked: float) -> float:
        """Return how long to wait after so many polls, in seconds.

        What the server asks for goes before the usual pace: a second, growing by half up to
        thirty, less up to a quarter at random. It cannot make a chosen interval shorter.
        """
        if self._count > 1:
            # Many that are asked to come back together spread over as much time again, at first.
            asked *= random.uniform(1.0, 2.0 if polls == 1 else 1.25)
        if callable(self._interval):
            chosen = checked_pause(self._interval(time.monotonic() - self._began))
        elif self._interval is not None:
            chosen = self._interval
        elif asked:
            return asked
        else:
            chosen = min(1.5 ** min(polls - 1, 10), 30.0) * random.uniform(0.75, 1.0)
        if polls == 1 and self._count > 1:
            # From here on the polls of many things are spread over the interval.
            chosen *= random.uniform(0.0, 1.0)
        return max(chosen, asked)

    def _out_of_time(self, watch: Watch[T]) -> Exception:
        text = self._kind.still(watch.id, watch.item, f"{self._max_wait:,.10g} seconds")
        text += f"; last: {watch.trouble}" if watch.trouble else ""
        error = self._kind.timeout(self._redact(text), watch.id, watch.item)
        error.__cause__ = watch.trouble
        return error
