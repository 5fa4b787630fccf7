"""An OpenAPI document: read, and put into the form that the generator understands in full.

Left alone, the generator names classes and operations as it meets them, and stops where two names
clash. Here every schema that becomes a class becomes a component, and whatever gets a name in
Python has one that is free, with what goes over the wire beside it.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from attrs import define, field
from openapi_python_client import strings
from ruamel.yaml import YAML

Document = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

PREFIX = "field_"
"""What the generator puts before a name that would not be one in Python."""


class UnsupportedError(Exception):
    """A part of the spec that no package can be made of."""

    def __init__(self, reason: str, *place: str) -> None:
        """Say why, and where: the path and method of an operation, or the name of a schema."""
        super().__init__(": ".join([*([" ".join(place)] if place else []), reason]))
        self.place = place


@contextmanager
def placed(*place: str) -> Generator[None]:
    """Add to an error where it happened, unless it says so."""
    try:
        yield
    except UnsupportedError as error:
        if error.place:
            raise
        raise UnsupportedError(str(error), *place) from None


def without(document: Document, *place: str) -> dict[str, Any]:
    """Take an operation or a schema out of a document, as an `UnsupportedError` names it."""
    new = copy.deepcopy(dict(document))
    kind, name = place
    if kind == "schema":
        del new["components"]["schemas"][name]
        return new
    for path, method, operation in list(operations(new)):
        if method.upper() == kind and operation.get("x-path", path) == name:
            del new["paths"][path][method]
    return new


def parse(text: str) -> Any:
    """Read YAML or JSON, its keys as JSON has them: `200:` is a status, no number."""
    is_json = text.lstrip().startswith(("{", "["))
    return _with_text_keys(json.loads(text) if is_json else YAML(typ="safe", pure=True).load(text))


def load(path: Path) -> dict[str, Any]:
    """Read a document from a file."""
    document = parse(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise UnsupportedError("this is no OpenAPI document")
    return document


def _with_text_keys(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _with_text_keys(value) for key, value in node.items()}
    return [_with_text_keys(item) for item in node] if isinstance(node, list) else node


def last(reference: str) -> str:
    """Give the name at the end of a `$ref`."""
    return unquote(reference.rsplit("/", 1)[-1]).replace("~1", "/").replace("~0", "~")


def resolved(document: Document, node: Document) -> Document:
    """Follow the `$ref` of a parameter, a body or an answer."""
    seen: list[str] = []
    while "$ref" in node:
        reference: str = node["$ref"]
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(last(step)) if isinstance(found, Mapping) else None
        if not reference.startswith("#/") or not isinstance(found, Mapping) or reference in seen:
            raise UnsupportedError(f"{reference} leads nowhere in this document")
        seen.append(reference)
        node = found
    return node


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give the path, the method and the content of every operation."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if isinstance(item.get(method), dict):
                yield path, method, item[method]


def subschemas(schema: Document) -> Iterator[Document]:
    """Give a schema, and those that lie in it."""
    yield schema
    maps = [schema.get(key) for key in ("properties", "patternProperties", "$defs")]
    lists = [schema.get(key) for key in ("allOf", "anyOf", "oneOf", "prefixItems")]
    inner = [schema.get(key) for key in ("items", "additionalProperties")]
    inner += [one for some in maps if isinstance(some, Mapping) for one in some.values()]
    inner += [one for some in lists if isinstance(some, list) for one in some]
    for one in inner:
        if isinstance(one, Mapping):
            yield from subschemas(one)


def schemas_of(document: Document) -> Iterator[Document]:
    """Give every schema of a prepared document, however deep it lies."""
    for schema in document["components"]["schemas"].values():
        if isinstance(schema, Mapping):
            yield from subschemas(schema)
    for _, _, operation in operations(document):
        bodies = [operation.get("requestBody") or {}, *operation["responses"].values()]
        bodies += operation["parameters"]
        contents = [one for body in bodies for one in (body.get("content") or {}).values()]
        for holder in [*bodies, *contents]:
            if isinstance(holder.get("schema"), Mapping):
                yield from subschemas(holder["schema"])


def free(name: str, taken: Collection[str], separator: str = "_") -> str:
    """Find a name that is not taken: the name itself, or with a number behind it."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}{separator}{number}", number + 1
    return found


def python_name(text: str) -> str:
    """Write any text as a name in Python."""
    return str(strings.PythonIdentifier(re.sub(r"\W+", "_", text).strip("_"), PREFIX))


@define
class Reserved:
    """The names that the package has itself."""

    classes: frozenset[str]
    """What a class cannot be called."""
    methods: frozenset[str]
    """What an operation cannot be called."""
    arguments: frozenset[str]
    """What a parameter cannot be called."""


def prepare(document: Document, reserved: Reserved) -> dict[str, Any]:
    """Put a document into the form that the generator understands in full."""
    return _Preparation(copy.deepcopy(dict(document)), reserved).run()


@define
class _Preparation:
    document: dict[str, Any]
    reserved: Reserved
    schemas: dict[str, Any] = field(factory=dict)
    """Every component, those that lay inline included, under their names in the document."""
    nullable: set[str] = field(factory=set)
    """The components that may be `null` themselves; now each reference to them says so."""

    def run(self) -> dict[str, Any]:
        components = self.document.setdefault("components", {})
        originals = components.get("schemas") or {}
        self.schemas = dict(originals)
        for name, schema in originals.items():
            with placed("schema", name):
                self.schemas[name] = self._component(name, self._visited(schema, name, is_top=True))
        self.document["paths"] = self._paths()
        for name, schema in self.schemas.items():
            with placed("schema", name):
                self._tell_apart(schema)
        names = self._class_names(originals)
        self.document = self._renamed(self.document, names)
        self.document["components"] = {
            **components,
            "schemas": {
                names[name]: self._marked(names[name], self._renamed(schema, names))
                for name, schema in self.schemas.items()
                if self._alias(name) == name
            },
        }
        return self.document

    # Schemas.

    def _visited(self, schema: Any, name: str, *, is_top: bool = False) -> Any:
        """Make components of the classes in a schema, and of itself if it lies inline."""
        if not isinstance(schema, dict):
            return {} if schema is True else schema
        if "$ref" in schema:
            return schema
        default = {"x-default": schema["default"]} if "default" in schema else {}
        schema = {k: v for k, v in schema.items() if k not in UNUSED} | default
        inner = [part for part in ("oneOf", "anyOf") if isinstance(schema.get(part), list)]
        for part in inner:
            kept = [one for one in schema[part] if not _is_constraint(one)]
            if len(kept) < len(schema[part]):
                # What only asks for some of the properties beside it says nothing of types.
                kept = []
            some = [one for one in kept if not _is_null(one)]
            schema[part] = [
                self._visited(one, name if len(some) == 1 else f"{name} {_title(one, index)}")
                for index, one in enumerate(kept, 1)
            ]
            if not schema[part]:
                del schema[part]
        if "allOf" in schema:
            schema["allOf"] = [
                self._visited(one, name, is_top=True) for one in schema["allOf"] if one is not True
            ]
        if isinstance(schema.get("properties"), dict):
            schema["properties"] = {
                key: self._visited(one, f"{name} {key}")
                for key, one in schema["properties"].items()
            }
        if "items" in schema:
            schema["items"] = self._visited(schema["items"], f"{name} item")
        if isinstance(schema.get("prefixItems"), list):
            schema["prefixItems"] = [
                self._visited(one, f"{name} item {index}")
                for index, one in enumerate(schema["prefixItems"], 1)
            ]
        if isinstance(schema.get("additionalProperties"), dict):
            extra = schema["additionalProperties"]
            schema["additionalProperties"] = self._visited(extra, f"{name} value")
        if schema.get("type") == "array" and "items" not in schema and "prefixItems" not in schema:
            schema["items"] = {}
        if schema.get("properties") and ("oneOf" in schema or "anyOf" in schema):
            raise UnsupportedError("properties beside oneOf or anyOf")
        if is_top or not (_is_class(schema) or self._is_nested_union(schema)):
            return schema
        return self._reference(self._hoisted(name, schema), schema)

    def _hoisted(self, name: str, schema: dict[str, Any]) -> str:
        """Make an inline schema a component, and give its name."""
        name = free(_pascal(name), self.schemas, "")
        self.schemas[name] = self._component(name, schema)
        return name

    def _component(self, name: str, schema: Any) -> Any:
        """Take `null` out of a class; the references to it say so instead."""
        if not isinstance(schema, dict) or not (_is_class(schema) or members_of(schema)):
            return schema
        plain = dict(schema)
        is_nullable = bool(plain.pop("nullable", False))
        if isinstance(plain.get("type"), list):
            kinds = [kind for kind in plain["type"] if kind != "null"]
            is_nullable = is_nullable or len(kinds) < len(plain["type"])
            plain["type"] = kinds[0] if len(kinds) == 1 else kinds
        if isinstance(plain.get("enum"), list):
            is_nullable = is_nullable or None in plain["enum"]
            plain["enum"] = [value for value in plain["enum"] if value is not None]
        some = [one for one in members_of(plain) if not _is_null(one)]
        if len(some) > 1:
            is_nullable = is_nullable or len(some) < len(members_of(plain))
            plain["oneOf" if "oneOf" in plain else "anyOf"] = some
        if is_nullable:
            self.nullable.add(name)
        return plain

    def _is_nested_union(self, schema: Document) -> bool:
        """Whether one of several types is in turn one of several."""
        targets = [last(one["$ref"]) for one in members_of(schema) if "$ref" in one]
        some = [self.schemas.get(self._alias(target)) for target in targets]
        return len(targets) > 1 and any(isinstance(one, dict) and members_of(one) for one in some)

    def _reference(self, name: str, schema: Document) -> dict[str, Any]:
        reference: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
        if "description" not in schema:
            return reference
        return {"allOf": [reference], "description": schema["description"]}

    def _alias(self, name: str) -> str:
        """Follow a component that is only a reference to another."""
        seen = {name}
        while isinstance(found := self.schemas.get(name), dict) and "$ref" in found:
            name = last(found["$ref"])
            if name in seen:
                raise UnsupportedError("it refers to itself alone", "schema", name)
            seen.add(name)
        return name

    def _tell_apart(self, schema: Any) -> None:
        """Say of each discriminator which value means which schema, in full."""
        hints = schema.get("discriminator") if isinstance(schema, dict) else None
        if not isinstance(hints, dict):
            return
        members = members_of(schema)
        if not members:
            del schema["discriminator"]  # Of those that extend the schema; it takes them all.
            return
        key = hints["propertyName"]
        default = hints.get("x-default-mapping")
        given = hints.get("mapping") or {}
        mapping = {str(value): self._alias(last(ref)) for value, ref in given.items()}
        found: dict[str, str] = {}
        for member in members:
            target = self._alias(last(member["$ref"])) if "$ref" in member else ""
            inner = self.schemas.get(target)
            if not isinstance(inner, dict):
                continue
            self._tell_apart(inner)
            if inner.get("discriminator", {}).get("propertyName") == key:
                nested = {v: last(r) for v, r in inner["discriminator"]["mapping"].items()}
                found |= nested
                mapping = {value: kind for value, kind in mapping.items() if kind != target}
            elif target not in {*mapping.values(), default and self._alias(last(default))}:
                values = list(self._values(inner, key)) or [last(member["$ref"])]
                found |= dict.fromkeys(values, target)
        mapping |= {value: kind for value, kind in found.items() if value not in mapping}
        targets = [*mapping.values(), *([self._alias(last(default))] if default else [])]
        part = "oneOf" if "oneOf" in schema else "anyOf"
        others = [
            one
            for one in members
            if "$ref" not in one
            or "discriminator" not in (self.schemas.get(self._alias(last(one["$ref"]))) or {})
        ]
        known = [self._alias(last(one["$ref"])) for one in others if "$ref" in one]
        more = [kind for kind in dict.fromkeys(targets) if kind not in known]
        schema[part] = [*others, *({"$ref": f"#/components/schemas/{kind}"} for kind in more)]
        schema["discriminator"] = {
            **hints,
            "mapping": {v: f"#/components/schemas/{kind}" for v, kind in mapping.items()},
        }

    def _values(self, schema: Document, key: str) -> Iterator[str]:
        """Find the values that a schema says a property has."""
        for part in parts_of(schema):
            if "$ref" in part:
                target = self.schemas.get(self._alias(last(part["$ref"])))
                if isinstance(target, dict):
                    yield from self._values(target, key)
                continue
            found = part.get("properties", {}).get(key)
            if not isinstance(found, dict):
                continue
            if "$ref" in found:
                found = self.schemas.get(self._alias(last(found["$ref"]))) or {}
            if isinstance(found.get("const"), str):
                yield found["const"]
            elif len(found.get("enum") or []) == 1:
                yield str(found["enum"][0])

    def _class_names(self, originals: Document) -> dict[str, str]:
        """Find a name in Python for every component; those of the document choose first."""
        names: dict[str, str] = {}
        modules: set[str] = set()
        plain = [n for n in originals if strings.pascal_case(n) == n]
        order = dict.fromkeys([*plain, *originals, *self.schemas])
        for name in order:
            wanted = _pascal(name)
            if wanted in self.reserved.classes:
                wanted += "Model"
            found, number = wanted, 2
            while strings.snake_case(found) in modules:
                found, number = f"{wanted}{number}", number + 1
            modules.add(strings.snake_case(found))
            names[name] = found
        return names

    def _renamed(self, node: Any, names: Mapping[str, str]) -> Any:
        """Have every reference lead to the new name of what it led to."""
        prefix = "#/components/schemas/"
        if isinstance(node, list):
            return [self._renamed(item, names) for item in node]
        if isinstance(node, str) and node.startswith(prefix):
            target = self._alias(last(node))
            return prefix + names.get(target, target)
        if not isinstance(node, dict):
            return node
        new = {key: self._renamed(value, names) for key, value in node.items()}
        bases = node.get("allOf", [])
        if len(bases) > 1 or "properties" in node:
            # An object that is put together from others is so where they could be `null`, too.
            new["allOf"] = [
                {"$ref": self._renamed(one["$ref"], names)} if "$ref" in one else new_one
                for one, new_one in zip(bases, new.get("allOf", []), strict=True)
            ]
        reference = node.get("$ref")
        if isinstance(reference, str) and self._alias(last(reference)) in self.nullable:
            return {"oneOf": [{"$ref": new["$ref"]}, {"type": "null"}]}
        return new

    @staticmethod
    def _marked(name: str, schema: Any) -> Any:
        """Have the generator keep the name of a union, which it forgets but for its example."""
        return {**schema, "example": name} if members_of(schema) else schema

    # Operations.

    def _paths(self) -> dict[str, Any]:
        """Give each operation and each parameter of it a name of its own."""
        paths: dict[str, Any] = {}
        taken = set(self.reserved.methods)
        everything = [
            (path, method, self._path_item(path, item))
            for path, item in (self.document.get("paths") or {}).items()
            for method in METHODS
            if method in self._path_item(path, item)
        ]
        wanted = {
            (path, method): python_name(
                item.get(method, {}).get("operationId") or f"{method} {path}"
            )
            for path, method, item in everything
        }
        for path, method, item in everything:
            name = wanted[path, method]
            name = free(f"{name}_" if name in self.reserved.methods else name, taken)
            taken.add(name)
            with placed(method.upper(), path):
                new_path, operation = self._operation(path, method, item, name)
            paths.setdefault(new_path, {})[method] = operation
        return paths

    def _path_item(self, path: str, item: Document) -> Document:
        with placed("the path", path):
            return resolved(self.document, item)

    def _operation(
        self, path: str, method: str, item: Document, name: str
    ) -> tuple[str, dict[str, Any]]:
        own = {**item[method], "operationId": name, "x-path": path}
        body = own.get("requestBody")
        if body is not None:
            body = dict(resolved(self.document, body))
            body["content"] = self._content(body.get("content") or {}, f"{name} body")
            own["requestBody"] = body
        own["responses"] = {}
        for status, answer in item[method].get("responses", {}).items():
            answer = dict(resolved(self.document, answer))
            if answer.get("content"):
                answer["content"] = self._content(answer["content"], f"{name} response {status}")
            own["responses"][status] = answer
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for given in [*item[method].get("parameters", []), *item.get("parameters", [])]:
            parameter = dict(resolved(self.document, given))
            if parameter.get("in") == "header" and parameter["name"].lower() in IGNORED_HEADERS:
                continue  # OpenAPI 3.1, 4.8.12.1: these are not described so.
            found.setdefault((parameter["in"], parameter["name"]), parameter)
        taken = set(self.reserved.arguments) | ({"body"} if body else set())
        own["parameters"] = []
        renamed: dict[str, str] = {}
        for (place_in, wire_name), parameter in sorted(found.items(), key=_path_first):
            python = python_name(wire_name)
            python = f"{python}_" if python in self.reserved.arguments else python
            if python in taken:
                python = free(f"{python.rstrip('_')}_{place_in}", taken)
            taken.add(python)
            parameter |= {"name": python, "x-wire-name": wire_name}
            if "schema" in parameter:
                parameter["schema"] = self._visited(parameter["schema"], f"{name} {python}")
            if place_in == "path":
                if f"{{{wire_name}}}" not in path:
                    raise UnsupportedError(f"the path has no {{{wire_name}}}")
                renamed[wire_name] = python
            own["parameters"].append(parameter)
        return re.sub(r"\{([^{}]*)\}", lambda m: f"{{{renamed.get(m[1], m[1])}}}", path), own

    def _content(self, content: Document, name: str) -> dict[str, Any]:
        """Keep the JSON of a body that comes in several forms."""
        kept = {kind: one for kind, one in content.items() if is_json(kind)} or dict(content)
        for kind, one in kept.items():
            if isinstance(one, dict) and "schema" in one:
                kept[kind] = {**one, "schema": self._visited(one["schema"], name)}
        return kept


UNUSED = frozenset({"title", "default", "example", "examples"})
"""What says nothing of types, but may trip the generator."""

IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def parts_of(schema: Document) -> Iterator[Document]:
    """Give the parts that an object is put together from."""
    yield schema
    for part in schema.get("allOf") or []:
        if isinstance(part, dict):
            yield from parts_of(part)


def members_of(schema: Document) -> list[Any]:
    """Give the types that a schema may be of, if there are several."""
    found: list[Any] = schema.get("oneOf") or schema.get("anyOf") or []
    return found


def _is_class(schema: Document) -> bool:
    """Whether a schema becomes a class, or a function that tells classes apart."""
    enum = [value for value in schema.get("enum") or [] if value is not None]
    if enum and schema.get("type") != "boolean":
        return True
    if schema.get("discriminator") and members_of(schema):
        return True
    parts = schema.get("allOf") or []
    return bool(schema.get("properties")) or len(parts) > 1 or any(map(_is_inline_class, parts))


def _is_inline_class(part: Document) -> bool:
    return "$ref" not in part and _is_class(part)


def _is_constraint(schema: Any) -> bool:
    """Whether a schema says nothing of a type, as in `{required: [name]}`."""
    says = {"required", "not", "title", "description", "properties"}
    if not isinstance(schema, dict) or not set(schema) <= says or "required" not in schema:
        return False
    return not any(schema.get("properties", {}).values())


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _title(schema: Any, index: int) -> str:
    title = schema.get("title") if isinstance(schema, dict) else None
    return title if isinstance(title, str) and _pascal(title) else f"type {index}"


def _pascal(name: str) -> str:
    """Write a name as that of a class, in a way that the generator leaves as it is."""
    found = strings.pascal_case(re.sub(r"\W+", " ", name))
    found = found if found.isidentifier() else strings.pascal_case(f"{PREFIX}{found}")
    return found if found == name else _pascal(found)


def _path_first(item: tuple[tuple[str, str], Any]) -> bool:
    return item[0][0] != "path"
