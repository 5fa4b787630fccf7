"""What decodes the values of fields, and what encodes them again.

A decoder takes a JSON value and returns the typed one, or raises `MismatchError`. Decoders are
composed once, when a module of models is imported: `array_of(Failure.from_dict)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import IO, Any, TypeAlias, TypeVar, cast
from uuid import UUID

from .errors import MapKey, MismatchError

T = TypeVar("T")
Decoder = Callable[[Any], T]

File: TypeAlias = str | bytes | IO[bytes] | tuple[str, bytes | IO[bytes]]
"""A file in a form: its bytes, or what reads them; its name, and one of those; or mere text."""

_TIMESTAMP = r"(?a)\d{4}-?(?:\d\d-?\d\d|W\d\d-?\d|\d{3})[Tt ]\d\d[\d:.,]{,20}([Zz]|[+-]\d[\d:.]*)?"
_LEAP_SECOND = r"(?a)([Tt ]\d\d(:?)59\2)60(?:[.,]\d+)?(?=[Zz+-])"
_is_uuid = re.compile("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}").fullmatch


def as_object(value: object) -> dict[str, Any]:
    """Return a copy of a JSON object, so that it can be emptied field by field."""
    if isinstance(value, dict):  # To ask for a Mapping takes longer.
        return cast("dict[str, Any]", value).copy()
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise MismatchError.unexpected(value, "an object")


def as_any(value: Any) -> Any:
    """Return any JSON value as it is."""
    return value


def _typed(kind: type[T], expected: str) -> Decoder[T]:
    """Return a decoder that takes what is of one type."""

    def decode(value: object) -> T:
        if isinstance(value, kind):
            return value
        raise MismatchError.unexpected(value, expected)

    return decode


as_str = _typed(str, "a string")
as_bool = _typed(bool, "true or false")
as_none: Decoder[Any] = _typed(type(None), "null")  # `None` alone, as below.


def as_text(body: str) -> str:
    """Return the body of an answer that is a text and no JSON."""
    return body


def as_bytes(body: bytes) -> bytes:
    """Return the body of an answer that is neither a text nor JSON."""
    return body


def as_nothing(_: bytes) -> Any:  # `None` alone, which checkers let no call be used for.
    """Return `None` for an answer of which the spec says nothing, whatever it has."""


def as_int(value: object) -> int:
    """Return an integer with all its digits; `1.0` is one too (JSON Schema, 6.1.1).

    Beyond 2**53 a floating-point number is none: its last digits are not those that were meant.
    """
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    raise MismatchError.unexpected(value, "an integer")


def as_float(value: object) -> float:
    """Return a number; an integer stays one, so that it keeps its digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise MismatchError.unexpected(value, "a number")


def as_datetime(value: object) -> datetime:
    """Return the moment that a timestamp of RFC 3339 or ISO 8601 names; without an offset, in UTC.

    A leap second is the first moment of the next minute.
    """
    # What most timestamps look like is read in the shortest way.
    if type(value) is str and len(value) < 30 and value[10:11] == "T":
        try:
            return datetime.fromisoformat(value if value[-1] == "Z" else f"{value}Z")
        except ValueError:
            pass
    # Python's own readers take much more: other separators, a lone year, digits without end.
    if isinstance(value, str) and (parts := re.fullmatch(_TIMESTAMP, value)):
        with suppress(ValueError, OverflowError):
            return _moment(value if parts[1] else f"{value}Z")
    raise MismatchError.unexpected(value, "a timestamp (RFC 3339)")


def _moment(text: str) -> datetime:
    before, leaps = re.subn(_LEAP_SECOND, r"\g<1>59", text)
    try:
        moment = datetime.fromisoformat(before)
    except ValueError:
        from dateutil.parser import isoparse  # Few timestamps need it.

        moment = isoparse(before)
    offset = moment.utcoffset()
    return moment.replace(tzinfo=timezone(offset) if offset else UTC) + timedelta(seconds=leaps)


def as_date(value: object) -> date:
    """Return a date, as in `2023-10-31` (RFC 3339)."""
    with suppress(ValueError):
        day = date.fromisoformat(as_str(value))
        if day.isoformat() == value:  # Python reads `20231031` and `2023-W44-2` as well.
            return day
    raise MismatchError.unexpected(value, "a date (RFC 3339)")


class _CapitalUUID(UUID):
    """A UUID that prints as it was sent: in capitals, which RFC 9562 reads but does not write."""

    __slots__ = ("_spelling",)
    _spelling: str

    def __init__(self, spelling: str) -> None:
        super().__init__(spelling)
        object.__setattr__(self, "_spelling", spelling)  # UUID forbids the plain assignment.

    def __str__(self) -> str:
        return self._spelling

    def __repr__(self) -> str:
        return f"UUID({self._spelling!r})"

    def __reduce__(self) -> tuple[type[_CapitalUUID], tuple[str]]:
        return type(self), (str(self),)


def as_uuid(value: object) -> UUID:
    """Return a UUID (RFC 9562)."""
    # Python's own reader takes more: braces, underscores, blanks, and so a digit too few.
    if isinstance(value, str):
        if _is_uuid(value):
            return UUID(int=int(value.replace("-", ""), 16))  # As `UUID(value)` reads it, sooner.
        if _is_uuid(value.lower()):
            return _CapitalUUID(value)
    raise MismatchError.unexpected(value, "a UUID (RFC 9562)")


def const(literal: T) -> Decoder[T]:
    """Return a decoder that takes one value alone."""

    def decode(value: object) -> T:
        # To Python, 1 is True.
        if value == literal and isinstance(value, bool) == isinstance(literal, bool):
            return literal
        raise MismatchError.unexpected(value, repr(literal))

    return decode


def optional(decode: Decoder[T]) -> Decoder[T | None]:
    """Return a decoder that takes `null`, too."""

    def decode_optional(value: object) -> T | None:
        return None if value is None else decode(value)

    return decode_optional


def required(rest: dict[str, Any], key: str, decode: Decoder[T]) -> T:
    """Take a field out of an object, and return its value; raise where there is none."""
    try:
        return decode(rest.pop(key))
    except KeyError:
        raise MismatchError.missing(key) from None
    except MismatchError as mismatch:
        raise mismatch.within(key) from None


def by_tag(
    key: str, decoders: Mapping[str, Decoder[Any]], other: Decoder[Any] | None = None
) -> Decoder[Any]:
    """Return a decoder for objects of several types, each told by the text in one field."""

    def decode(value: object) -> Any:
        tag = required(as_object(value), key, as_str)
        if found := decoders.get(tag, other):
            return found(value)
        known = ", ".join(map(repr, decoders))
        raise MismatchError.unexpected(tag, f"one of {known}").within(key)

    return decode


def array_of(decode: Decoder[T]) -> Decoder[list[T]]:
    """Return a decoder for an array whose items `decode` takes."""

    def decode_array(value: object) -> list[T]:
        if not isinstance(value, list):
            raise MismatchError.unexpected(value, "an array")
        array = cast("list[object]", value)
        items: list[T] = []
        try:
            for item in array:
                items.append(decode(item))  # noqa: PERF401, the length tells which item is wrong
        except MismatchError as error:
            raise error.within(len(items)) from None
        return items

    return decode_array


def map_of(decode: Decoder[T]) -> Decoder[dict[str, T]]:
    """Return a decoder for an object whose values `decode` takes, under any keys."""

    def decode_map(value: object) -> dict[str, T]:
        values = as_object(value)
        key = ""
        try:
            for key, item in values.items():
                values[key] = decode(item)
        except MismatchError as error:
            raise error.within(MapKey(key)) from None
        return values

    return decode_map


_JSON_TYPES = frozenset({type(None), bool, int, float, str})


def _is_json(value: object) -> bool:
    """Whether a value is JSON already, however deep it is."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += cast("list[object]", part)
        elif isinstance(part, dict):
            todo += cast("dict[str, object]", part).values()
        elif type(part) not in _JSON_TYPES:
            return False
    return True


def to_json(value: Any) -> Any:
    """Return a typed value as JSON: the inverse of its decoder."""
    if _is_json(value):
        return value
    if isinstance(value, list):
        return [to_json(item) for item in cast("Collection[Any]", value)]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone, so it names no instant")
        text = value.isoformat()
        return f"{text.removesuffix('+00:00')}Z" if text.endswith("+00:00") else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value.to_dict() if hasattr(value.__class__, "to_dict") else value
