"""What the spec says of something in progress, and what messages say of it."""

from __future__ import annotations

import datetime
import inspect
import operator
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Generic, TypeAlias, TypeVar, cast

import attrs

from .arguments import Seconds
from .codec import as_datetime
from .mismatch import MismatchError, shortened

T = TypeVar("T")

PollInterval: TypeAlias = Seconds | Callable[[float], Seconds]
"""Seconds from one poll to the next, or what gives them from the seconds waited so far."""


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
    reasons_of: Callable[[T], list[str]]
    finished: frozenset[str] = frozenset()
    """Where one field says that it has ended, and another one how: what the first one says."""
    phase_of: Callable[[T], str] | None = None
    """That first field."""

    def is_known(self, item: T) -> bool:
        """Whether the spec lists the state."""
        listed = {*self.active, *self.succeeded, *self.failed, *self.finished}
        return self.state_of(item) in listed

    def is_final(self, item: T) -> bool:
        """Whether the state will not change any more."""
        if self.phase_of and self.phase_of(item) in self.finished:
            return True
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

    def state_in_words(self, item: T) -> str:
        """Name its state in a message."""
        unknown = " (a state that this version of the package does not know)"
        return self.state_of(item) + ("" if self.is_known(item) else unknown)

    def end_error(self, item: T, redact: Callable[[str], str] = str) -> Exception | None:
        """Return the error that says how it ended; `None` unless it has, and not in success."""
        if not self.is_final(item) or self.is_success(item):
            return None
        text = f"{self.name(self.id_of(item), item)} ended as {self.state_in_words(item)}"
        began, ended = self.began_of(item), self.ended_of(item)
        if began and ended and ended >= began:  # The clocks of servers differ.
            text += f" after {datetime.timedelta(seconds=round((ended - began).total_seconds()))}"
        # First redacted, then cut: half a token is a secret, too.
        if reasons := "; ".join(shortened(redact(reason)) for reason in self.reasons_of(item)):
            text += f": {reasons}"
        error = self.failed.get(self.state_of(item), self.other_end)
        return error(text, self.id_of(item), item)


def within(item: Any, *names: str) -> Any:
    """Return a field that lies within others; `None` where one of them is absent."""
    for name in names:
        item = getattr(item, name, None)
    return item


def state_text(*states: object) -> str:
    """Return the first state that there is, as text: a number by its name in the enum."""
    state = next((one for one in states if one is not None), None)
    if isinstance(state, bool):
        return str(state).lower()
    return state.name if isinstance(state, IntEnum) else str(state)


def texts(found: object, *names: str) -> list[str]:
    """Return what one thing says, or each of several, in a field of it."""
    several = cast("list[object]", found) if isinstance(found, list) else [found]
    given = [within(one, *names) for one in several]
    return [str(one) for one in given if one]


def moment(value: object) -> datetime.datetime | None:
    """Return the time that a text names, or a number since 1970, of seconds or of parts of them.

    `None` for what is no time, and for 0.
    """
    try:
        if isinstance(value, datetime.datetime):
            return value
        if isinstance(value, datetime.date):
            value = f"{value}T00:00"
        if isinstance(value, str) and value.isdecimal() and len(value) > 8:
            value = int(value)  # As Google's APIs write it.
        if isinstance(value, int | float) and value > 0:
            while value > 1e11:
                value /= 1000
            return datetime.datetime.fromtimestamp(value, datetime.UTC)
        return as_datetime(value)
    except (MismatchError, OverflowError, ValueError, OSError):
        return None


called = operator.call  # Tells a caller of a change.


async def called_async(on_update: Callable[[T], object], item: T) -> None:
    """Tell a caller of a change, in an ordinary function or an async one."""
    result = on_update(item)
    if inspect.isawaitable(result):
        await result
