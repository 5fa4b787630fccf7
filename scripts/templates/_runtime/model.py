"""What every model has: it is read from JSON, written again, shown, and says how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

import attrs

from .codec import Decoder, as_object, to_json
from .errors import MapKey, MismatchError, ResponseDecodeError, in_brief, shortened
from .oddities import report, strictly

if TYPE_CHECKING:
    from .waiting import LongRunning

T = TypeVar("T")
_NO_NULLS: frozenset[str] = frozenset()


class ModelBase:
    """The base of every model."""

    __slots__ = tuple[str, ...]()  # attrs makes those of each class.

    decode_error: ClassVar[type[ResponseDecodeError]] = ResponseDecodeError
    """What the package raises for a payload that does not decode."""
    _keys: ClassVar[Mapping[str, str]] = {}
    """The keys in JSON of the fields that have another name in Python."""

    additional_properties: dict[str, Any]
    """What the API sent beyond the fields, by name, and what is not as the spec says."""
    _nulls: frozenset[str]
    """The fields that came as `null`, which `None` alone cannot tell from the absent ones."""

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any], *, strict: bool = False) -> Self:
        """Return the model that a JSON object describes.

        An optional field whose value is not what the spec says reads as `None`; its value is in
        `additional_properties`, and the log tells it once for each field.

        Args:
            payload: The object, as `json.loads` gives it. It stays as it is.
            strict: Whether such a field raises instead.

        Raises:
            ResponseDecodeError: A field that the spec relies on is missing or not what the spec
                says. The error, a `ValueError`, has the path of the field.
        """
        if strict:
            return strictly(cls.from_dict, payload)
        new = object.__new__(cls)  # Half the time of __init__, which does no more than this.
        try:
            rest = payload.copy() if isinstance(payload, dict) else as_object(payload)
            new._nulls = _NO_NULLS
            if None in rest.values():
                new._nulls = frozenset([key for key, value in rest.items() if value is None])
            new._read(rest)
        except MismatchError as mismatch:
            raise cls.decode_error.of(mismatch, payload) from None
        new.additional_properties = rest
        return new

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: the inverse of `from_dict`, key for key.

        A field that is `None` is left out, unless it came as `null`. Timestamps are written as
        RFC 3339 has them.
        """
        data: dict[str, Any] = {}
        for name, key, is_required in _fields_of(type(self)):
            value = getattr(self, name)
            if value is not None or is_required or key in self._nulls:
                data[key] = to_json(value)
        others: dict[str, Any] = to_json(self.additional_properties)
        return data | {key: value for key, value in others.items() if key not in data}

    def _read(self, rest: dict[str, Any]) -> None:
        """Set the fields, and leave in `rest` what is none of them, or odd."""
        raise NotImplementedError

    def _optional(
        self, rest: dict[str, Any], key: str, decode: Decoder[T], plain: type[T] | None = None
    ) -> T | None:
        """Return a field that may be absent or odd; what is of the type `plain` is read already."""
        value = rest.pop(key, None)
        if value is None or type(value) is plain:
            return value
        try:
            return decode(value)
        except MismatchError as mismatch:
            problem = mismatch
        except RecursionError:
            problem = MismatchError.unexpected(value, "JSON that is less deeply nested")
        rest[key] = value
        report(type(self).__name__, problem.within(key))
        return None

    def _others(self, rest: dict[str, Any], decode: Decoder[Any]) -> None:
        """Decode what is none of the fields, each on its own; odd fields stay as they came."""
        known = {key for _, key, _ in _fields_of(type(self))}
        for key in [key for key in rest if key not in known]:
            try:
                rest[key] = decode(rest[key])
            except MismatchError as mismatch:
                report(type(self).__name__, mismatch.within(MapKey(key)))

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={in_brief(value)}" for name, value in _values_of(self))
        return f"{type(self).__name__}({said})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a table of the fields that have a value."""
        return _html(self)


class ProgressBase(ModelBase):
    """The base of a model that an operation with `x-long-running` returns."""

    __slots__ = ()

    _operation: ClassVar[str]

    @property
    def _kind(self) -> LongRunning[Any]:
        """What the spec says of it; its module needs the models, and so it comes late."""
        module = import_module(".._long_running", __package__)
        return cast("LongRunning[Any]", getattr(module, self._operation))

    @property
    def is_final(self) -> bool:
        """Whether it has ended, so that its state will not change any more."""
        return self._kind.is_final(self)

    @property
    def succeeded(self) -> bool:
        """Whether it has ended in success."""
        return self._kind.is_success(self)

    @property
    def duration(self) -> timedelta | None:
        """The time from its beginning to its end; `None` until it has ended."""
        return self._kind.duration_of(self)

    def raise_for_state(self) -> Self:
        """Return it, unless it has ended and not in success.

        Raises:
            Exception: The error that a wait for it raises where `check` is true.
        """
        error = self._kind.end_error(self)
        if error is not None:
            raise error
        return self


def _fields_of(model: Any) -> list[tuple[str, str, bool]]:
    """Return the fields, each with its key in JSON and whether it is always written."""
    return [
        (field.name, model._keys.get(field.name, field.name), field.default is attrs.NOTHING)
        for field in attrs.fields(model)
        if field.name not in {"additional_properties", "_nulls"}
    ]


def _values_of(model: ModelBase) -> Iterator[tuple[str, Any]]:
    """Yield the fields that have a value, with it."""
    for name, *_ in _fields_of(type(model)):
        if (value := getattr(model, name)) is not None:
            yield name, value
    if model.additional_properties:
        yield "additional_properties", model.additional_properties


def _html(value: object) -> str:
    from html import escape  # Its tables are for notebooks alone.

    if isinstance(value, ModelBase):
        rows = (
            f"<tr><th>{escape(name)}</th><td>{_html(field)}</td></tr>"
            for name, field in _values_of(value)
        )
        return f"<table><caption>{type(value).__name__}</caption>{''.join(rows)}</table>"
    if isinstance(value, list):
        return "".join(map(_html, cast("list[object]", value)[:20]))
    text = in_brief(value) if hasattr(value, "keys") else str(value)
    return escape(shortened(text))


def is_last(page: ModelBase, current: str | None, total: str | None) -> bool:
    """Whether a page is the last one, as its own count says."""
    here, pages = (getattr(page, name) if name else None for name in (current, total))
    return here is not None and pages is not None and here >= pages


def decoded(decode: Decoder[T], payload: object, *, strict: bool) -> T:
    """Return what a decoder makes of a payload; raise as the package does."""
    try:
        return strictly(decode, payload) if strict else decode(payload)
    except MismatchError as mismatch:
        raise ModelBase.decode_error.of(mismatch, payload) from None
