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
from typing import Any, NamedTuple, TypeAlias, TypeVar

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


Finding: TypeAlias = Oddity | None
"""What a decoder reports: an oddity, or, as `None`, a value that an enum does not list."""

_logged: set[tuple[str, str]] = set()


def _log(finding: Finding) -> None:
    """Log an oddity, once for each field, and nothing that the server sent."""
    if finding and finding[:2] not in _logged:
        _logged.add(finding[:2])
        logger.warning(
            "%s.%s: expected %s, got %s; it reads as None, and what came is in "
            "additional_properties (said once for each field)",
            finding.owner,
            finding.mismatch.place,
            shortened(finding.mismatch.expected),
            finding.mismatch.got,
        )


def _refuse(finding: Finding) -> None:
    if finding:
        raise finding.mismatch from None


_handler: ContextVar[Callable[[Finding], None]] = ContextVar("handler", default=_log)


def report(finding: Finding) -> None:
    """Log an oddity, or raise it where strictness is asked for."""
    _handler.get()(finding)


@contextmanager
def _handled_by(handler: Callable[[Finding], None]) -> Generator[None]:
    before = _handler.set(handler)
    try:
        yield
    finally:
        _handler.reset(before)


def strictly() -> AbstractContextManager[None]:
    """Return a context in which every oddity raises."""
    return _handled_by(_refuse)


class _Trial:
    """Takes down what a decoder reports, while the members of a union are compared."""

    def __init__(self, known: dict[tuple[int, int], tuple[object, _Fit | str]]) -> None:
        self.findings: list[Finding] = []
        self.known = known
        """What was made of unions within: without it, each level would double the work."""

    def __call__(self, finding: Finding) -> None:
        self.findings.append(finding)


class _Fit(NamedTuple):
    """What a decoder makes of a value, and what it reports."""

    result: Any
    findings: list[Finding]

    def oddity(self) -> Oddity | None:
        """Return the first oddity, if any."""
        return next(filter(None, self.findings), None)

    def distance(self) -> tuple[bool, int]:
        """Return how badly it fits."""
        is_map = isinstance(self.result, dict)
        unknown = self.result if is_map else getattr(self.result, "additional_properties", ())
        return self.oddity() is not None, len(self.findings) + len(unknown)


def one_of(*decoders: Decoder[Any]) -> Decoder[Any]:
    """Return a decoder that takes what one of `decoders` takes, by the one that fits best.

    One that finds nothing odd fits better than one that does. Among them, it is the one that knows
    most of the fields, and of the values of enums.
    """

    def decode(value: object) -> Any:
        handler = _handler.get()
        known = handler.known if isinstance(handler, _Trial) else {}
        key = id(decode), id(value)
        if key not in known:
            known[key] = value, _best(decoders, value, known, is_strict=handler is _refuse)
        best = known[key][1]
        if isinstance(best, str):
            raise MismatchError.unexpected(value, best)
        for finding in best.findings:
            handler(finding)
        return best.result

    return decode


def _best(
    decoders: tuple[Decoder[Any], ...], value: object, known: dict[Any, Any], *, is_strict: bool
) -> _Fit | str:
    """Return what the decoder makes of a value that it fits best, or what they all expected."""
    fitting: list[_Fit] = []
    wanted: list[str] = []
    for decode in decoders:
        trial = _Trial(known)
        try:
            with _handled_by(trial):
                fit = _Fit(decode(value), trial.findings)
            if is_strict:
                _refuse(fit.oddity())
            fitting.append(fit)
        except MismatchError as mismatch:
            wanted.append(": ".join(filter(None, (mismatch.place, mismatch.expected))))
    if fitting:
        return min(fitting, key=_Fit.distance)
    return f"one of several types ({shortened('; or '.join(wanted))})"


def str_enum(known: type[E]) -> Decoder[E | str]:
    """Return a decoder that makes a listed value a member, and leaves any other string as it is."""
    return _enum(known, as_str)


def int_enum(known: type[E]) -> Decoder[E | int]:
    """Return a decoder that makes a listed value a member, and leaves any other integer."""
    return _enum(known, as_int)


def _enum(known: type[E], decode: Decoder[T]) -> Decoder[E | T]:
    members: dict[T, E] = {member.value: member for member in known}

    def decode_member(value: object) -> E | T:
        found = decode(value)
        if found in members:
            return members[found]
        report(None)
        return found

    return decode_member


def listed(decode: Decoder[T], known: tuple[T, ...]) -> Decoder[T]:
    """Return a decoder for a type that lists a few of its values; any other stays as it is."""

    def decode_listed(value: object) -> T:
        found = decode(value)
        if found not in known:
            report(None)
        return found

    return decode_listed
