"""What the templates are rendered with: the generator's reading of a spec, and what it leaves out.

openapi-python-client parses the spec, resolves it, and finds the Python names. It has no word for
servers, discriminators, named unions or the documentation of parameters; those are read from the
document here. Every template lies in scripts/templates/ as its output lies in the package. It is
rendered once; with `{model}`, `{enum}` or `{union}` in its name, once for each of them.
"""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from jinja2 import StrictUndefined
from openapi_python_client import Project, strings
from openapi_python_client import schema as oai
from openapi_python_client.config import Config
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser import properties as props
from openapi_python_client.parser.openapi import Endpoint, generate_operation_id
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.date import DateProperty
from openapi_python_client.parser.properties.datetime import DateTimeProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.literal_enum_property import LiteralEnumProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol as Property
from openapi_python_client.parser.properties.schemas import Class
from openapi_python_client.parser.properties.string import StringProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.properties.uuid import UuidProperty
from openapi_python_client.parser.responses import Response
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonCode

WIDTH = 100
"""The length of a line in the package."""

MARK = "# Made by scripts/regenerate from the spec and scripts/templates/{}. Edit those.\n"

Document = Mapping[str, Any]

SCALARS: Mapping[type, tuple[str, str, bool]] = {
    # The annotation, the decoder in _codec.py, and whether the Python value is the JSON value.
    StringProperty: ("str", "as_str", True),
    BooleanProperty: ("bool", "as_bool", True),
    IntProperty: ("int", "as_int", True),
    FloatProperty: ("float", "as_float", True),
    NoneProperty: ("None", "as_none", True),
    props.AnyProperty: ("Any", "as_any", True),
    DateProperty: ("datetime.date", "as_date", False),
    DateTimeProperty: ("datetime.datetime", "as_datetime", False),
    UuidProperty: ("UUID", "as_uuid", False),
}

STATUS_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("BadRequestError", "The request is malformed."),
    401: ("AuthenticationError", "The token is missing, wrong or expired."),
    403: ("PermissionDeniedError", "The token does not allow this."),
    404: ("NotFoundError", "What was asked for does not exist, or does no longer."),
    409: ("ConflictError", "The request collides with the state of what it is about."),
    422: ("UnprocessableEntityError", "The request is well-formed, and makes no sense."),
    429: ("RateLimitError", "Too many requests in too short a time."),
}
"""Statuses with an error of their own, under the names that people know from other SDKs."""


TAKEN_NAMES = frozenset(
    {"additional_properties", "from_dict", "to_dict", "attrs", "datetime", "models"}
    | {"bool", "classmethod", "dict", "float", "frozenset", "int", "list", "str"}
)
"""Names that a field cannot have: the class of a model has them, or uses them in its body."""


class UnsupportedError(Exception):
    """A part of the spec that no template is made for."""


# Filters: text of a spec reaches the output through one of these, and through nothing else.


def raw(text: UntrustedString | str | None) -> str:
    """Unwrap text of the spec, for a filter or to wrap it again."""
    return text.get_untrusted_value() if isinstance(text, UntrustedString) else text or ""


def literal(value: UntrustedString | str | int | tuple[str, ...]) -> str:
    """Write a value as a Python literal."""
    return repr(raw(value) if isinstance(value, UntrustedString) else value)


def in_docstring(text: UntrustedString | str) -> str:
    """Write text on one line, within a docstring that a template has begun."""
    return strings.safe_for_docstring(" ".join(raw(text).split())).replace('"', "'")


def docstring(text: UntrustedString | str, indent: int, *more: str) -> str:
    """Write a docstring: text of the spec, and paragraphs of ours."""
    body = docstring_begun(text, indent, *more)
    if "\n" in body:
        return f'{body}\n{" " * indent}"""'
    return f'{body}{"." if body.endswith(chr(34)) else ""}"""'


def docstring_begun(text: UntrustedString | str, indent: int, *more: str) -> str:
    """Write the beginning of a docstring, which a template goes on with."""
    safe = strings.safe_for_docstring(raw(text)).strip()
    paragraphs = [part for part in [*re.split(r"\n\s*\n", safe), *more] if part]
    filled = "\n\n".join(_filled(part, WIDTH - indent) for part in paragraphs)
    return f'"""{textwrap.indent(filled, " " * indent).lstrip()}'


def _filled(paragraph: str, width: int) -> str:
    """Fill a paragraph as one, or line by line where its lines are items."""
    items = paragraph.split("\n")
    if not any(re.match(r"\s*[-*] |    ", item) for item in items):
        items = [" ".join(paragraph.split())]
    hang = [
        len(item) - len(item.lstrip()) + (4 if item.startswith("    ") else 2 if items[1:] else 0)
        for item in items
    ]
    return "\n".join(
        textwrap.fill(
            item,
            width,
            subsequent_indent=" " * spaces,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for item, spaces in zip(items, hang, strict=True)
    )


def _only_filtered(value: object) -> object:
    if isinstance(value, UntrustedString | PythonCode):
        raise TypeError("a template prints text of the spec without a filter")
    return value


# What the templates see.


@define(frozen=True)
class Type:
    """A type in Python's terms."""

    annotation: str
    decoder: str
    """An expression: what turns JSON into the type, in terms of _codec.py."""
    is_json: bool
    """Whether the Python value is the JSON value."""
    is_inferred: bool = True
    """Whether type checkers infer the annotation from the decoder."""

    @property
    def is_composed(self) -> bool:
        """Whether the decoder is worth a name, so that it is built but once."""
        return "(" in self.decoder

    @property
    def optional(self) -> Type:
        """Give this type or `None`."""
        if self.annotation == "Any" or self.annotation.endswith("None"):
            return self
        known = re.fullmatch(r"as_(\w+)", self.decoder)
        decoder = f"as_opt_{known[1]}" if known else f"optional({self.decoder})"
        return evolve(self, annotation=f"{self.annotation} | None", decoder=decoder)


@define
class Field:
    """A field of a model, or a parameter of an operation."""

    name: str
    key: UntrustedString
    type: Type
    annotation: str
    required: bool
    description: UntrustedString

    @property
    def decoder(self) -> str:
        return f"_{self.name}" if self.type.is_composed else self.type.decoder


@define
class Model:
    """A model: a class with fields."""

    name: str
    module: str
    description: UntrustedString
    fields: list[Field]
    additional: Type
    imports: list[str]
    open_tag: tuple[UntrustedString | None, str] | None
    """The field, and the union that it tells this model by, where any other text may stand."""

    @property
    def always_null(self) -> list[str]:
        """The fields that must be sent as `null` where they are `None`."""
        return [raw(f.key) for f in self.fields if f.required and f.annotation.endswith("| None")]


@define
class Enum:
    """An enum, with its members under the names that they get in Python."""

    name: str
    module: str
    description: UntrustedString
    default: UntrustedString
    members: list[tuple[str, UntrustedString | int]]

    @property
    def is_text(self) -> bool:
        return not isinstance(self.members[0][1], int)


@define
class Union:
    """A component that is one of several types."""

    name: str
    module: str
    description: UntrustedString
    members: list[Property]
    tag: UntrustedString | None = None
    """The field that tells the members apart."""
    mapping: list[tuple[UntrustedString, str]] = field(factory=list)
    """The class for each value of the tag."""
    default: str | None = None
    """The class for every other value."""
    type: Type | None = None
    imports: list[str] = field(factory=list)

    @property
    def function(self) -> str:
        return f"{self.module}_from_dict"

    @property
    def values(self) -> str:
        return ", ".join(literal(value) for value, _ in self.mapping)


@define
class Operation:
    """An operation."""

    name: str
    method: str
    path: UntrustedString
    url: str
    doc: UntrustedString
    path_fields: list[Field]
    query: list[Field]
    headers: list[Field]
    body: Field | None
    successes: list[tuple[str, Type]]
    joined: tuple[str, ...]
    """The array parameters that the query writes as one, `explode: false`."""

    @property
    def keywords(self) -> list[Field]:
        named = [*([self.body] if self.body else []), *self.query, *self.headers]
        return sorted(named, key=lambda parameter: not parameter.required)

    @property
    def signature(self) -> str:
        star = ["*"] if self.keywords else []
        each = [
            f"{p.name}: {p.annotation}{'' if p.required else ' = None'}"
            for p in [*self.path_fields, *self.keywords]
        ]
        return ", ".join(each[: len(self.path_fields)] + star + each[len(self.path_fields) :])

    @property
    def arguments(self) -> str:
        positional = [parameter.name for parameter in self.path_fields]
        return ", ".join([*positional, *(f"{p.name}={p.name}" for p in self.keywords)])

    @property
    def returns(self) -> str:
        return " | ".join(dict.fromkeys(kind.annotation for _, kind in self.successes)) or "None"


class Package(Project):
    """A package, as the templates give it from a spec."""

    def __init__(self, document: Document, config: Config, templates: Path) -> None:
        data = GeneratorData.from_dict(dict(document), config=config)
        if not isinstance(data, GeneratorData):
            raise UnsupportedError(f"{data.header}\n{data.detail or ''}")
        super().__init__(openapi=data, config=config, custom_template_path=templates)
        self.templates = templates
        self.document = document
        self.schemas: Mapping[str, Document] = document.get("components", {}).get("schemas", {})
        self.parsed = {str(model.class_info.name): model for model in data.models}
        self.unions = list(self._unions())
        self.models = list(self._models())
        self.enums = list(self._enums())
        for union in self.unions:
            union.type = self._union_type(union.members, union.name)
            union.imports = self._imports(union.name, union.members)
        self.env.undefined = StrictUndefined
        self.env.finalize = _only_filtered
        self.env.filters.update(
            literal=literal,
            docstring=docstring,
            docstring_begun=docstring_begun,
            in_docstring=in_docstring,
            literal_set=lambda values: f"{{{', '.join(map(repr, values))}}}",
        )
        self.env.globals["sdk"] = self._sdk()

    def render(self, package_dir: Path) -> None:
        """Write the package, template by template."""
        each: dict[str, Sequence[Model | Enum | Union | None]] = {
            "{model}": self.models,
            "{enum}": self.enums,
            "{union}": self.unions,
        }
        for template in sorted(self.templates.rglob("*.*")):
            name = template.relative_to(self.templates).as_posix()
            slot = next(iter(re.findall(r"\{\w+\}", name)), "")
            for item in each.get(slot, [None]):
                output = name.removesuffix(".jinja").replace(slot, item.module if item else "")
                path = package_dir / output
                path.parent.mkdir(parents=True, exist_ok=True)
                text = template.read_text(encoding="utf-8")
                if name.endswith(".jinja"):
                    text = self.env.get_template(name).render({slot.strip("{}") or "item": item})
                path.write_text(MARK.format(name) + text, encoding="utf-8")

    # Types.

    def _type(self, prop: Property, inside: str | None = None) -> Type:
        """Give the type of a property, in the module of the class `inside` or elsewhere."""
        if isinstance(prop, ModelProperty):
            model = self.parsed[prop.class_info.name]
            if not _fields_of(model):
                extra = self._additional(model, inside)
                decoder = "as_mapping" if extra.decoder == "as_any" else f"map_of({extra.decoder})"
                return Type(f"dict[str, {extra.annotation}]", decoder, extra.is_json)
            return self._reference(model.class_info.name, "{}.from_dict", inside)
        if isinstance(prop, LiteralEnumProperty):
            name = prop.class_info.name if inside else f"models.{prop.class_info.name}"
            base = prop.value_type.__name__
            return Type(f"{name} | {base}", f"{base}_enum({name})", is_json=False)
        if isinstance(prop, ListProperty):
            item = self._type(prop.inner_property, inside)
            return evolve(
                item, annotation=f"list[{item.annotation}]", decoder=f"array_of({item.decoder})"
            )
        if isinstance(prop, ConstProperty):
            value = repr(prop.value.raw_value)
            return Type(f"Literal[{value}]", f"const({value})", is_json=True, is_inferred=False)
        if isinstance(prop, UnionProperty):
            return self._union_type(prop.inner_properties, inside)
        if type(prop) in SCALARS:
            return Type(*SCALARS[type(prop)])
        raise UnsupportedError(f"{raw(prop.name)}: {type(prop).__name__} is not supported")

    def _union_type(self, members: list[Property], inside: str | None) -> Type:
        some = [member for member in members if not isinstance(member, NoneProperty)]
        enums = {m.value_type for m in some if isinstance(m, LiteralEnumProperty)}
        bases = {StringProperty: str, IntProperty: int}
        some = [member for member in some if bases.get(type(member)) not in enums]
        union = self._union_of(some)
        if union and union.name != inside:
            kind = self._reference(union.name, "{}", inside)
            kind = evolve(kind, decoder=kind.decoder.replace(union.name, union.function))
        elif len(some) == 1:
            kind = self._type(some[0], inside)
        else:
            kinds = [self._type(member, inside) for member in some]
            kind = Type(
                " | ".join(dict.fromkeys(kind.annotation for kind in kinds)) or "None",
                f"one_of({', '.join(kind.decoder for kind in kinds)})" if kinds else "as_none",
                is_json=all(kind.is_json for kind in kinds),
                is_inferred=False,
            )
        return kind.optional if any(isinstance(m, NoneProperty) for m in members) else kind

    def _reference(self, name: str, decoder: str, inside: str | None) -> Type:
        if inside is None:
            return Type(f"models.{name}", decoder.format(f"models.{name}"), is_json=False)
        if inside in self._reached_from(name):
            call = decoder.format(f"models.{name}")
            return Type(f"models.{name}", f"lambda value: {call}(value)", is_json=False)
        return Type(name, decoder.format(name), is_json=False)

    def _additional(self, model: ModelProperty, inside: str | None) -> Type:
        extra = model.additional_properties
        return self._type(extra, inside) if extra else Type("Any", "as_any", is_json=True)

    def _union_of(self, members: list[Property]) -> Union | None:
        """Find the named union of these members."""
        kinds = {raw_type(member) for member in members}
        named = (u for u in self.unions if {raw_type(m) for m in u.members} - {"None"} == kinds)
        return next(named, None) if len(kinds) > 1 else None

    # How the modules of the models hang together.

    def _named(self, prop: Property | None, inside: str) -> Iterator[tuple[str, str]]:
        """Name the classes that a property's type is made of, with their modules."""
        if isinstance(prop, ModelProperty):
            model = self.parsed[prop.class_info.name]
            if _fields_of(model):
                yield model.class_info.name, model.class_info.module_name
            else:
                yield from self._named(model.additional_properties, inside)
        elif isinstance(prop, LiteralEnumProperty):
            yield prop.class_info.name, prop.class_info.module_name
        elif isinstance(prop, ListProperty):
            yield from self._named(prop.inner_property, inside)
        elif isinstance(prop, UnionProperty):
            some = [m for m in prop.inner_properties if not isinstance(m, NoneProperty)]
            if (union := self._union_of(some)) and union.name != inside:
                yield union.name, union.module
            else:
                for member in prop.inner_properties:
                    yield from self._named(member, inside)

    def _parts(self, name: str) -> list[Property]:
        """Give the fields of a model, or the members of a union."""
        for union in self.unions:
            if union.name == name:
                return union.members
        model = self.parsed.get(name)
        extra = [model.additional_properties] if model and model.additional_properties else []
        return [*_fields_of(model), *extra] if model else []

    def _reached_from(self, name: str) -> set[str]:
        """Name the classes that the module of a class needs, one through another."""
        reached: set[str] = set()
        todo = [name]
        while todo:
            current = todo.pop()
            for part in self._parts(current):
                found = {other for other, _ in self._named(part, current)} - reached
                reached |= found
                todo.extend(found)
        return reached | {name}

    def _imports(self, name: str, parts: list[Property]) -> list[str]:
        needed = {pair for part in parts for pair in self._named(part, name)}
        functions = {union.name: union.function for union in self.unions}
        lines = [
            f"from .{module} import {', '.join(filter(None, (other, functions.get(other))))}"
            for other, module in needed
            if name not in self._reached_from(other)
        ]
        return sorted(lines)

    # Models, enums and unions.

    def _unions(self) -> Iterator[Union]:
        openapi = oai.OpenAPI.model_validate(dict(self.document))
        components = (openapi.components and openapi.components.schemas) or {}
        known = props.build_schemas(
            components=components, schemas=props.Schemas(), config=self.config
        ).classes_by_reference
        by_name = {raw(path).rsplit("/", 1)[-1]: prop for path, prop in known.items()}
        for name, schema in self.schemas.items():
            prop = by_name.get(name)
            if not isinstance(prop, UnionProperty):
                continue
            classes = [m for m in prop.inner_properties if isinstance(m, ModelProperty)]
            if len(classes) < 2:
                continue
            info = Class.from_string(string=schema.get("title", name), config=self.config)
            union = Union(
                name=info.name,
                module=info.module_name,
                description=_text(schema.get("description")),
                members=list(prop.inner_properties),
            )
            discriminator = schema.get("discriminator")
            if discriminator and len(classes) == len(prop.inner_properties):
                class_of = {
                    name: str(member.class_info.name)
                    for name, member in by_name.items()
                    if isinstance(member, ModelProperty)
                }
                target = {key: class_of[_last(ref)] for key, ref in _mapping(discriminator)}
                fallback = discriminator.get("x-default-mapping")
                union.tag = _text(discriminator["propertyName"])
                union.default = class_of[_last(fallback)] if fallback else None
                union.mapping = [(_text(value), kind) for value, kind in target.items()]
                implicit = {str(m.class_info.name) for m in classes} - {
                    union.default,
                    *target.values(),
                }
                union.mapping += [(_text(n), k) for n, k in class_of.items() if k in implicit]
            yield union

    def _models(self) -> Iterator[Model]:
        bases = set(_refs(self.document, only_bases=True)) - set(_refs(self.document))
        for name, model in self.parsed.items():
            if not _fields_of(model) or name in bases:
                continue
            open_tag = next(((u.tag, u.name) for u in self.unions if u.default == name), None)
            yield Model(
                name=name,
                module=model.class_info.module_name,
                description=_text(model.description, f"The schema `{name}` of the API."),
                fields=[
                    self._field(prop, name, open_tag and open_tag[0])
                    for prop in sorted(_fields_of(model), key=lambda prop: not prop.required)
                ],
                additional=self._additional(model, name),
                imports=self._imports(name, self._parts(name)),
                open_tag=open_tag,
            )

    def _field(
        self, prop: Property, inside: str | None, open_tag: UntrustedString | None = None
    ) -> Field:
        kind = self._type(prop, inside)
        kind = kind if prop.required else kind.optional
        key = prop.name
        if key == open_tag:
            kind = Type("_AnyOther", f'cast("Decoder[_AnyOther]", {kind.decoder})', is_json=True)
        return Field(
            name=_attribute_name(prop.python_name),
            key=key,
            type=kind,
            annotation=kind.annotation,
            required=prop.required,
            description=_text(prop.description, f"The field `{raw(key)}`."),
        )

    def _enums(self) -> Iterator[Enum]:
        listed = {frozenset(s["enum"]) - {None}: s for s in _schemas_with_enum(self.document)}
        for prop in self.openapi.enums:
            assert isinstance(prop, LiteralEnumProperty), "generator-config.yaml asks for these"
            schema = listed[frozenset(prop.values)]
            values = [value for value in dict.fromkeys(schema["enum"]) if value is not None]
            names = schema.get("x-enum-varnames", [])
            members: dict[str, UntrustedString | int] = {}
            for index, value in enumerate(values):
                name = _member_name(names[index] if len(names) == len(values) else value)
                unique = name if name not in members else f"{name}_{index + 1}"
                members[unique] = _text(value) if isinstance(value, str) else value
            yield Enum(
                name=prop.class_info.name,
                module=prop.class_info.module_name,
                description=_text(schema.get("description")),
                default=_text(str(schema.get("default") or "")),
                members=list(members.items()),
            )

    # The client.

    def _sdk(self) -> dict[str, Any]:
        info = self.document["info"]
        hints = self.document.get("x-sdk", {})
        name = strings.pascal_case(hints.get("name", info["title"]))
        variable = strings.snake_case(name).upper()
        servers = [
            {"name": _text(server.get("x-name", f"server-{index}")), "url": _text(server["url"])}
            for index, server in enumerate(self.document.get("servers", [{"url": "/"}]), 1)
        ]
        operations = sorted(self._operations(), key=lambda operation: operation.name)
        errors = self._status_errors()
        modules = [
            ("client", ["AsyncClient", "Client"]),
            ("_transport", ["Response"]),
            ("errors", self._error_names(name, errors)),
        ]
        ours = {public for _, names in modules for public in names}
        exports = self._exports()
        names = sorted(public for _, module_names in exports for public in module_names)
        return {
            "name": name,
            "api_key_variable": _name(hints.get("api-key-variable", f"{variable}_API_KEY")),
            "environment_variable": _name(
                hints.get("environment-variable", f"{variable}_ENVIRONMENT")
            ),
            "servers": servers,
            "environment_type": f"Literal[{', '.join(literal(s['name']) for s in servers)}] | str",
            "auth": self._auth(),
            "title": _text(info["title"]),
            "description": _text(info.get("description")),
            "summary": _text(info.get("summary")),
            "status_errors": errors,
            "error_fields": self._error_fields(),
            "operations": operations,
            "exports": exports,
            "model_names": names,
            "public": [*modules, ("models", [public for public in names if public not in ours])],
        }

    def _exports(self) -> list[tuple[str, list[str]]]:
        models = [(model.module, [model.name]) for model in self.models]
        enums = [(enum.module, [enum.name]) for enum in self.enums]
        return sorted(models + enums + [(u.module, [u.name, u.function]) for u in self.unions])

    def _auth(self) -> dict[str, str]:
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        for scheme in schemes.values():
            if scheme["type"] == "http" and scheme.get("scheme", "").lower() == "bearer":
                return {"header": "Authorization", "value": 'f"Bearer {self._token}"'}
            if scheme["type"] == "apiKey" and scheme.get("in") == "header":
                return {"header": _name(scheme["name"]), "value": "self._token"}
        if schemes:
            raise UnsupportedError(
                f"none of the security schemes {', '.join(schemes)} is supported"
            )
        return {"header": "Authorization", "value": 'f"Bearer {self._token}"'}

    def _status_errors(self) -> list[dict[str, Any]]:
        documented = {
            code for *_, document in self._raw_operations() for code in document["responses"]
        }
        errors = [
            {"name": name, "code": code, "statuses": code, "description": text}
            for code, (name, text) in STATUS_ERRORS.items()
            if code not in {409, 422} or str(code) in documented
        ]
        text = "The API failed, or a gateway in front of it did; it may do better later."
        last = {"name": "InternalServerError", "code": None, "statuses": "5xx", "description": text}
        return [*errors, last]

    @staticmethod
    def _error_names(name: str, errors: list[dict[str, Any]]) -> list[str]:
        ours = ["APIConnectionError", "APIError", "APIStatusError", "APITimeoutError"]
        return sorted([*ours, f"{name}Error", "ResponseDecodeError", *(e["name"] for e in errors)])

    def _error_fields(self) -> list[Field]:
        """Find the texts in the body of an error; every error gets them as attributes."""
        for endpoint in self._endpoints():
            for answer in endpoint.responses:
                if answer.status_code.pattern[0] in "45d" and isinstance(
                    answer.prop, ModelProperty
                ):
                    found = [
                        self._field(p, "")
                        for p in _fields_of(self.parsed[answer.prop.class_info.name])
                    ]
                    return [f for f in found if f.type.annotation.removesuffix(" | None") == "str"]
        return []

    def _endpoints(self) -> Iterator[Endpoint]:
        for collection in self.openapi.endpoint_collections_by_tag.values():
            yield from collection.endpoints

    def _raw_operations(self) -> Iterator[tuple[str, str, Document]]:
        """Give the method, the path and the document of every operation."""
        for path, item in self.document.get("paths", {}).items():
            for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace"):
                if method in item:
                    shared = item.get("parameters", [])
                    own = item[method].get("parameters", [])
                    yield method, path, {**item[method], "parameters": [*shared, *own]}

    def _operations(self) -> Iterator[Operation]:
        documents = {}
        for method, path, document in self._raw_operations():
            name = (
                strings.PythonIdentifier(document["operationId"], self.config.field_prefix)
                if "operationId" in document
                else generate_operation_id(
                    path=UntrustedString(path), method=method, prefix=self.config.field_prefix
                )
            )
            if name in documents:
                raise UnsupportedError(f"two operations are called {name}")
            documents[name] = (path, document)
        for endpoint in self._endpoints():
            yield self._operation(endpoint, *documents[endpoint.name])

    def _operation(self, endpoint: Endpoint, path: str, document: Document) -> Operation:
        if endpoint.cookie_parameters or len(endpoint.bodies) > 1:
            raise UnsupportedError(f"{endpoint.method.upper()} {path}: cookies, or several bodies")
        parameters = {(p["in"], p["name"]): p for p in map(self._resolved, document["parameters"])}

        def field_of(place: str, prop: Property) -> Field:
            one = self._field(prop, None)
            described = parameters[(place, raw(one.key))].get("description")
            annotation = one.annotation.replace("UUID", "str | UUID").replace("list[", "Sequence[")
            text = _text(described or one.description)
            return evolve(one, annotation=annotation, description=text)

        path_fields = [field_of("path", prop) for prop in endpoint.path_parameters]
        query = [field_of("query", prop) for prop in endpoint.query_parameters]
        body = None
        for found in endpoint.bodies:
            if found.body_type != "json":
                raise UnsupportedError(f"{endpoint.method.upper()} {path}: a body that is not JSON")
            body = evolve(self._field(found.prop, None), name="body")
        successes = [r for r in endpoint.responses if r.status_code.pattern.startswith("2")]
        operation = Operation(
            name=endpoint.name,
            method=endpoint.method.upper(),
            path=_text(path),
            url=_url(path, path_fields),
            doc=_text(""),
            path_fields=path_fields,
            query=query,
            headers=[field_of("header", prop) for prop in endpoint.header_parameters],
            body=body,
            successes=[(r.status_code.pattern, self._answer_type(r)) for r in successes],
            joined=tuple(
                raw(p.key)
                for p in query
                if parameters[("query", raw(p.key))].get("explode") is False
            ),
        )
        return evolve(operation, doc=_text(self._operation_doc(operation, document)))

    def _answer_type(self, answer: Response) -> Type:
        if answer.source["attribute"] == "None":
            return Type("None", "as_none", is_json=True)
        if answer.source["attribute"] != "response.json()":
            raise UnsupportedError(f"{answer.status_code.pattern}: an answer that is not JSON")
        return self._type(answer.prop)

    def _operation_doc(self, operation: Operation, document: Document) -> str:
        def section(title: str, items: list[tuple[str, str]]) -> str:
            lines = [f"    {name}: {' '.join(text.split())}" for name, text in items]
            return "\n".join([f"{title}:", *lines]) if items else ""

        named = {e["code"]: e["name"] for e in self._status_errors()}
        statuses: dict[str, str] = {}
        answer = ""
        for code, response in document["responses"].items():
            text = self._resolved(response).get("description", "")
            if code.startswith("2"):
                answer = answer or text
            elif code.isdigit() and int(code) in named:
                statuses[named[int(code)]] = f"{text.removesuffix('.')} ({code})."
        checked = [f for f in operation.path_fields if "UUID" in f.annotation]
        raises = [
            *([("ValueError", f"`{checked[0].name}` is no UUID.")] if checked else []),
            *statuses.items(),
            ("APIStatusError", "The API answered with another status that is no success."),
            ("APIConnectionError", "The API could not be reached, or took too long."),
            ("ResponseDecodeError", "The answer is not what the spec says."),
        ]
        arguments = [
            (f.name, raw(f.description)) for f in [*operation.path_fields, *operation.keywords]
        ]
        parts = [
            document.get("summary", "").rstrip(".") + "." if document.get("summary") else "",
            document.get("description", ""),
            "Deprecated." if document.get("deprecated") else "",
            section("Args", arguments),
            f"Returns:\n    {' '.join(answer.split())}" if answer else "",
            section("Raises", raises),
            f"Source: `{operation.method} {raw(operation.path)}`.",
        ]
        return "\n\n".join(part for part in parts if part)

    def _resolved(self, document: Document) -> Document:
        while "$ref" in document:
            found: Any = self.document
            for step in document["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            document = found
        return document


def _text(text: UntrustedString | str | None, default: str = "") -> UntrustedString:
    """Mark text of the document, so that it reaches the output through a filter alone."""
    return UntrustedString(raw(text) or default)


def _name(text: str) -> str:
    """Check a name of a header or a variable, which is then safe anywhere."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text):
        raise UnsupportedError(f"{text!r} cannot be the name of a header or a variable")
    return text


def _fields_of(model: ModelProperty) -> list[Property]:
    return [*(model.required_properties or []), *(model.optional_properties or [])]


def _attribute_name(name: str) -> str:
    """Free a name from the `_` that the generator puts behind every built-in, where it can be."""
    plain = name.removesuffix("_")
    if plain in TAKEN_NAMES:
        return f"{plain}_"
    return plain if hasattr(builtins, plain) and not keyword.iskeyword(plain) else name


def raw_type(prop: Property) -> str:
    """Give the generator's own name of a type, to compare types by."""
    return prop.get_type_string(no_optional=True).as_unembedded_code()


def _last(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _mapping(discriminator: Document) -> list[tuple[str, str]]:
    return list((discriminator.get("mapping") or {}).items())


def _url(path: str, fields: list[Field]) -> str:
    """Write the expression that fills in a path."""
    by_key = {raw(f.key): f for f in fields}
    parts = []
    for text in re.split(r"(\{[^}]*\})", path):
        if (found := by_key.get(text.strip("{}"))) and text.startswith("{"):
            check = "uuid_argument" if "UUID" in found.annotation else "path_argument"
            parts.append(f"{check}({found.name!r}, {found.name})")
        elif text:
            parts.append(literal(text))
    return " + ".join(parts) or '""'


def _member_name(value: str | int) -> str:
    if isinstance(value, int):
        return f"VALUE_{value}" if value >= 0 else f"VALUE_NEGATIVE_{-value}"
    name = strings.snake_case(value).upper()
    return name if name.isidentifier() else f"VALUE_{name}".rstrip("_")


def _walk(node: Any) -> Iterator[Document]:
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def _schemas_with_enum(document: Document) -> Iterator[Document]:
    return (node for node in _walk(document) if isinstance(node.get("enum"), list))


def _refs(document: Document, *, only_bases: bool = False) -> Iterator[str]:
    """Name the schemas that are referred to: as one part among others of `allOf`, or otherwise."""
    bases = [
        part
        for node in _walk(document)
        if isinstance(node.get("allOf"), list) and len(node["allOf"]) > 1
        for part in node["allOf"]
    ]
    taken = {id(part) for part in bases}
    for node in bases if only_bases else _walk(document):
        if isinstance(node.get("$ref"), str) and (only_bases or id(node) not in taken):
            yield _last(node["$ref"])
