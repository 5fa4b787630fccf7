"""What goes wrong; `errors.py` of the package has the classes that users meet.

The decoders raise `MismatchError`. A model's `from_dict` and the clients make a
`ResponseDecodeError` of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from reprlib import Repr
from typing import Any, ClassVar, NamedTuple, Self, cast

MOST = 2000
"""The length of the longest message, in characters."""


class MapKey(str):
    """A key that the server chose: an error shows it, the log does not."""

    __slots__ = ()


class MismatchError(ValueError):
    """A JSON value is not what the spec says."""

    expected: str
    """What the spec asks for, in words."""
    got: str
    """The type of what came, as Python calls it."""

    def __init__(self, problem: str = "", expected: str = "", got: str = "nothing") -> None:
        super().__init__(problem)
        self._problem, self.expected, self.got = problem, expected, got
        self._steps: tuple[str | int, ...] = ()

    @classmethod
    def unexpected(cls, value: object, expected: str) -> Self:
        """Return the error for `value`, which came where the spec asks for `expected`."""
        return cls(f"expected {expected}, got {excerpt(value)}", expected, type(value).__name__)

    @classmethod
    def missing(cls, key: str) -> Self:
        """Return the error for a payload without the field `key`, which the spec relies on."""
        return cls("expected a value, but the field is missing", "a value").within(key)

    def within(self, step: str | int) -> Self:
        """Place the error in the field or the item that is `step`; return it."""
        self._steps = (step, *self._steps)
        self.args = (f"{shortened(self.path, 500)}: {self._problem}",)
        return self

    @property
    def path(self) -> str:
        """The place in the payload, as in `items[0].name`; `""` for the payload itself."""
        return _path(self._steps)

    @property
    def place(self) -> str:
        """The path with `*` for each item, and each key that the server chose."""
        return _path("*" if isinstance(step, int | MapKey) else step for step in self._steps)


def _path(steps: Iterable[str | int]) -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).removeprefix(".")


class Error(Exception):
    """The base of every error that a package raises on its own account."""

    def __str__(self) -> str:
        return shortened(super().__str__(), MOST)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args), self.__dict__


def _rebuild(cls: type[Error], args: tuple[Any, ...]) -> Error:
    error = cls.__new__(cls, *args)
    error.args = args  # A TimeoutError leaves that to the constructor.
    return error


class APIError(Error):
    """A call failed."""

    retries_taken: int = 0
    """How many times the call was repeated before the client gave up."""

    is_transient: bool = False
    """Whether the same request may do better at another time."""


class APIConnectionError(APIError):
    """The API could not be reached, or its answer was cut short; `__cause__` says how."""

    is_transient: bool = True


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
        self.is_transient = status_code in {408, 429} or status_code >= 500
        said = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
        for name, key in self._reasons.items():
            setattr(self, name, said[key] if isinstance(said.get(key), str) else None)
        reasons = [getattr(self, name) for name in self._reasons]
        details = ": ".join(shortened(text) for text in reasons if text)
        details = details or ("" if self.body == "" else excerpt(self.body))
        super().__init__(f"{message}: {details}" if details else message)


class ResponseDecodeError(APIError, MismatchError):
    """An answer, or a payload given to `from_dict`, does not match the spec."""

    payload: Any = None
    """The JSON of the answer or the payload given to `from_dict`; `None` if it was no JSON."""
    body: object = None
    """The text of the answer, or the payload given to `from_dict`."""
    status_code: int | None = None
    """The HTTP status of the answer; `None` if `from_dict` was called directly."""
    headers: Mapping[str, str] | None = None
    """The headers of the answer; `None` if `from_dict` was called directly."""
    request_id: str | None = None
    """The id that the server gave the request, from `X-Request-Id`, if any."""

    @classmethod
    def of(cls, mismatch: MismatchError, payload: object) -> Self:
        """Return what a decoder has raised for `payload` as an error of this class."""
        error = mismatch if isinstance(mismatch, cls) else cls(*mismatch.args)
        vars(error).update(mismatch.__dict__)
        error.payload = error.body = payload
        return error


class ErrorClasses(NamedTuple):
    """The classes of a package that its clients raise."""

    connection: type[APIConnectionError]
    timeout: type[APIConnectionError]
    decode: type[ResponseDecodeError]
    statuses: Mapping[int, type[APIStatusError]]
    """The class for a status, or for those that begin with a digit; for the rest, that of 0."""

    def of_status(self, code: int) -> type[APIStatusError]:
        """Return the class for a status."""
        return next(self.statuses[n] for n in (code, code // 100, 0) if n in self.statuses)


def shortened(text: str, most: int = 300) -> str:
    """Return a text that somebody else wrote, cut so that a message can hold it.

    Half a pair of surrogates, which JSON may name and UTF-8 has no place for, is spelt out.
    """
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


_brief = Repr()
_brief.maxstring, _brief.maxlong, _brief.maxother = 100, 200, MOST
in_brief = _brief.repr
"""Returns what `repr` says of a value, with long texts and long lists cut short."""


def excerpt(value: object) -> str:
    """Return a value in brief, for a message."""
    return shortened(in_brief(value))
