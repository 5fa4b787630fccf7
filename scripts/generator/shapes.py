"""Types as values: each says its annotation, its decoder in terms of the codec, and its parts.

The classes in it are written as those of the package `models`. In the module of a class, `within`
says which are at hand there by their names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from attrs import evolve, frozen

from .names import snake


@frozen
class Shape:
    """A type of JSON values, and of what they become in Python."""

    python: str = ""
    """The type as Python writes it, its parts as `{}`."""
    reader: str = ""
    """What turns JSON into it, the readers of its parts as `{}`."""
    parts: tuple[Shape, ...] = ()
    """The types that it is made of."""
    name: str = ""
    """The name of the class, the enum or the union that it is, if it is one."""

    @property
    def annotation(self) -> str:
        """The type as Python writes it."""
        parts = [one.annotation for one in self.parts]
        return self.python.format(*parts) if parts else self.python

    @property
    def decoder(self) -> str:
        """An expression: what turns JSON into the type."""
        parts = [one.inner_decoder for one in self.parts]
        return self.reader.format(*parts) if parts else self.reader

    @property
    def inner_decoder(self) -> str:
        """The same, within another decoder."""
        return self.decoder

    def within(self, late: Collection[str]) -> Shape:
        """Return the type as a module of `models` writes it, which cannot import some classes."""
        return evolve(self, parts=tuple(one.within(late) for one in self.parts))

    @property
    def is_composed(self) -> bool:
        """Whether the decoder is worth a name, so that it is built but once."""
        return "(" in self.decoder

    @property
    def inner(self) -> Shape:
        """The type within, of which there is one."""
        return self.parts[0]

    @property
    def bare(self) -> Shape:
        """The type without `None`."""
        return self.inner if isinstance(self, Nullable) else self

    def classes(self) -> frozenset[str]:
        """Return the names of the classes, enums and unions in it."""
        own = frozenset([self.name] if self.name else [])
        return own.union(*(one.classes() for one in self.parts))


STRING = Shape("str", "as_str")
BOOLEAN = Shape("bool", "as_bool")
INTEGER = Shape("int", "as_int")
NUMBER = Shape("float", "as_float")
NONE = Shape("None", "as_none")
ANY = Shape("Any", "as_any")
DATE = Shape("datetime.date", "as_date")
DATETIME = Shape("datetime.datetime", "as_datetime")
UUID = Shape("UUID", "as_uuid")
UUID_ARGUMENT = Shape("str | UUID", "as_uuid")
FILE = Shape("_codec.File", "as_any")
"""A file in a form."""
BYTES = Shape("bytes", "as_bytes")
TEXT = Shape("str", "as_text")
CONTENT = Shape("bytes | str", "as_any")
"""A body that is sent as it is."""
ANY_OTHER = Shape("_AnyOther", 'cast("Decoder[_AnyOther]", as_str)')
"""Text that none of the other members of a union is told by."""


@frozen
class Constant(Shape):
    """One value alone."""

    value: str | float = ""

    @classmethod
    def of(cls, value: Any) -> Constant:
        return cls(f"Literal[{value!r}]", f"const({value!r})", value=value)


@frozen
class Named(Shape):
    """A type that has a module of its own."""

    place: str = "models."
    """What stands before its name."""
    is_late: bool = False
    """Whether it may not be there yet, where its name is written."""

    @property
    def annotation(self) -> str:
        return self.place + self.name

    @property
    def inner_decoder(self) -> str:
        return f"lambda value: {self.decoder}(value)" if self.is_late else self.decoder

    def within(self, late: Collection[str]) -> Named:
        is_late = self.name in late
        return evolve(self, place="models." if is_late else "", is_late=is_late)


@frozen
class Class(Named):
    """A class with fields."""

    @property
    def decoder(self) -> str:
        return f"{self.place}{self.name}.from_dict"


@frozen
class Union(Named):
    """A union with a name, and a function that decodes it."""

    @property
    def decoder(self) -> str:
        return f"{self.place}{snake(self.name)}_from_dict"


@frozen
class Enum(Named):
    """A class of known values; others of their type are taken, too."""

    base: str = "str"

    @property
    def annotation(self) -> str:
        return f"{self.place}{self.name} | {self.base}"

    @property
    def decoder(self) -> str:
        return f"listed(as_{self.base}, {self.place}{self.name})"


@frozen
class Array(Shape):
    """An array; what a caller gives may be any sequence."""

    @classmethod
    def of(cls, item: Shape, python: str = "list") -> Array:
        return cls(f"{python}[{{}}]", "array_of({})", (item,))


@frozen
class Map(Shape):
    """An object with any keys."""

    @classmethod
    def of(cls, value: Shape) -> Map:
        return cls("dict[str, {}]", "as_object" if value == ANY else "map_of({})", (value,))


@frozen
class OneOf(Shape):
    """One of several types."""

    @classmethod
    def of(cls, members: Iterable[Shape]) -> OneOf:
        members = tuple(members)
        return cls("", f"one_of({', '.join('{}' for _ in members)})", members)

    @property
    def annotation(self) -> str:
        names = [one.annotation for one in self.parts if not isinstance(one, Enum)]
        enums = [one for one in self.parts if isinstance(one, Enum)]
        names += [f"{one.place}{one.name}" for one in enums]
        return " | ".join(dict.fromkeys([*names, *(one.base for one in enums)]))


@frozen
class Nullable(Shape):
    """A type, or `None`."""

    @classmethod
    def of(cls, shape: Shape) -> Shape:
        is_said = shape in {ANY, NONE} or isinstance(shape, Nullable)
        return shape if is_said else cls("{} | None", "optional({})", (shape,))


def members(shape: Shape) -> list[Shape]:
    """Return the types of which a value has one, but for `None`."""
    return list(shape.bare.parts) if isinstance(shape.bare, OneOf) else [shape.bare]


def one_of(several: Iterable[Shape]) -> Shape:
    """Return the type of one of several, which may turn out to be one alone."""
    several = list(several)
    found = dict.fromkeys(one for shape in several if shape != NONE for one in members(shape))
    bases = {one.base for one in found if isinstance(one, Enum)}
    # An enum takes any other value of its type already.
    some = [one for one in found if one.python not in bases]
    shape = some[0] if len(some) == 1 else OneOf.of(some) if some else NONE
    is_nullable = any(one == NONE or isinstance(one, Nullable) for one in several)
    return Nullable.of(shape) if is_nullable else shape


def argument(shape: Shape, *, is_outer: bool = True) -> Shape:
    """Return the type that a caller may give for one that is written as text."""
    if shape == UUID:
        return UUID_ARGUMENT
    if isinstance(shape, Array):
        return Array.of(argument(shape.inner, is_outer=False), "Sequence" if is_outer else "list")
    if isinstance(shape, OneOf):
        return OneOf.of(argument(one, is_outer=False) for one in shape.parts)
    return Nullable.of(argument(shape.inner)) if isinstance(shape, Nullable) else shape
