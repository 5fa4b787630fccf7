"""What does not match the spec, and how messages show what somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterable
from reprlib import Repr
from typing import Self

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


def shortened(text: str, most: int = 300) -> str:
    """Return a text that somebody else wrote, cut so that a message can hold it.

    Half a pair of surrogates, which JSON may name and UTF-8 has no place for, is spelt out.
    """
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


_brief = Repr()
_brief.maxstring, _brief.maxlong, _brief.maxother = 100, 200, MOST


def in_brief(value: object) -> str:
    """Return what `repr` says of a value, with long texts and long lists cut short."""
    return _brief.repr(value)


def excerpt(value: object) -> str:
    """Return a value in brief, for a message."""
    return shortened(in_brief(value))
