# Made by scripts/regenerate from the spec and scripts/templates/errors.py.jinja. Edit those.
"""What can go wrong.

    NarrativeError
    └── APIError                       anything about one call
        ├── APIConnectionError         the API was not reached, or the answer was cut short
        │   └── APITimeoutError        it took too long
        ├── APIStatusError             the API answered, and refused or failed
        │   ├── BadRequestError        400
        │   ├── AuthenticationError    401
        │   ├── PermissionDeniedError  403
        │   ├── NotFoundError          404
        │   ├── RateLimitError         429
        │   └── InternalServerError    5xx
        └── ResponseDecodeError        the answer is not what the spec says (a ValueError too)

An argument that cannot be right is a `ValueError`, raised before any request goes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from reprlib import Repr
from typing import Any, Self, cast


class NarrativeError(Exception):
    """The base of every error that this package raises on its own account."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    cls: type[NarrativeError], args: tuple[Any, ...], state: dict[str, Any]
) -> NarrativeError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class APIError(NarrativeError):
    """A call that gave no result."""

    retries_taken: int = 0
    """How many times the call was repeated before it was given up."""


class APIConnectionError(APIError):
    """The API could not be reached, or its answer broke off; `__cause__` says how."""


class APITimeoutError(APIConnectionError):
    """The API took longer than the client's `timeout` allows."""


class APIStatusError(APIError):
    """The API answered with a status that is no success."""

    status_code: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The headers of the answer; their names are found in any case."""
    body: Any
    """The body: decoded where it is JSON, else its text; empty where there was none."""
    request_id: str | None
    """The id that the server gave the request, from `X-Request-Id`, if any."""
    error: str | None
    """A code, such as `Unauthorized`."""
    error_description: str | None
    """The reason, in a sentence."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        headers: Mapping[str, str],
        body: str,
        request_id: str | None = None,
    ) -> None:
        self.status_code = status_code
        self.headers = headers
        self.request_id = request_id
        try:
            self.body = json.loads(body)
        except (ValueError, RecursionError):
            self.body = body
        self.error = self._text("error")
        self.error_description = self._text("error_description")
        reason: tuple[str | None, ...] = (self.error, self.error_description)
        details = ": ".join(text for text in reason if text) or _excerpt(body)
        super().__init__(f"{message}: {details}" if details else message)

    def _text(self, key: str) -> str | None:
        value = cast("dict[str, Any]", self.body).get(key) if isinstance(self.body, dict) else None
        return value if isinstance(value, str) else None


class BadRequestError(APIStatusError):
    """The request is malformed."""


class AuthenticationError(APIStatusError):
    """The token is missing, wrong or expired."""


class PermissionDeniedError(APIStatusError):
    """The token does not allow this."""


class NotFoundError(APIStatusError):
    """What was asked for does not exist, or does no longer."""


class RateLimitError(APIStatusError):
    """Too many requests in too short a time."""


class InternalServerError(APIStatusError):
    """The API failed, or a gateway in front of it did; it may do better later."""


class ResponseDecodeError(APIError, ValueError):
    """An answer, or a payload given to `from_dict`, that is not what the spec says."""

    body: object = None
    """What could not be decoded, whole: a payload, or the text of an answer."""
    status_code: int | None = None
    """The HTTP status of the answer; `None` where `from_dict` was called directly."""
    headers: Mapping[str, str] | None = None
    """The headers of the answer, likewise."""
    request_id: str | None = None
    """The id that the server gave the request, likewise."""
    expected: str = ""
    """What the spec says, in words."""

    _steps: tuple[str | int, ...] = ()
    _context: str = ""

    @classmethod
    def unexpected(cls, value: object, expected: str) -> Self:
        """Say that `value` came where the spec says `expected`."""
        error = cls(f"expected {expected}, got {_excerpt(value)}")
        error.expected = expected
        error.body = value
        return error

    @classmethod
    def missing(cls, key: str, payload: object) -> Self:
        """Say that `payload` lacks the field `key`, which the spec relies on."""
        error = cls("expected a value, got none: the field is missing")
        error.expected = "a value"
        return error.within(key, payload)

    def within(self, step: str | int, body: object) -> Self:
        """Place the error at the field or index `step` of `body`."""
        self._steps = (step, *self._steps)
        self.body = body
        return self

    def in_answer(
        self,
        context: str,
        *,
        status_code: int,
        headers: Mapping[str, str],
        body: str,
        request_id: str | None,
    ) -> Self:
        """Place the error in the answer to a request."""
        self._context = context
        self.status_code, self.headers, self.request_id = status_code, headers, request_id
        self.body = body
        return self

    @property
    def path(self) -> str:
        """Where in the payload: `failures[0].timestamp`; empty for the payload itself."""
        steps = (f"[{s}]" if isinstance(s, int) else f".{s}" for s in self._steps)
        return "".join(steps).removeprefix(".")

    def __str__(self) -> str:
        return ": ".join(text for text in (self._context, self.path, *self.args) if text)


_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 200


def _excerpt(value: object) -> str:
    try:
        text = _short.repr(value) if value != "" else ""
        return text if len(text) <= 300 else f"{text[:300]}..."
    except ValueError:  # An integer of more digits than Python is willing to print.
        return f"a value of type {type(value).__name__}"


STATUS_ERRORS: Mapping[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}
"""The error of each status that has one of its own."""


def status_error(status_code: int) -> type[APIStatusError]:
    """Give the class for a status: its own, or its range's, or the base."""
    fallback = InternalServerError if status_code >= 500 else APIStatusError
    return STATUS_ERRORS.get(status_code, fallback)
