"""What the spec says of something in progress, and what messages say of it."""

from __future__ import annotations

import datetime
import inspect
import operator
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Generic, NamedTuple, TypeVar, cast

from .codec import as_datetime
from .errors import shortened

T = TypeVar("T")


class LongRunning(NamedTuple, Generic[T]):
    """What the spec says of something in progress: how to read it, and when it has ended."""

    noun: str
    id_name: str
    fields: Mapping[str, str]
    """The field of a model that is its `id`, its `state` and so on; one within others as `a.b`."""
    active: frozenset[str]
    """The states in which it has not ended."""
    finished: frozenset[str]
    """What `state` says at the end, where `result` says how it has ended."""
    succeeded: frozenset[str]
    """The final states that are a success."""
    failed: Mapping[str, Callable[[str, Any, T], Exception]]
    """The other final states, and the error of each."""
    other_end: Callable[[str, Any, T], Exception]
    """The error of a final state that the spec does not list."""
    timeout: Callable[[str, Any, T | None], Exception]

    def _value(self, item: T | None, key: str) -> Any:
        """Return what one of the fields says; `None` where there is none."""
        return within(item, self.fields.get(key, ""))

    def id_of(self, item: T) -> Any:
        """Return the id."""
        return self._value(item, "id")

    def state_of(self, item: T) -> str:
        """Return the state as text."""
        result = self._value(item, "result")
        return state_text(self._value(item, "state") if result is None else result)

    def duration_of(self, item: T) -> datetime.timedelta | None:
        """Return the time from its beginning to its end; `None` until it has ended."""
        began, ended = (moment(self._value(item, key)) for key in ("began", "ended"))
        return ended - began if began and ended else None

    def reasons_of(self, item: T) -> list[str]:
        """Return what went wrong."""
        found, text = self._value(item, "reasons"), self.fields.get("text")
        several = cast("list[object]", found) if isinstance(found, list) else [found]
        texts = [within(one, text) if text else one for one in several]
        return [str(one) for one in texts if one]

    def is_final(self, item: T) -> bool:
        """Whether the state will not change any more."""
        phase, state = state_text(self._value(item, "state")), self.state_of(item)
        if phase in self.finished or state in {*self.succeeded, *self.failed}:
            return True
        return state not in self.active and moment(self._value(item, "ended")) is not None

    def is_success(self, item: T) -> bool:
        """Whether the state is a final one that was hoped for."""
        return self.state_of(item) in self.succeeded

    def name(self, item_id: Any, item: T | None) -> str:
        """Name it in a message."""
        kind = self._value(item, "kind")
        return f"{self.noun} {item_id} ({kind})" if kind else f"{self.noun} {item_id}"

    def state_in_words(self, item: T) -> str:
        """Name its state in a message."""
        state = self.state_of(item)
        if state in {*self.active, *self.finished, *self.succeeded, *self.failed}:
            return state
        return f"{state} (a state that this version of the package does not know)"

    def end_error(self, item: T, redact: Callable[[str], str] = str) -> Exception | None:
        """Return the error that says how it ended; `None` unless it has, and not in success."""
        if not self.is_final(item) or self.is_success(item):
            return None
        text = redact(f"{self.name(self.id_of(item), item)} ended as {self.state_in_words(item)}")
        seconds = took.total_seconds() if (took := self.duration_of(item)) else -1
        if seconds >= 0:  # The clocks of servers differ.
            text += f" after {datetime.timedelta(seconds=round(seconds))}"
        # First redacted, then cut: half a token is a secret, too.
        if reasons := "; ".join(shortened(redact(reason)) for reason in self.reasons_of(item)):
            text += f": {reasons}"
        error = self.failed.get(self.state_of(item), self.other_end)
        return error(text, self.id_of(item), item)


def within(item: Any, path: str) -> Any:
    """Return a field, or one that lies within others; `None` where one of them is absent."""
    for name in path.split("."):
        item = getattr(item, name, None)
    return item


def state_text(state: object) -> str:
    """Return a state as text: a number by its name in the enum."""
    if isinstance(state, bool):
        return str(state).lower()
    return state.name if isinstance(state, IntEnum) else str(state)


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
    except (OverflowError, ValueError, OSError):
        return None


called = operator.call  # Tells a caller of a change.


async def called_async(on_update: Callable[[T], object], item: T) -> None:
    """Tell a caller of a change, in an ordinary function or an async one."""
    result = on_update(item)
    if inspect.isawaitable(result):
        await result
