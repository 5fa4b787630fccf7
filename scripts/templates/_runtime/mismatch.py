"""What does not match the spec, and how messages show what somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from reprlib import Repr
from typing import Self

MOST = 2000
"""The length of the longest message, in characters."""


class MapKey(str):
    """A key that the server chose: an error shows it, the log does not."""

    __slots__ = ()


class MismatchError(ValueError):
    """A JSON value is not what the spec says."""

    expected: str = ""
    """What the spec asks for, in words."""
    got: str = "nothing"
    """The type of what came, in words."""

    _steps: tuple[str | int, ...] = ()

    def __init__(self, problem: str = "") -> None:
        super().__init__(problem)
        self._problem = problem

    @classmethod
    def unexpected(cls, value: object, expected: str) -> Self:
        """Return the error for `value`, which came where the spec asks for `expected`."""
        error = cls(f"expected {expected}, got {excerpt(value)}")
        error.expected = expected
        error.got = _JSON_TYPES.get(type(value), "an object")
        return error

    @classmethod
    def missing(cls, key: str) -> Self:
        """Return the error for a payload without the field `key`, which the spec relies on."""
        error = cls("expected a value, but the field is missing")
        error.expected = "a value"
        return error.within(key)

    def within(self, step: str | int) -> Self:
        """Place the error in the field or the item that is `step`; return it."""
        self._steps = (step, *self._steps)
        brief = _path(shortened(s, 100) if isinstance(s, str) else s for s in self._steps)
        self.args = (f"{shortened(brief, 500)}: {self._problem}",)
        return self

    @property
    def path(self) -> str:
        """The place in the payload, as in `items[0].name`; `""` for the payload itself."""
        return _path(self._steps)

    @property
    def place(self) -> str:
        """The path with `*` for each key that the server chose."""
        return _path("*" if isinstance(step, MapKey) else step for step in self._steps)


def _path(steps: Iterable[str | int]) -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).removeprefix(".")


_JSON_TYPES: Mapping[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
}


def shortened(text: str, most: int = 300) -> str:
    """Return a text that somebody else wrote, cut so that a message can hold it.

    Half a pair of surrogates, which JSON may name and UTF-8 has no place for, is spelt out.
    """
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


class Brief(Repr):
    """Writes values in brief."""

    def __init__(self, maxstring: int, maxlevel: int) -> None:
        super().__init__()
        self.maxstring, self.maxlong, self.maxother = maxstring, 200, MOST
        self.maxlevel = maxlevel

    def repr_int(self, x: int, level: int) -> str:
        # Python is not willing to print an integer of more digits than some thousands.
        return super().repr_int(x, level) if x.bit_length() < 10_000 else "<a very long integer>"


_brief = Brief(maxstring=200, maxlevel=6)


def excerpt(value: object) -> str:
    """Return a value in brief, for a message."""
    return shortened(_brief.repr(value))
