"""The classes of the package: models, enums and unions, and how their modules hang together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from attrs import define, evolve, field, frozen

from .document import SCHEMAS, Document, target_of
from .model import Enum, Field, Model, Type, Union, optional
from .names import field_name, free, member_name, module_name, snake
from .parse import Fields
from .shapes import AnyOther, Scope, Shape, one_of
from .shapes import Union as UnionShape
from .text import Text
from .unions import Tags

Item = Model | Enum | Union


@define
class Models:
    """Every class of the package."""

    models: list[Model] = field(factory=list)
    enums: list[Enum] = field(factory=list)
    unions: list[Union] = field(factory=list)

    @property
    def items(self) -> list[Item]:
        return [*self.models, *self.enums, *self.unions]

    @property
    def scope(self) -> Scope:
        """Where types are written that find every class through `models`."""
        return Scope(late=frozenset(item.name for item in self.items))

    def exports(self) -> list[tuple[str, list[str]]]:
        """Return the modules, with the names that each makes public."""
        functions = {union.name: [union.function] for union in self.unions}
        return sorted(
            (item.module, [item.name, *functions.get(item.name, [])]) for item in self.items
        )


@frozen
class Builder:
    """Makes the classes of schemas in the one form and their types."""

    schemas: Mapping[str, Document]
    types: Mapping[str, Fields]
    tags: Mapping[str, Tags]
    extended: frozenset[str]
    """The classes that others take their fields from."""

    def build(self, roots: Iterable[Document]) -> Models:
        """Return the classes; the schemas of the operations are their `roots`."""
        used = {name for one in [*self.schemas.values(), *roots] for name in references(one)}
        bases = self.extended - used
        models = Models()
        for name, schema in self.schemas.items():
            if "enum" in schema:
                models.enums.append(self._enum(name, schema))
            elif "oneOf" in schema:
                models.unions.append(self._union(name, schema))
            elif name not in bases:
                models.models.append(self._model(name, schema))
        link(models)
        return models

    def field(self, key: str, node: Document, shape: Shape, *, required: bool) -> Field:
        """Return a field, as it reads where every class is at hand by its name."""
        said = node.get("description") or ""
        if not said and "$ref" in node:
            said = self.schemas[target_of(node["$ref"])].get("description") or ""
        if node.get("deprecated"):
            said = f"{said} Deprecated.".strip()
        type_ = Type(optional(shape, required=required))
        return Field(
            field_name(key), Text(key), type_, required, Text(said or f"The field `{key}`.")
        )

    def _model(self, name: str, schema: Document) -> Model:
        open_tag = next(
            ((Text(one.key), union) for union, one in self.tags.items() if one.default == name),
            None,
        )
        found: dict[str, Field] = {}
        required = schema.get("required") or []
        for key in sorted(schema["properties"], key=lambda key: key not in required):
            shape = self.types[name].types[key]
            if open_tag and open_tag[0].raw == key:
                shape = AnyOther()
            one = self.field(key, schema["properties"][key], shape, required=key in required)
            found[free(one.name, found)] = one
        return Model(
            name=name,
            module=module_name(name),
            description=Text(schema.get("description") or f"The schema `{name}` of the API."),
            fields=[evolve(one, name=python) for python, one in found.items()],
            additional=Type(self.types[name].additional),
            open_tag=open_tag,
        )

    def _enum(self, name: str, schema: Document) -> Enum:
        values = list(dict.fromkeys(schema["enum"]))
        names = schema.get("x-enum-varnames", [])
        members: dict[str, Text | int] = {}
        for index, value in enumerate(values):
            member = member_name(names[index] if len(names) == len(values) else value)
            members[free(member, members)] = Text(value) if isinstance(value, str) else value
        description = Text(schema.get("description") or "")
        default = Text(str(schema.get("default") or ""))
        return Enum(name, module_name(name), description, default, list(members.items()))

    def _union(self, name: str, schema: Document) -> Union:
        members = list(self.types[name].types.values())
        # Unions within come first: they are told apart by what they know themselves.
        members.sort(key=lambda shape: not isinstance(shape, UnionShape))
        union = Union(
            name, snake(name), Text(schema.get("description") or ""), Type(one_of(members))
        )
        if tags := self.tags.get(name):
            union.tag, union.default = Text(tags.key), tags.default
            union.mapping = [(Text(value), one) for value, one in tags.classes.items()]
        return union


def references(node: Any) -> Iterator[str]:
    """Yield the names of the classes that a schema in the one form refers to."""
    if isinstance(node, list):
        for one in node:
            yield from references(one)
    elif isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            yield target_of(reference)
        for key in ("items", "oneOf", "additionalProperties"):
            yield from references(node.get(key))
        yield from references(list((node.get("properties") or {}).values()))


def link(models: Models) -> None:
    """Have each module import the classes that it names, unless they need it in turn."""
    modules = {item.name: item for item in models.items}
    composed: list[Model | Union] = [*models.models, *models.unions]
    shapes = {item.name: item.shapes for item in composed}
    needs = {
        name: frozenset[str]().union(*(s.classes() for s in some)) for name, some in shapes.items()
    }

    @cache
    def reached(name: str) -> frozenset[str]:
        found, todo = set[str](), [name]
        while todo:
            new = needs.get(todo.pop(), frozenset()) - found
            found |= new
            todo += new
        return frozenset(found)

    def imports(names: frozenset[str]) -> list[str]:
        items = [modules[name] for name in names]
        also = {item.name: f", {item.function}" for item in items if isinstance(item, Union)}
        return sorted(
            f"from .{one.module} import {one.name}{also.get(one.name, '')}" for one in items
        )

    for model in models.models:
        late = frozenset(name for name in needs[model.name] if model.name in reached(name))
        model.imports = imports(needs[model.name] - late - {model.name})
        scope = Scope(own=model.name, late=late)
        model.fields = [one.within(scope) for one in model.fields]
        model.additional = Type(model.additional.shape, scope)
    for union in models.unions:
        union.imports = imports(needs[union.name])
