"""When to look at what is in progress, and what ends the looking. Nothing here does any I/O."""

from __future__ import annotations

import datetime
import inspect
import random
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar, cast

import attrs

from .arguments import Seconds, checked_pause, checked_span
from .calls import Call, Response
from .deadline import Deadline
from .errors import APIError, APIStatusError
from .mismatch import excerpt, shortened
from .retries import retry_after

T = TypeVar("T")

PollInterval: TypeAlias = Seconds | Callable[[float], Seconds]
"""Seconds from one look to the next, or what gives them from the seconds waited so far."""

MAX_BLIPS = 10
"""How many errors in a row end a wait, even if each of them might pass."""

MAX_PAUSE = 3600.0
"""The longest pause between two looks that a server can ask for, in seconds."""

SHOWN_REASONS = 10


@attrs.frozen
class LongRunning(Generic[T]):
    """What the spec says of something in progress: how to read it, and when it has ended."""

    noun: str
    id_name: str
    id_of: Callable[[T], Any]
    state_of: Callable[[T], str]
    active: frozenset[str]
    """The states in which it has not ended."""
    succeeded: frozenset[str]
    """The final states that are a success."""
    failed: Mapping[str, Callable[[str, Any, T], Exception]]
    """The other final states, and the error of each."""
    other_end: Callable[[str, Any, T], Exception]
    """The error of a final state that the spec does not list."""
    timeout: Callable[[str, Any, T | None], Exception]
    kind_of: Callable[[T], str | None]
    began_of: Callable[[T], datetime.datetime | None]
    ended_of: Callable[[T], datetime.datetime | None]
    reasons_of: Callable[[T], Iterable[str | None]]

    def is_known(self, item: T) -> bool:
        """Whether the spec lists the state."""
        state = self.state_of(item)
        return state in self.active or state in self.succeeded or state in self.failed

    def is_final(self, item: T) -> bool:
        """Whether the state will not change any more."""
        if self.is_known(item):
            return self.state_of(item) not in self.active
        return self.ended_of(item) is not None

    def is_success(self, item: T) -> bool:
        """Whether the state is a final one that was hoped for."""
        return self.state_of(item) in self.succeeded

    def name(self, item_id: Any, item: T | None) -> str:
        """Name it in a message."""
        kind = None if item is None else self.kind_of(item)
        return f"{self.noun} {item_id} ({kind})" if kind else f"{self.noun} {item_id}"

    def end_error(self, item: T) -> tuple[str, Callable[[str, Any, T], Exception]]:
        """Say how it ended, and give the class of the error that says so."""
        state = self.state_of(item)
        text = f"{self.name(self.id_of(item), item)} ended as {state}"
        if not self.is_known(item):
            text += ", a state that this version of the package does not know,"
        began, ended = self.began_of(item), self.ended_of(item)
        if began and ended:
            text += f" after {datetime.timedelta(seconds=round((ended - began).total_seconds()))}"
        reasons = (reason for reason in self.reasons_of(item) if reason)
        shown = [shortened(reason) for reason in islice(reasons, SHOWN_REASONS)]
        more = sum(1 for _ in reasons)
        shown += [f"and {more:,} more"] if more else []
        text += f": {'; '.join(shown)}" if shown else ""
        return text, self.failed.get(state, self.other_end)


class Wait(Generic[T]):
    """One wait, for one thing or for many: its pace, and its end."""

    def __init__(
        self,
        kind: LongRunning[T],
        max_wait: float | datetime.timedelta | None,
        poll_interval: PollInterval | None,
        on_update: object,
        redact: Callable[[str], str],
        *,
        check: bool,
    ) -> None:
        if on_update is not None and not callable(on_update):
            raise ValueError(f"on_update must be something to call, not {excerpt(on_update)}")
        self.kind = kind
        self.check = check
        self.redact = redact
        self.max_wait = checked_span("max_wait", max_wait)
        self._pace = (
            poll_interval
            if callable(poll_interval)
            else checked_span("poll_interval", poll_interval)
        )
        self.began = time.monotonic()
        self.count = 1

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.max_wait is not None and time.monotonic() >= self.began + self.max_wait

    def deadline(self, total_timeout: float | None) -> Deadline:
        """Give the deadline of a look that begins now."""
        left = None
        if self.max_wait is not None:
            left = max(self.began + self.max_wait - time.monotonic(), 0.0)
        bounds = [seconds for seconds in (left, total_timeout) if seconds is not None]
        return Deadline(min(bounds, default=None), can_be_cut=True)

    def last_look(self) -> float | None:
        """Say when a last look must begin, so that it is over in time."""
        if self.max_wait is None:
            return None
        room = min(self.max_wait / 10, max(self.count / 100, 1.0))
        return self.began + self.max_wait - room * random.uniform(0.5, 1.0)

    def pause(self, looks: int, asked: float | None) -> float:
        """Say how long to wait after so many looks, in seconds.

        What the server asks for goes before the usual pace: a second, growing by half up to
        thirty, less up to a quarter at random. It cannot make a chosen interval shorter.
        """
        asked = min(asked or 0.0, MAX_PAUSE)
        if self.count > 1:
            # Many that are asked to come back together spread over as much time again, at first.
            asked *= random.uniform(1.0, 2.0 if looks == 1 else 1.25)
        if callable(self._pace):
            chosen = checked_pause(self._pace(time.monotonic() - self.began))
        elif self._pace is not None:
            chosen = self._pace
        elif asked:
            return asked
        else:
            chosen = min(1.5 ** min(looks - 1, 10), 30.0) * random.uniform(0.75, 1.0)
        if looks == 1 and self.count > 1:
            # From here on the looks at many things are spread over the interval.
            chosen *= random.uniform(0.0, 1.0)
        return max(chosen, asked)


@attrs.define(eq=False)
class Watch(Generic[T]):
    """One thing that is waited for."""

    wait: Wait[T]
    id: Any
    """Its id, as the caller gave it."""
    call: Call[T]
    due: float
    """When to look again, on the monotonic clock."""
    last_look: float | None
    looks: int = 0
    blips: int = 0
    item: T | None = None
    """It, as it was when last seen."""
    response: Response[T] | None = None
    """The answer that showed it in its final state."""
    error: Exception | None = None
    """What the wait for it comes to, if not to that answer."""

    @property
    def is_over(self) -> bool:
        return self.response is not None or self.error is not None

    def hear(self, outcome: Response[T] | APIError) -> bool:
        """Take in what a look gave; say whether the state is another one than before."""
        self.looks += 1
        if isinstance(outcome, APIError):
            self._hear_error(outcome)
            return False
        kind, before, item = self.wait.kind, self.item, outcome.parsed
        self.blips, self.item = 0, item
        if not kind.is_final(item):
            self._schedule(retry_after(outcome.headers), None)
        else:
            self.response = outcome
            if self.wait.check and not kind.is_success(item):
                text, error = kind.end_error(item)
                self.error = error(self.wait.redact(text), self.id, item)
        return before is None or kind.state_of(before) != kind.state_of(item)

    def give_up(self) -> None:
        """Take in that no time is left for another look."""
        self.error = self._out_of_time(None)

    def _hear_error(self, error: APIError) -> None:
        self.blips += 1
        kind = self.wait.kind
        vars(error).update({kind.id_name: self.id, kind.noun: self.item})
        if not error.is_transient:
            self.error = error
        elif self.blips == MAX_BLIPS:
            name = self.wait.redact(kind.name(self.id, self.item))
            error.add_note(f"Gave up waiting for {name}: {MAX_BLIPS} errors in a row.")
            self.error = error
        else:
            asked = retry_after(error.headers) if isinstance(error, APIStatusError) else None
            self._schedule(asked, error)

    def _schedule(self, asked: float | None, blip: APIError | None) -> None:
        now = time.monotonic()
        if self.last_look is not None and now >= self.last_look:
            self.error = self._out_of_time(blip)
            return
        self.due = now + self.wait.pause(self.looks, asked)
        if self.last_look is not None:
            self.due = min(self.due, self.last_look)

    def _out_of_time(self, blip: APIError | None) -> Exception:
        kind = self.wait.kind
        text = (
            f"{kind.name(self.id, self.item)} did not end within {self.wait.max_wait:,.10g} seconds"
        )
        if self.item is not None:
            text += f"; when last seen, it was {kind.state_of(self.item)}"
            if not kind.is_known(self.item):
                text += ", a state that this version of the package does not know"
        text += f"; last: {blip}" if blip else ""
        error = kind.timeout(self.wait.redact(text), self.id, self.item)
        error.__cause__ = blip
        return error


def watches(
    kind: LongRunning[T],
    given: Iterable[object],
    call_of: Callable[[Any], Call[T]],
    max_wait: float | datetime.timedelta | None,
    poll_interval: PollInterval | None,
    on_update: object,
    redact: Callable[[str], str],
    *,
    check: bool,
) -> list[Watch[T]]:
    """Begin to wait for what is given, as ids or as what has them; for each of them once."""
    wait = Wait(kind, max_wait, poll_interval, on_update, redact, check=check)
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise ValueError(f"expected many ids, got {excerpt(given)}: put it into a list")
    calls: dict[str, tuple[object, Call[T]]] = {}
    for one in given:
        item_id: object = kind.id_of(cast("T", one)) if attrs.has(type(one)) else one
        call = call_of(item_id)
        calls.setdefault(call.url, (item_id, call))
    wait.count = len(calls)
    return [
        Watch(wait, item_id, call, wait.began, wait.last_look()) for item_id, call in calls.values()
    ]


def is_refusal(error: Exception) -> bool:
    """Whether an error would meet every other look as well."""
    return isinstance(error, APIStatusError) and error.status_code in {401, 403}


def called(on_update: Callable[[T], object], item: T) -> None:
    """Tell a caller of a change."""
    on_update(item)


async def called_async(on_update: Callable[[T], object], item: T) -> None:
    """Tell a caller of a change, in an ordinary function or an async one."""
    result = on_update(item)
    if inspect.isawaitable(result):
        await result
