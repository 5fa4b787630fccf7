"""From schemas to types, and to the classes that those types need: one function that goes down.

A class has its name as soon as something refers to it; its fields are read later, so that schemas
may refer to each other in circles. What cannot be made is kept apart, with its place and the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from attrs import define, field

from . import shapes
from .document import (
    Document,
    ImpossibleError,
    Node,
    UnsupportedError,
    at,
    escaped,
    looked_up,
    reached,
    references,
    target_of,
)
from .flat import SCHEMAS, Flattener, title_of
from .model import Enum, Field, Item, Model
from .model import Union as UnionModel
from .models import Models
from .names import ClassNames, field_name, free, member_name, pascal
from .shapes import Array, Class, Constant, Map, Nullable, Shape, Union
from .text import Text, sentence

SCALARS: Mapping[tuple[str, str], Shape] = {
    ("string", "date"): shapes.DATE,
    ("string", "date-time"): shapes.DATETIME,
    ("string", "uuid"): shapes.UUID,
    ("string", ""): shapes.STRING,
    ("integer", ""): shapes.INTEGER,
    ("number", ""): shapes.NUMBER,
    ("boolean", ""): shapes.BOOLEAN,
    ("", ""): shapes.ANY,
}
"""The type of each type and format; a format that is not known says nothing."""


@define
class Reader:
    """Reads the schemas of a document."""

    flats: Flattener
    models: Models = field(factory=Models)
    broken: dict[str, UnsupportedError] = field(factory=dict)
    """Why a class is not made, by its name in Python."""
    problems: list[UnsupportedError] = field(factory=list)
    _names: ClassNames = field(factory=ClassNames)
    _class_names: dict[str, str] = field(factory=dict)
    _found: dict[str, Shape | UnsupportedError] = field(factory=dict)
    """What each reference has come to."""
    _under_way: dict[str, bool] = field(factory=dict)
    """The references that are being read, and whether something in them leads back."""
    _waiting: list[Callable[[], None]] = field(factory=list)

    def run(self, schemas: Document) -> None:
        """Read every component."""
        plain = [name for name in schemas if pascal(name) == name]
        for name in dict.fromkeys([*plain, *schemas]):
            self._class_names[SCHEMAS + escaped(name)] = self._names.take(name)
        for name in schemas:
            with suppress(UnsupportedError):  # It is noted; whoever needs it meets it again.
                self.component(SCHEMAS + escaped(name))
            self.finish()

    def finish(self) -> None:
        """Read the fields of the classes that are known by now."""
        while self._waiting:
            self._waiting.pop(0)()

    def component(self, reference: str) -> Shape:
        """Return the type that a reference leads to."""
        found = self._found.get(reference)
        if isinstance(found, UnsupportedError):
            raise found
        if found:
            return found
        looked_up(self.flats.document, reference)
        # What lies within something else has a name that tells in what.
        name = " ".join(map(target_of, reference.removeprefix(SCHEMAS).split("/")))
        if reference not in self._class_names:
            self._class_names[reference] = self._names.take(name)
        try:
            with at(name):
                shape = self._component(reference, name)
        except UnsupportedError as error:
            self._found[reference] = problem = error.within(name)
            self.problems.append(problem)
            self.broken[self._class_names[reference]] = problem  # Others may have the name already.
            raise problem from None
        self._found[reference] = shape
        return shape

    def _component(self, reference: str, name: str) -> Shape:
        flat, class_name = self.flats.target(reference), self._class_names[reference]
        if "$ref" in flat:  # Another name, and no class of its own.
            self.flats.opened(flat)  # Fails for one that leads back to itself alone.
            return self.typed(flat, name)
        if reference in self._under_way:
            self._under_way[reference] = True
            return _named(class_name, is_nullable=bool(flat.get("nullable")))
        self._under_way[reference] = False
        try:
            shape = self.typed(self.flats.with_heirs(reference), name, class_name)
        finally:
            leads_back = self._under_way.pop(reference)
        if leads_back and class_name not in self.models.items:
            self._union(flat, name, class_name, shape)
            return _named(class_name, is_nullable=shape != shape.bare)
        return shape

    def components(self) -> set[str]:
        """Return the names of the classes that the document names, but for mere parts of others."""
        names = {self._class_names.get(one, "") for one in self._found if one.startswith(SCHEMAS)}
        used = {need for name in self.models.items for need in self.models.needs(name)}
        extended = {self._class_names.get(one, "") for one in self.flats.extended}
        return (names & set(self.models.items)) - (extended - used)

    def read(self, schema: Any, name: str) -> Shape:
        """Return the type of a schema, under a name for what it needs."""
        return self.typed(self.flats.flat(schema), name)

    def typed(self, flat: Node, name: str, class_name: str | None = None) -> Shape:
        """Return the type of a flat schema, under the name of its own class if it has one."""
        if "$ref" in flat:
            shape = self.component(flat["$ref"])
        elif "oneOf" in flat:
            shape = self._one_of(flat, name, class_name)
        elif "const" in flat:
            is_number = isinstance(flat["const"], float)  # No `Literal` takes it.
            shape = shapes.NUMBER if is_number else Constant.of(flat["const"])
        elif "enum" in flat and flat["type"] in {"string", "integer"}:
            enum = _enum(flat, name, class_name or self._names.take(name))
            self.models.items[enum.name] = enum
            shape = shapes.Enum(name=enum.name, base="str" if enum.is_text else "int")
        elif flat.get("type") == "object":
            shape = self._object(flat, name, class_name)
        elif flat.get("type") == "array":
            shape = Array.of(self._item(flat, name))
        else:
            kind = flat.get("type", "")
            known = SCALARS.get((kind, str(flat.get("format")))) or SCALARS.get((kind, ""))
            if known is None:
                raise UnsupportedError(f"type: JSON has no {kind!r}")
            shape = known
            if "enum" in flat:  # It takes other values, too.
                reader = f"listed({shape.reader}, {tuple(flat['enum'])!r})"
                shape = Shape(shape.python, reader)
        return Nullable.of(shape) if flat.get("nullable") else shape

    def _item(self, flat: Node, name: str) -> Shape:
        """Return the type of the items of an array, whichever their position."""
        some = [*flat.get("prefixItems", []), flat.get("items")]
        some = [one for one in some if isinstance(one, Mapping)]
        return self.read({"anyOf": some}, f"{name} item")

    def _object(self, flat: Node, name: str, class_name: str | None) -> Shape:
        if not isinstance(flat.get("properties") or {}, Mapping):
            raise UnsupportedError("its properties are no mapping")
        extra = flat.get("additionalProperties")
        if not flat.get("properties"):
            is_typed = isinstance(extra, Mapping)
            return Map.of(self.read(extra, f"{name} value") if is_typed else shapes.ANY)
        class_name = class_name or self._names.take(name)
        text = Text(flat.get("description") or f"The schema `{class_name}` of the API.")
        model = Model(name=class_name, description=text, place=name)
        self.models.items[class_name] = model
        self._waiting.append(lambda: self._read_fields(model, flat))
        return Class(name=class_name)

    def _read_fields(self, model: Model, flat: Node) -> None:
        required = flat.get("required") or []
        own = {key for key in flat["properties"] if field_name(key) == key}
        taken = set(own)  # No other field has a name that is one already.
        for key in sorted(flat["properties"], key=lambda key: key not in required):
            if flat["properties"][key] is False:  # There must be none.
                continue
            with self.noting(f"{model.place}.{key}", model):
                node = self.flats.flat(flat["properties"][key])
                shape = self.typed(node, f"{model.place}.{key}")
                # What goes one way alone is absent the other way; a constant is known there, too.
                one_way = any(self.flats.about(node, way) for way in ("readOnly", "writeOnly"))
                is_needed = key in required and (isinstance(shape, Constant) or not one_way)
                said = self.flats.about(node, "description") or f"The field `{key}`."
                text = Text(f"{sentence(said)} Deprecated." if node.get("deprecated") else said)
                type_ = shape if is_needed else Nullable.of(shape)
                name = key if key in own else free(field_name(key), taken)
                taken.add(name)
                model.fields.append(Field(name, Text(key), type_, is_needed, text, node))
        if isinstance(flat.get("additionalProperties"), Mapping):
            with self.noting(f"{model.place}.additionalProperties", model):
                value = flat["additionalProperties"]
                model.additional = self.read(value, f"{model.place} value")

    @contextmanager
    def noting(self, place: str, item: Item | None = None) -> Iterator[None]:
        """Note what keeps something from being made, and go on: there may be more of it."""
        try:
            with at(place):
                yield
        except UnsupportedError as error:
            self.problems.append(error.within(place))
            if item:
                self.broken.setdefault(item.name, error.within(place))

    def _one_of(self, flat: Node, name: str, class_name: str | None) -> Shape:
        members: list[tuple[str | None, Shape]] = []
        for index, one in enumerate(flat["oneOf"], 1):
            # A member that cannot be what stands beside the choice is none.
            with suppress(ImpossibleError):
                self.flats.check_possible(one)
                shape = self.read(one, f"{name} {title_of(one) or f'type {index}'}")
                members.append((_origin(one), shape))
        if flat["oneOf"] and not members:
            raise ImpossibleError("no value is possible: no member of a choice fits the rest")
        # Unions within come first: they are told apart by what they know themselves.
        several = sorted((one for _, one in members), key=lambda one: not isinstance(one, Union))
        shape = shapes.one_of(several)
        kinds = [type(one) for one in shapes.members(shape)]
        is_named = Union in kinds or kinds.count(Class) + kinds.count(Map) > 1
        if "discriminator" not in flat and not (class_name and is_named):
            return shape
        class_name = class_name or self._names.take(name)
        union = self._union(flat, name, class_name, shape)
        union.hints = flat.get("discriminator")
        union.members = [(origin, one.bare) for origin, one in members]
        return _named(class_name, is_nullable=shape != shape.bare)

    def _union(self, flat: Node, name: str, class_name: str, shape: Shape) -> UnionModel:
        """Make a union that has a name, which does not stand for `None`."""
        # To be one of its own members makes a choice none wider.
        others = [one for one in shapes.members(shape) if one.name != class_name]
        if not others or class_name in reached((one.name for one in others), self.models.choices):
            raise UnsupportedError("it refers to itself alone")
        text, type_ = Text(flat.get("description") or ""), shapes.one_of(others)
        union = UnionModel(name=class_name, description=text, place=name, type=type_)
        self.models.items[class_name] = union
        return union


def _named(class_name: str, *, is_nullable: bool) -> Shape:
    union = Union(name=class_name)
    return Nullable.of(union) if is_nullable else union


def _enum(flat: Node, name: str, class_name: str) -> Enum:
    found: dict[str, tuple[str, Text | int, str]] = {}
    for value, said in flat["enum"].items():
        member = free(member_name(said), found)
        found[member] = member, Text(value) if isinstance(value, str) else value, str(said)
    return Enum(
        name=class_name,
        description=Text(flat.get("description") or ""),
        place=name,
        default=Text(flat.get("default") or ""),
        members=list(found.values()),
    )


def _origin(schema: Any) -> str | None:
    """Return the reference that a member of a union is, or has been narrowed from."""
    parts = references({"allOf": [schema]}, "allOf") + references(schema, "allOf")
    return parts[-1] if parts else None
