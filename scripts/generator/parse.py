"""From openapi-python-client's parser to types: the one module that imports it.

The parser merges unions, forgets their names, and cannot follow one that holds itself. So a union
goes to it as an object whose properties are the members, and an operation as one whose properties
are its parameters, its body and its answers. Properties go under numbers, since two whose names are
alike in Python would stop it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen
from openapi_python_client import schema as oai
from openapi_python_client.config import Config
from openapi_python_client.parser import properties as props
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.union import UnionProperty
from pydantic import ValidationError

from . import shapes
from .document import SCHEMAS, Document, UnsupportedError, target_of
from .names import free, snake
from .shapes import Shape

SCALARS: Mapping[str, Shape] = {
    "StringProperty": shapes.STRING,
    "BooleanProperty": shapes.BOOLEAN,
    "IntProperty": shapes.INTEGER,
    "FloatProperty": shapes.NUMBER,
    "NoneProperty": shapes.NONE,
    "AnyProperty": shapes.ANY,
    "DateProperty": shapes.DATE,
    "DateTimeProperty": shapes.DATETIME,
    "UuidProperty": shapes.UUID,
}
"""The type of each property of the parser that has no parts."""


@frozen
class Fields:
    """The types of what an object has, or of the members of a union."""

    types: Mapping[str, Shape]
    additional: Shape = shapes.ANY


@define
class Parser:
    """Has the parser read schemas in the one form."""

    schemas: Mapping[str, Document]
    components: dict[str, Any] = field(factory=dict)
    """The schemas as the parser takes them."""
    _maps: set[str] = field(factory=set)
    _properties: dict[str, Any] = field(factory=dict)

    def parse(self, document: Document, config: Config) -> dict[str, Fields]:
        """Return the types of the fields of every object and union."""
        for name, schema in self.schemas.items():
            self.components[name] = self._component(schema)
        schemas = _validated(document, self.components)
        parsed = props.build_schemas(components=schemas, schemas=props.Schemas(), config=config)
        found = {
            target_of(path.get_untrusted_value()): prop
            for path, prop in parsed.classes_by_reference.items()
        }
        self._properties = found
        if lost := [name for name in self.components if name not in found]:
            raise UnsupportedError("the parser cannot read it", *lost)
        return {
            name: self._fields(self._properties[name], schema)
            for name, schema in self.schemas.items()
            if "enum" not in schema
        }

    # What the parser takes.

    def _component(self, schema: Document) -> dict[str, Any]:
        if "enum" in schema:
            return {key: schema[key] for key in ("type", "enum") if key in schema}
        if "oneOf" in schema:
            properties = dict(enumerate(schema["oneOf"]))
            required = list(properties)
        else:
            properties = dict(enumerate(schema.get("properties", {}).values()))
            keys = list(schema.get("properties", {}))
            required = [i for i, key in enumerate(keys) if key in schema.get("required", [])]
        extra = schema.get("additionalProperties", True)
        return {
            "type": "object",
            "properties": {f"p{index}": self._plain(node) for index, node in properties.items()},
            "required": [f"p{index}" for index in required],
            "additionalProperties": self._plain(extra) if isinstance(extra, dict) else extra,
        }

    def _plain(self, node: Document) -> dict[str, Any]:
        """Return what tells the type of a node, and nothing else."""
        if "$ref" in node:
            return {"$ref": node["$ref"]}
        if "oneOf" in node:
            return {"oneOf": [self._plain(one) for one in node["oneOf"]]}
        if node.get("type") == "array":
            return {"type": "array", "items": self._plain(node.get("items", {}))}
        if node.get("type") == "object":
            # Each under a name of its own, since the parser would find one that may be taken.
            name = free("Map", {*self.schemas, *self._maps}, "")
            self._maps.add(name)
            self.components[name] = self._component(node)
            return {"$ref": SCHEMAS + name}
        return {key: node[key] for key in ("type", "format", "const") if key in node}

    # What comes of it.

    def _fields(self, prop: Any, schema: Document) -> Fields:
        found = {}
        for one in [*(prop.required_properties or []), *(prop.optional_properties or [])]:
            found[int(one.name.get_untrusted_value()[1:])] = self._shape(one)
        keys = schema.get("properties") or range(len(schema.get("oneOf", [])))
        types = {str(key): found[index] for index, key in enumerate(keys)}
        extra = prop.additional_properties
        return Fields(types, self._shape(extra) if extra else shapes.ANY)

    def _shape(self, prop: PropertyProtocol) -> Shape:
        """Return the type that a property of the parser has."""
        match prop:
            case props.ModelProperty():
                name = str(prop.class_info.name)
                if name in self._maps:
                    return shapes.Map(self._fields(self._properties[name], {}).additional)
                if "oneOf" in self.schemas[name]:
                    return shapes.Union(name, f"{snake(name)}_from_dict")
                return shapes.Class(name)
            case props.LiteralEnumProperty():
                return shapes.Enum(str(prop.class_info.name), prop.value_type.__name__)
            case ListProperty():
                return shapes.Array(self._shape(prop.inner_property))
            case ConstProperty():
                return shapes.Constant(prop.value.raw_value)
            case UnionProperty():
                return shapes.one_of([self._shape(one) for one in prop.inner_properties])
        found = SCALARS.get(type(prop).__name__)
        if found is None:
            sort = type(prop).__name__.removesuffix("Property").lower()
            raise UnsupportedError(f"a {sort} is no JSON")
        return found


def _validated(document: Document, components: Mapping[str, Any]) -> Any:
    """Check a document, and return its schemas as the parser takes them."""
    whole = {**document, "components": {"schemas": components}, "paths": {}}
    try:
        found = oai.OpenAPI.model_validate(whole).components
    except ValidationError as error:
        raise UnsupportedError(f"Failed to parse OpenAPI document\n{error}") from None
    return (found.schemas if found else None) or {}
