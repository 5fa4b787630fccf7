"""What becomes of a value that is not what the spec says, in a field that may be absent.

It hides nothing else: the field reads as `None`, and the value stays as it came in
`additional_properties`. By default the log tells it, once for each field. Where strictness is asked
for, the mismatch is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from .codec import Decoder
from .log import logger
from .mismatch import MismatchError, shortened


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
    most of the fields.
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
        result, oddities = min(fitting, key=lambda each: len(each[1]) + _unknown_fields(each[0]))
        for oddity in oddities:
            handler(oddity)
        return result

    return decode


def _fitting(
    decoders: tuple[Decoder[Any], ...], value: object, wanted: list[str], *, is_strict: bool
) -> list[tuple[Any, list[Oddity]]]:
    """Return what each decoder that takes a value makes of it, and what it finds odd."""
    fitting: list[tuple[Any, list[Oddity]]] = []
    for decode in decoders:
        oddities: list[Oddity] = []
        try:
            with strictly() if is_strict else _handled_by(oddities.append):
                fitting.append((decode(value), oddities))
        except MismatchError as mismatch:
            wanted.append(": ".join(filter(None, (mismatch.place, mismatch.expected))))
    return fitting


def _unknown_fields(value: object) -> int:
    if isinstance(value, dict):
        return len(cast("dict[str, Any]", value))
    return len(getattr(value, "additional_properties", ()))
