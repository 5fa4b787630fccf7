"""What templates see: data alone, the names of the document and those of Python side by side."""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field, frozen

from .document import Document
from .shapes import ANY, INTEGER, STRING, Constant, Scope, Shape
from .text import Text, literal, raw


@frozen
class Type:
    """A type where it is written."""

    shape: Shape = ANY
    scope: Scope = field(factory=Scope)

    @property
    def annotation(self) -> str:
        return self.shape.annotation(self.scope)

    @property
    def decoder(self) -> str:
        return self.shape.decoder(self.scope)


@frozen
class Field:
    """A field of a model, or a parameter of an operation."""

    name: str
    key: Text
    type: Type
    required: bool
    description: Text
    node: dict[str, Any] = field(factory=dict[str, Any], eq=False)
    """What its schema says, in the one form."""
    said: Document = field(factory=dict[str, Any], eq=False)
    """What the document says of it as a parameter."""

    @property
    def default(self) -> str:
        """What a constructor takes for it when it is not given."""
        if isinstance(self.type.shape, Constant):
            return f" = {self.type.shape.value!r}"
        return "" if self.required else " = None"

    @property
    def value(self) -> Type:
        """The type of its value, where it has one."""
        return self.type if self.required else evolve(self.type, shape=self.type.shape.bare)

    @property
    def reader(self) -> str:
        """The method of the base class that reads it, with its arguments."""
        value = self.value
        plain: dict[Shape, str] = {STRING: "_optional_str", INTEGER: "_optional_int"}
        if value.shape in plain and not self.required:
            return f"{plain[value.shape]}(rest, {literal(self.key)})"
        decoder = f"_{self.name}" if value.shape.is_composed else value.decoder
        method = "_required" if self.required else "_optional"
        return f"{method}(rest, {literal(self.key)}, {decoder})"

    @property
    def declaration(self) -> str:
        """How a signature declares it."""
        return f"{self.name}: {self.type.annotation}{'' if self.required else ' = None'}"

    def within(self, scope: Scope) -> Field:
        """Return the same field, written somewhere else."""
        return evolve(self, type=Type(self.type.shape, scope))


@define
class Model:
    """A class with fields."""

    name: str
    module: str
    description: Text
    place: str
    """Where it stands in the document."""
    fields: list[Field] = field(factory=list)
    additional: Type = field(factory=Type)
    open_tag: tuple[Text, str] | None = None
    """The field, and the union that it tells this model by, where any other text may stand."""
    imports: list[str] = field(factory=list)
    operation: str | None = None
    """The operation whose `x-long-running` has it say how it has ended."""

    @property
    def shapes(self) -> list[Shape]:
        return [*(one.type.shape for one in self.fields), self.additional.shape]

    @property
    def keys(self) -> list[tuple[str, Text]]:
        """The fields that have another name in Python than in JSON, with both."""
        return [(one.name, one.key) for one in self.fields if one.key.raw != one.name]

    @property
    def doc(self) -> Text:
        """What it is, and what each field is."""
        lines = [f"    {one.name}: {' '.join(raw(one.description).split())}" for one in self.fields]
        return Text("\n".join([raw(self.description).strip(), "", "Attributes:", *lines]))


@define
class Enum:
    """An enum, with its members under the names that they get in Python."""

    name: str
    module: str
    description: Text
    place: str
    default: Text
    members: list[tuple[str, Text | int]]
    said: list[str] = field(factory=list)
    """The name of each member in the document, if it gives it one."""
    imports: list[str] = field(factory=list)

    @property
    def shapes(self) -> list[Shape]:
        return []

    @property
    def is_text(self) -> bool:
        return not isinstance(self.members[0][1], int)

    @property
    def values(self) -> list[str]:
        """The values as text."""
        return [str(v if isinstance(v, int) else raw(v)) for _, v in self.members]


@define
class Union:
    """A component that is one of several types."""

    name: str
    module: str
    description: Text
    place: str
    type: Type
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
    imports: list[str] = field(factory=list)
    is_late: bool = False
    """Whether the type leads back to itself, so that it is written as text."""

    @property
    def shapes(self) -> list[Shape]:
        return [self.type.shape]

    @property
    def function(self) -> str:
        return f"{self.module}_from_dict"

    @property
    def values(self) -> str:
        return ", ".join(literal(value) for value, _ in self.mapping)
