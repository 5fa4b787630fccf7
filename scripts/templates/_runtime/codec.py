"""What the models share: from JSON to typed values, and back.

A decoder takes a JSON value and gives the typed one, or raises `MismatchError`. Decoders
are composed once, when a module of models is imported: `optional(array_of(Failure.from_dict))`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable
from uuid import UUID

from .errors import MismatchError, ResponseDecodeError

if TYPE_CHECKING:
    import dateutil.parser
else:
    import dateutil  # Loads its parser when first asked for it: few timestamps need it.

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
_TIMESTAMP = re.compile(
    r"\d{4}-?(?:\d\d-?\d\d|W\d\d-?\d|\d{3})"  # A date, by month, week or day of the year,
    r"[Tt ]\d\d[\d:.,]{0,20}"  # a time,
    r"([Zz]|[+-]\d\d[\d:.]{0,13})?",  # and perhaps an offset.
    re.ASCII,
)
_UUID = re.compile("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
NO_NULLS: frozenset[str] = frozenset()
Decoder = Callable[[Any], T]


def as_object(value: object) -> dict[str, Any]:
    """Copy a JSON object, so that the copy can be emptied field by field."""
    if isinstance(value, dict):  # To ask for a Mapping takes longer.
        return cast("dict[str, Any]", value).copy()
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise MismatchError.unexpected(value, "an object")


def nulls_of(payload: Mapping[str, Any]) -> frozenset[str]:
    """Name the fields that are `null`, which `None` alone cannot tell from the absent ones."""
    return frozenset([key for key, value in payload.items() if value is None])


def as_any(value: Any) -> Any:
    """Take any JSON value as it is."""
    return value


def as_str(value: object) -> str:
    """Take a string."""
    if isinstance(value, str):
        return value
    raise MismatchError.unexpected(value, "a string")


def as_bool(value: object) -> bool:
    """Take `true` or `false`."""
    if isinstance(value, bool):
        return value
    raise MismatchError.unexpected(value, "true or false")


def as_int(value: object) -> int:
    """Take an integer with all its digits; `1.0` is one too (JSON Schema, 6.1.1)."""
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise MismatchError.unexpected(value, "an integer")


def as_float(value: object) -> float:
    """Take a number; an integer stays one, so that it keeps its digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise MismatchError.unexpected(value, "a number")


def as_none(value: object) -> Any:  # `None` alone, which checkers do not let a call be used for.
    """Take `null`."""
    if value is None:
        return None
    raise MismatchError.unexpected(value, "null")


def as_datetime(value: object) -> datetime:
    """Read a timestamp of RFC 3339 or ISO 8601; without an offset it is UTC."""
    # Python's own readers take much more: other separators, a lone year, digits without end.
    if not isinstance(value, str) or not (parts := _TIMESTAMP.fullmatch(value)):
        raise MismatchError.unexpected(value, "a timestamp (RFC 3339)")
    text = value if parts[1] else f"{value}Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = dateutil.parser.isoparse(text)
        except (ValueError, OverflowError):
            raise MismatchError.unexpected(value, "a timestamp (RFC 3339)") from None
    if moment.tzinfo is UTC:
        return moment
    offset = moment.utcoffset()
    return moment.replace(tzinfo=timezone(offset) if offset else UTC)


def as_date(value: object) -> date:
    """Read a date, as in `2023-10-31` (RFC 3339)."""
    try:
        return date.fromisoformat(as_str(value))
    except ValueError:
        raise MismatchError.unexpected(value, "a date (RFC 3339)") from None


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
    """Read a UUID (RFC 9562)."""
    # Python's own reader takes more: braces, underscores, blanks, and so a digit too few.
    if isinstance(value, str):
        if _UUID.fullmatch(value):
            return UUID(int=int(value.replace("-", ""), 16))  # As `UUID(value)` reads it, sooner.
        if _UUID.fullmatch(value.lower()):
            return _CapitalUUID(value)
    raise MismatchError.unexpected(value, "a UUID (RFC 9562)")


def const(literal: T) -> Decoder[T]:
    """Take one value alone."""
    kind = type(literal)

    def decode(value: object) -> T:
        if value == literal and (type(value) is kind or bool not in {type(value), kind}):
            return literal
        raise MismatchError.unexpected(value, repr(literal))

    return decode


def str_enum(known: type[E]) -> Decoder[E | str]:
    """Take a listed value as a member, and any other string as it is."""
    members: dict[str, E] = {member.value: member for member in known}

    def decode(value: object) -> E | str:
        if isinstance(value, str):
            return members.get(value, value)
        raise MismatchError.unexpected(value, "a string")

    return decode


def int_enum(known: type[E]) -> Decoder[E | int]:
    """Take a listed value as a member, and any other integer as it is."""
    members: dict[int, E] = {member.value: member for member in known}

    def decode(value: object) -> E | int:
        number = as_int(value)
        return members.get(number, number)

    return decode


def optional(decode: Decoder[T]) -> Decoder[T | None]:
    """Take `null` too; an absent field counts as `null`."""

    def decode_optional(value: object) -> T | None:
        return None if value is None else decode(value)

    return decode_optional


def array_of(decode: Decoder[T]) -> Decoder[list[T]]:
    """Take an array whose items `decode` takes."""

    def decode_array(value: object) -> list[T]:
        if not isinstance(value, list):
            raise MismatchError.unexpected(value, "an array")
        array = cast("list[object]", value)
        items: list[T] = []
        try:
            for item in array:
                items.append(decode(item))  # noqa: PERF401, the length tells which item is wrong
        except MismatchError as error:
            raise error.within(len(items), array) from None
        return items

    return decode_array


def map_of(decode: Decoder[T]) -> Decoder[dict[str, T]]:
    """Take an object whose values `decode` takes, under any keys."""

    def decode_map(value: object) -> dict[str, T]:
        values = as_object(value)
        key = ""
        try:
            for key, item in values.items():
                values[key] = decode(item)
        except MismatchError as error:
            raise error.within(key, value) from None
        return values

    return decode_map


def raising(error: type[ResponseDecodeError], decode: Decoder[T]) -> Decoder[T]:
    """Have a decoder that stands alone raise an error of the package."""

    def decode_or_raise(value: object) -> T:
        try:
            return decode(value)
        except MismatchError as mismatch:
            raise error.of(mismatch) from None

    return decode_or_raise


def one_of(*decoders: Decoder[Any]) -> Decoder[Any]:
    """Take what that of `decoders` makes of a value which knows most of its fields."""

    def decode(value: object) -> Any:
        found: list[Any] = []
        wants: list[str] = []
        for decoder in decoders:
            try:
                found.append(decoder(value))
            except MismatchError as error:
                wants.append(str(error))
        if found:
            return min(found, key=_unknown_fields)
        raise MismatchError.unexpected(value, f"one of several types ({'; or '.join(wants)})")

    return decode


def _unknown_fields(value: object) -> int:
    if isinstance(value, dict):
        return len(cast("dict[str, Any]", value))
    return len(getattr(value, "additional_properties", ()))


def as_opt_str(value: object) -> str | None:
    """Take a string or `null`: what most fields are, and so without a call within the call."""
    if value is None or isinstance(value, str):
        return value
    raise MismatchError.unexpected(value, "a string")


def as_opt_int(value: object) -> int | None:
    """Take an integer or `null`; another such."""
    return value if value is None or type(value) is int else as_int(value)


as_opt_bool = optional(as_bool)
as_opt_float = optional(as_float)
as_opt_datetime = optional(as_datetime)
as_opt_date = optional(as_date)
as_opt_uuid = optional(as_uuid)
as_mapping = as_object
as_opt_mapping = optional(as_mapping)


@runtime_checkable
class _Model(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def to_json(value: Any) -> Any:
    """Turn a typed value back into JSON: the inverse of its decoder."""
    if isinstance(value, _Model):
        return value.to_dict()
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
    return value


def to_object(
    fields: Mapping[str, Any],
    nulls: Collection[str],
    additional_properties: Mapping[str, Any],
) -> dict[str, Any]:
    """Put an object together, without the fields that are `None` but not `null`."""
    data = {key: value for key, value in fields.items() if value is not None or key in nulls}
    return data | {k: v for k, v in additional_properties.items() if k not in data}
