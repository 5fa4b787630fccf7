"""What the errors of every package do; `errors.py` of the package has the classes that users meet.

The decoders raise `MismatchError`. A model's `from_dict` and the clients make a
`ResponseDecodeError` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from reprlib import Repr
from typing import Any, ClassVar, Self, cast

import attrs


class Error(Exception):
    """The base of every error that a package raises on its own account."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[Error], args: tuple[Any, ...], state: dict[str, Any]) -> Error:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class APIError(Error):
    """A call failed."""

    retries_taken: int = 0
    """How many times the call was repeated before the client gave up."""


class APIConnectionError(APIError):
    """The API could not be reached, or its answer was cut short; `__cause__` says how."""


class APIStatusError(APIError):
    """The API answered with a status other than the successful ones that the spec lists."""

    status_code: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The headers of the answer, by name in any case."""
    body: Any
    """The body: decoded if it is JSON, else its text; `""` if there was none."""
    request_id: str | None
    """The id that the server gave the request, from `X-Request-Id`, if any."""

    _reasons: ClassVar[Mapping[str, str]] = {}
    """The texts in the body that say what is wrong, each by the attribute that keeps it."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        headers: Mapping[str, str] | None = None,
        body: Any = "",
        request_id: str | None = None,
    ) -> None:
        self.status_code = status_code
        self.headers = headers or {}
        self.body = body
        self.request_id = request_id
        said = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
        for name, key in self._reasons.items():
            setattr(self, name, said[key] if isinstance(said.get(key), str) else None)
        reasons = [getattr(self, name) for name in self._reasons]
        details = ": ".join(shortened(text) for text in reasons if text) or excerpt(self.body)
        super().__init__(f"{message}: {details}" if details else message)


class MismatchError(ValueError):
    """A JSON value is not what the spec says."""

    body: object = None
    """The value, or the array or object around it as far as the error has come."""
    expected: str = ""
    """What the spec asks for, in words."""

    _steps: tuple[str | int, ...] = ()

    @classmethod
    def unexpected(cls, value: object, expected: str) -> Self:
        """Say that `value` came where the spec asks for `expected`."""
        error = cls(f"expected {expected}, got {excerpt(value)}")
        error.expected = expected
        error.body = value
        return error

    @classmethod
    def missing(cls, key: str | None, payload: object) -> Self:
        """Say that `payload` lacks the field `key`, which the spec relies on."""
        error = cls("expected a value, but the field is missing")
        error.expected = "a value"
        return error.within(key, payload)

    def within(self, step: str | int | None, body: object) -> Self:
        """Place the error at the field or index `step` of `body`; `None` is `body` itself."""
        if step is not None:
            self._steps = (step, *self._steps)
        self.body = body
        return self

    @property
    def path(self) -> str:
        """The place in the payload, as in `items[0].name`; `""` for the payload itself."""
        steps = (f"[{s}]" if isinstance(s, int) else f".{s}" for s in self._steps)
        return "".join(steps).removeprefix(".")

    def __str__(self) -> str:
        return ": ".join(text for text in (self.path, *self.args) if text)


class ResponseDecodeError(APIError, MismatchError):
    """An answer, or a payload given to `from_dict`, does not match the spec."""

    body: object = None
    """The whole body: the payload given to `from_dict`, or the text of the answer."""
    status_code: int | None = None
    """The HTTP status of the answer; `None` if `from_dict` was called directly."""
    headers: Mapping[str, str] | None = None
    """The headers of the answer; `None` if `from_dict` was called directly."""
    request_id: str | None = None
    """The id that the server gave the request, from `X-Request-Id`, if any."""

    _context: str = ""

    @classmethod
    def of(cls, mismatch: MismatchError) -> Self:
        """Return what a decoder has raised as an error of this class."""
        if isinstance(mismatch, cls):
            return mismatch
        error = cls(*mismatch.args)
        vars(error).update(vars(mismatch))
        return error

    def in_answer(
        self,
        context: str,
        *,
        status_code: int,
        headers: Mapping[str, str],
        request_id: str | None,
    ) -> Self:
        """Place the error in the answer to a request."""
        self._context = context
        self.status_code, self.headers, self.request_id = status_code, headers, request_id
        return self

    def __str__(self) -> str:
        return ": ".join(text for text in (self._context, super().__str__()) if text)


@attrs.frozen
class ErrorClasses:
    """The classes of a package that its clients raise."""

    connection: type[APIConnectionError]
    timeout: type[APIConnectionError]
    decode: type[ResponseDecodeError]
    status: Callable[[int], type[APIStatusError]]
    """What gives the class for a status."""


def shortened(text: str, most: int = 300) -> str:
    """Cut a text short that somebody else wrote, to have it in a message."""
    return text if len(text) <= most else f"{text[:most]}..."


_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 200


def excerpt(value: object) -> str:
    """Return a value in brief, for a message; `""` for the empty text."""
    try:
        text = "" if isinstance(value, str) and not value else _short.repr(value)
        return shortened(text)
    except ValueError:  # An integer of more digits than Python is willing to print.
        return f"a value of type {type(value).__name__}"
