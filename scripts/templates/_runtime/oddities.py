"""What becomes of a value that is not what the spec says, in a field that may be absent.

It hides nothing else: the field reads as `None`, and the value stays as it came in
`additional_properties`. By default the log tells it, once for each field. Where strictness is asked
for, the mismatch is raised. A value that an enum does not list is none: it only fits a union less.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any, NamedTuple, TypeVar, cast

from .codec import Decoder, as_int, as_str
from .log import logger
from .mismatch import MismatchError, shortened

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class Oddity(NamedTuple):
    """A value that is not what the spec says."""

    owner: str
    """The name of the class."""
    field: str
    mismatch: MismatchError


_logged: dict[tuple[str, str], object] = {}


def _log(oddity: Oddity) -> None:
    """Log an oddity, once for each field, and nothing that the server sent."""
    this_one = object()
    if _logged.setdefault(oddity[:2], this_one) is this_one:  # True in one thread alone.
        logger.warning(
            "%s.%s: expected %s, got %s; it reads as None, and what came is in "
            "additional_properties (said once for each field)",
            oddity.owner,
            oddity.mismatch.place,
            shortened(oddity.mismatch.expected),
            oddity.mismatch.got,
        )


def _refuse(oddity: Oddity) -> None:
    raise oddity.mismatch from None


_handler: ContextVar[Callable[[Oddity], None]] = ContextVar("handler", default=_log)


def report(oddity: Oddity) -> None:
    """Log an oddity, or raise it where strictness is asked for."""
    _handler.get()(oddity)


@contextmanager
def _handled_by(handler: Callable[[Oddity], None]) -> Generator[None]:
    before = _handler.set(handler)
    try:
        yield
    finally:
        _handler.reset(before)


def strictly() -> AbstractContextManager[None]:
    """Return a context in which every oddity raises."""
    return _handled_by(_refuse)


def one_of(*decoders: Decoder[Any]) -> Decoder[Any]:
    """Return a decoder that takes what one of `decoders` takes, by the one that fits best.

    One that finds nothing odd fits better than one that does. Among them, it is the one that knows
    most of the fields, and of the values of enums.
    """

    def decode(value: object) -> Any:
        handler = _handler.get()
        wanted: list[str] = []
        fitting = _fitting(decoders, value, wanted, is_strict=True)
        if not fitting and handler is not _refuse:
            fitting = _fitting(decoders, value, [], is_strict=False)
        if not fitting:
            expected = f"one of several types ({shortened('; or '.join(wanted))})"
            raise MismatchError.unexpected(value, expected)
        best = min(fitting, key=_Fit.distance)
        for oddity in best.oddities:
            handler(oddity)
        for one in best.unlisted:
            _note_unlisted(one)
        return best.result

    return decode


class _Fit(NamedTuple):
    """What a decoder makes of a value."""

    result: Any
    oddities: list[Oddity]
    unlisted: list[Any]

    def distance(self) -> int:
        return len(self.oddities) + len(self.unlisted) + _unknown_fields(self.result)


def _fitting(
    decoders: tuple[Decoder[Any], ...], value: object, wanted: list[str], *, is_strict: bool
) -> list[_Fit]:
    """Return what each decoder that takes a value makes of it, and what it finds odd."""
    fitting: list[_Fit] = []
    for decode in decoders:
        oddities: list[Oddity] = []
        unlisted: list[Any] = []
        before = _unlisted.set(unlisted)
        try:
            with strictly() if is_strict else _handled_by(oddities.append):
                fitting.append(_Fit(decode(value), oddities, unlisted))
        except MismatchError as mismatch:
            wanted.append(": ".join(filter(None, (mismatch.place, mismatch.expected))))
        finally:
            _unlisted.reset(before)
    return fitting


def _unknown_fields(value: object) -> int:
    if isinstance(value, dict):
        return len(cast("dict[str, Any]", value))
    return len(getattr(value, "additional_properties", ()))


_unlisted: ContextVar[list[Any] | None] = ContextVar("unlisted", default=None)
"""The values that enums do not list, while the members of a union are compared."""


def _note_unlisted(value: T) -> T:
    """Return a value that an enum does not list."""
    values = _unlisted.get()
    if values is not None:
        values.append(value)
    return value


def str_enum(known: type[E]) -> Decoder[E | str]:
    """Return a decoder that makes a listed value a member, and leaves any other string as it is."""
    members: dict[str, E] = {member.value: member for member in known}

    def decode(value: object) -> E | str:
        text = as_str(value)
        return members[text] if text in members else _note_unlisted(text)

    return decode


def int_enum(known: type[E]) -> Decoder[E | int]:
    """Return a decoder that makes a listed value a member, and leaves any other integer."""
    members: dict[int, E] = {member.value: member for member in known}

    def decode(value: object) -> E | int:
        number = as_int(value)
        return members[number] if number in members else _note_unlisted(number)

    return decode


def listed(decode: Decoder[T], known: tuple[T, ...]) -> Decoder[T]:
    """Return a decoder for a type that lists a few of its values; any other stays as it is."""

    def decode_listed(value: object) -> T:
        found = decode(value)
        return found if found in known else _note_unlisted(found)

    return decode_listed
