"""What templates see: data alone, the names of the document and those of Python side by side."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import define, evolve, field, frozen

from .document import Document
from .names import module_name, snake
from .shapes import ANY, BOOLEAN, INTEGER, STRING, Constant, Shape
from .text import Text, literal


@frozen
class Field:
    """A field of a model, or a parameter of an operation."""

    name: str
    key: Text
    type: Shape
    required: bool
    description: Text
    node: dict[str, Any] = field(factory=dict[str, Any], eq=False)
    """What its schema says, in the one form."""
    said: Document = field(factory=dict[str, Any], eq=False)
    """What the document says of it as a parameter."""

    @property
    def default(self) -> str:
        """What a constructor takes for it when it is not given."""
        if isinstance(self.type, Constant):
            return f" = {self.type.value!r}"
        return "" if self.required else " = None"

    @property
    def value(self) -> Shape:
        """The type of its value, where it has one."""
        return self.type if self.required else self.type.bare

    @property
    def reader(self) -> str:
        """The expression that reads it from what is left of an object."""
        value, key = self.value, literal(self.key)
        decoder = f"_{self.name}" if value.is_composed else value.decoder
        if self.required:
            return f"required(rest, {key}, {decoder})"
        plain = f", {value.python}" if value in {STRING, BOOLEAN, INTEGER} else ""
        return f"self._optional(rest, {key}, {decoder}{plain})"

    @property
    def declaration(self) -> str:
        """How a signature declares it."""
        return f"{self.name}: {self.type.annotation}{'' if self.required else ' = None'}"


@define(kw_only=True)
class Item:
    """What has a module of its own: a class or a union."""

    name: str
    description: Text
    place: str
    """Where it stands in the document."""
    imports: list[str] = field(factory=list)

    @property
    def module(self) -> str:
        return module_name(self.name)

    @property
    def exports(self) -> list[str]:
        """The names that its module makes public."""
        return [self.name]

    @property
    def shapes(self) -> list[Shape]:
        """The types that it names."""
        return []

    def settle(self, late: Collection[str]) -> None:
        """Have its types say which classes its module cannot import."""


@define(kw_only=True)
class Model(Item):
    """A class with fields."""

    fields: list[Field] = field(factory=list)
    additional: Shape = ANY
    open_in: str | None = None
    """The union whose tag means this model where it tells none of the others."""
    operation: str | None = None
    """The operation whose `x-long-running` has it say how it has ended."""

    @property
    def shapes(self) -> list[Shape]:
        return [*(one.type for one in self.fields), self.additional]

    def settle(self, late: Collection[str]) -> None:
        self.fields = [evolve(one, type=one.type.within(late)) for one in self.fields]
        self.additional = self.additional.within(late)

    @property
    def keys(self) -> list[tuple[str, Text]]:
        """The fields that have another name in Python than in JSON, with both."""
        return [(one.name, one.key) for one in self.fields if one.key != one.name]

    @property
    def doc(self) -> Text:
        """What it is, and what each field is."""
        lines = [f"    {one.name}: {' '.join(one.description.split())}" for one in self.fields]
        return Text("\n".join([self.description.strip(), "", "Attributes:", *lines]))


@define(kw_only=True)
class Enum(Item):
    """An enum."""

    default: Text
    members: list[tuple[str, Text | int, str]]
    """The name in Python of each member, its value, and its name in the document, if it has one."""

    @property
    def is_text(self) -> bool:
        return not isinstance(self.members[0][1], int)


@define(kw_only=True)
class Union(Item):
    """A component that is one of several types."""

    type: Shape
    hints: Document | None = None
    """What its `discriminator` says."""
    members: list[tuple[str | None, Shape]] = field(factory=list)
    """The reference of each member, if it is one, and its type."""
    tag: Text | None = None
    """The field that tells the members apart."""
    mapping: list[tuple[Text, str]] = field(factory=list)
    """The class for each value of the tag."""
    default: str | None = None
    """The class for every other value."""
    is_late: bool = False
    """Whether the type leads back to itself, so that it is written as text."""

    @property
    def exports(self) -> list[str]:
        return [self.name, self.function]

    @property
    def shapes(self) -> list[Shape]:
        return [self.type]

    def settle(self, late: Collection[str]) -> None:
        self.type = self.type.within(late)

    @property
    def function(self) -> str:
        return f"{snake(self.name)}_from_dict"
