"""What becomes of a value that is not what the spec says, in a field that may be absent.

It hides nothing else: the field reads as `None`, and the value stays as it came in
`additional_properties`. By default the log tells it, once for each field. Where strictness is asked
for, the mismatch is raised. A value that an enum does not list is none: it only fits a union less.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

from .codec import Decoder
from .errors import MismatchError, shortened
from .log import logger

T = TypeVar("T")
M = TypeVar("M")


class _Trial:
    """What one member of a union makes of a value, while the members are compared."""

    def __init__(self, known: _Known) -> None:
        self.known = known
        self.result: Any = None
        self.oddities: list[tuple[str, MismatchError]] = []
        self.unlisted = 0
        """How many values of enums are none of those that are listed."""

    def distance(self) -> tuple[bool, int]:
        """Return how badly it fits."""
        is_map = isinstance(self.result, dict)
        unknown = self.result if is_map else getattr(self.result, "additional_properties", ())
        return bool(self.oddities), len(self.oddities) + self.unlisted + len(unknown)


_Known: TypeAlias = dict[tuple[int, int], tuple[object, _Trial | str]]
"""What unions make of values, by the ids of both: without it, each level would double the work."""

_is_strict: ContextVar[bool] = ContextVar("is_strict", default=False)
_trial: ContextVar[_Trial | None] = ContextVar("trial", default=None)
_logged: set[tuple[str, str]] = set()


def strictly(decode: Decoder[T], value: object) -> T:
    """Return what a decoder makes of a value; an oddity is raised."""
    before = _is_strict.set(True)
    try:
        return decode(value)
    finally:
        _is_strict.reset(before)


def report(owner: str, mismatch: MismatchError) -> None:
    """Log what is odd in a class, once for each field, and nothing that the server sent."""
    if _is_strict.get():
        raise mismatch from None
    field = owner, mismatch.place
    if trial := _trial.get():
        trial.oddities.append((owner, mismatch))
    elif field not in _logged:
        _logged.add(field)
        logger.warning(
            "%s.%s: expected %s, got %s; it reads as None, and what came is in "
            "additional_properties (said once for each field)",
            *field,
            shortened(mismatch.expected),
            mismatch.got,
        )


def one_of(*decoders: Decoder[Any]) -> Decoder[Any]:
    """Return a decoder that takes what one of `decoders` takes, by the one that fits best.

    One that finds nothing odd fits better than one that does. Among them, it is the one that knows
    most of the fields, and of the values of enums.
    """

    def decode(value: object) -> Any:
        outer = _trial.get()
        known = outer.known if outer else {}
        key = id(decode), id(value)
        if key not in known:
            known[key] = value, _best(decoders, value, known)
        best = known[key][1]
        if isinstance(best, str):
            raise MismatchError.unexpected(value, best)
        for owner, mismatch in best.oddities:
            report(owner, mismatch)
        if outer:
            outer.unlisted += best.unlisted
        return best.result

    return decode


def _best(decoders: tuple[Decoder[Any], ...], value: object, known: _Known) -> _Trial | str:
    """Return what the decoder makes of a value that it fits best, or what they all expected."""
    fitting: list[_Trial] = []
    wanted: list[str] = []
    for decode in decoders:
        trial = _Trial(known)
        before = _trial.set(trial)
        try:
            trial.result = decode(value)
            fitting.append(trial)
        except MismatchError as mismatch:
            wanted.append(": ".join(filter(None, (mismatch.place, mismatch.expected))))
        finally:
            _trial.reset(before)
    if fitting:
        return min(fitting, key=_Trial.distance)
    return f"one of several types ({shortened('; or '.join(wanted))})"


def listed(decode: Decoder[T], known: Iterable[M]) -> Decoder[T | M]:
    """Return a decoder that makes a listed value the member of its enum; any other stays."""
    members: dict[object, M] = {member: member for member in known}

    def decode_listed(value: object) -> T | M:
        found = decode(value)
        if found in members:
            return members[found]
        if trial := _trial.get():
            trial.unlisted += 1
        return found

    return decode_listed
