"""Types as values: each says its annotation, its decoder in terms of the codec, and its names.

A type is written somewhere: in the module of a class, or beside the operations. The `Scope` says
which classes are at hand there by their names, and which through the package `models`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from attrs import frozen


@frozen
class Scope:
    """Where a type is written."""

    own: str | None = None
    """The class whose module it is, if any."""
    late: frozenset[str] = frozenset()
    """The classes that are found through `models`, since to import them would go in a circle."""

    def path(self, name: str, attribute: str | None = None) -> str:
        """Return the expression for a class, or for what its module has beside it."""
        prefix = "models." if name in self.late and name != self.own else ""
        return prefix + (attribute or name)

    def function(self, name: str, attribute: str, *, inner: bool) -> str:
        """Return the expression for a decoder that the module of a class has."""
        path = self.path(name, attribute)
        # Within another decoder it would be looked up while its module is not yet loaded.
        is_late = inner and self.own is not None and name in self.late
        return f"lambda value: {path}(value)" if is_late else path


class Shape(ABC):
    """A type of JSON values, and of what they become in Python."""

    parts: tuple[Shape, ...] = ()
    """The types that this one is made of."""
    own_names: frozenset[str] = frozenset()
    """What it needs of the codec and the standard library, beside what its parts do."""
    is_composed = True
    """Whether the decoder is worth a name, so that it is built but once."""

    @abstractmethod
    def annotation(self, scope: Scope) -> str:
        """Return the type as Python writes it."""

    @abstractmethod
    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        """Return an expression: what turns JSON into the type, perhaps within another decoder."""

    @property
    def is_inferred(self) -> bool:
        """Whether type checkers infer the annotation from the decoder."""
        return all(part.is_inferred for part in self.parts)

    def walk(self) -> Iterator[Shape]:
        """Yield this type and every type within."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def classes(self) -> frozenset[str]:
        """Return the names of the classes and unions in it."""
        return frozenset(one.name for one in self.walk() if isinstance(one, Class | Enum | Union))

    def names(self) -> frozenset[str]:
        """Return the names that it needs of the codec and the standard library."""
        return frozenset[str]().union(*(one.own_names for one in self.walk()))


@frozen
class Scalar(Shape):
    """A type that the codec has a decoder for."""

    python: str
    reader: str
    is_composed = False

    @property
    def own_names(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({self.python.partition(".")[0], self.reader})

    def annotation(self, scope: Scope) -> str:
        return self.python

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return self.reader


STRING = Scalar("str", "as_str")
BOOLEAN = Scalar("bool", "as_bool")
INTEGER = Scalar("int", "as_int")
NUMBER = Scalar("float", "as_float")
NONE = Scalar("None", "as_none")
ANY = Scalar("Any", "as_any")
DATE = Scalar("datetime.date", "as_date")
DATETIME = Scalar("datetime.datetime", "as_datetime")
UUID = Scalar("UUID", "as_uuid")
UUID_ARGUMENT = Scalar("str | UUID", "as_uuid")


@frozen
class Constant(Shape):
    """One value alone."""

    value: str | float
    is_inferred = False
    own_names = frozenset({"Literal", "const"})

    def annotation(self, scope: Scope) -> str:
        return f"Literal[{self.value!r}]"

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return f"const({self.value!r})"


@frozen
class AnyOther(Shape):
    """Text that none of the other members of a union is told by."""

    own_names = frozenset({"Decoder", "Literal", "TYPE_CHECKING", "as_str", "cast"})

    def annotation(self, scope: Scope) -> str:
        return "_AnyOther"

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return 'cast("Decoder[_AnyOther]", as_str)'


@frozen
class Class(Shape):
    """A class with fields."""

    name: str
    is_composed = False

    def annotation(self, scope: Scope) -> str:
        return scope.path(self.name)

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return scope.function(self.name, f"{self.name}.from_dict", inner=inner)


@frozen
class Union(Shape):
    """A union with a name, and a function that decodes it."""

    name: str
    function: str
    is_composed = False

    def annotation(self, scope: Scope) -> str:
        return scope.path(self.name)

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return scope.function(self.name, self.function, inner=inner)


@frozen
class Enum(Shape):
    """A class of known values; others of their type are taken, too."""

    name: str
    base: str

    @property
    def own_names(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({f"{self.base}_enum"})

    def annotation(self, scope: Scope) -> str:
        return f"{scope.path(self.name)} | {self.base}"

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return f"{self.base}_enum({scope.path(self.name)})"


@frozen
class Array(Shape):
    """An array; what a caller gives may be any sequence."""

    item: Shape
    python: str = "list"

    @property
    def parts(self) -> tuple[Shape, ...]:  # type: ignore[override]
        return (self.item,)

    @property
    def own_names(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"array_of", self.python})

    def annotation(self, scope: Scope) -> str:
        return f"{self.python}[{self.item.annotation(scope)}]"

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return f"array_of({self.item.decoder(scope, inner=True)})"


@frozen
class Map(Shape):
    """An object with any keys."""

    value: Shape

    @property
    def parts(self) -> tuple[Shape, ...]:  # type: ignore[override]
        return (self.value,)

    @property
    def is_composed(self) -> bool:  # type: ignore[override]
        return self.value != ANY

    @property
    def own_names(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"map_of" if self.is_composed else "as_mapping"})

    def annotation(self, scope: Scope) -> str:
        return f"dict[str, {self.value.annotation(scope)}]"

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        if not self.is_composed:
            return "as_mapping"
        return f"map_of({self.value.decoder(scope, inner=True)})"


@frozen
class OneOf(Shape):
    """One of several types."""

    members: tuple[Shape, ...]
    is_inferred = False
    own_names = frozenset({"Decoder", "one_of"})

    @property
    def parts(self) -> tuple[Shape, ...]:  # type: ignore[override]
        return self.members

    def annotation(self, scope: Scope) -> str:
        return " | ".join(dict.fromkeys(one.annotation(scope) for one in self.members))

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return f"one_of({', '.join(one.decoder(scope, inner=True) for one in self.members)})"


@frozen
class Nullable(Shape):
    """A type, or `None`."""

    inner: Shape

    @property
    def parts(self) -> tuple[Shape, ...]:  # type: ignore[override]
        return (self.inner,)

    @property
    def own_names(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"optional"})

    def annotation(self, scope: Scope) -> str:
        return f"{self.inner.annotation(scope)} | None"

    def decoder(self, scope: Scope, *, inner: bool = False) -> str:
        return f"optional({self.inner.decoder(scope, inner=True)})"


def nullable(shape: Shape) -> Shape:
    """Return a type that takes `null`, too."""
    return shape if shape in {ANY, NONE} or isinstance(shape, Nullable) else Nullable(shape)


def one_of(members: list[Shape]) -> Shape:
    """Return the type of one of several, which may turn out to be one alone."""
    some = [one for one in members if one != NONE]
    bases = {one.base for one in some if isinstance(one, Enum)}
    # An enum takes any other value of its type already.
    some = [one for one in some if not (isinstance(one, Scalar) and one.python in bases)]
    shape = some[0] if len(some) == 1 else OneOf(tuple(some)) if some else NONE
    return nullable(shape) if len(members) > 0 and NONE in members else shape


def argument(shape: Shape, *, is_outer: bool = True) -> Shape:
    """Return the type that a caller may give for one that is written as text."""
    if shape == UUID:
        return UUID_ARGUMENT
    if isinstance(shape, Array):
        return Array(argument(shape.item, is_outer=False), "Sequence" if is_outer else "list")
    if isinstance(shape, OneOf):
        return OneOf(tuple(argument(one, is_outer=False) for one in shape.members))
    return Nullable(argument(shape.inner)) if isinstance(shape, Nullable) else shape
