"""Read what an OpenAPI document promises, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from attrs import define, evolve, field
from contract import Contract, Promise, plain
from generator.document import METHODS, UnsupportedError, parse
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012


def read(source: str | Path, like: Contract | None = None) -> Contract:
    """Read a document from a file or a URL, and what it refers to from beside it.

    `like` another, only what that has is read in depth: a vendor's document may be very large.
    """
    address = str(source) if "://" in str(source) else Path(source).resolve().as_uri()
    resource = _retrieve(address)
    document: Any = resource.contents
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise UnsupportedError("this is no OpenAPI document with paths")
    version = str((document.get("info") or {}).get("version", ""))
    contract = Contract(version, _departures(document))
    for number, server in enumerate(document.get("servers") or [], 1):
        facts = {"number": str(number), "name": server.get("x-name") or ""}
        contract.promises[f"server {server.get('url')}"] = Promise("server", facts)
    known = None if like is None else set(map(plain, like.promises))
    registry: Any = Registry
    reader = _Reader(
        document=_Node(f"{address}#", document),
        registry=registry(retrieve=cache(_retrieve)).with_resource(address, resource),
        found=contract,
        is_known=lambda place: known is None or plain(place) in known,
    )
    for path in document["paths"]:
        item = reader.follow(reader.document["paths"][path], path)
        for method in METHODS:
            if isinstance(item.value, Mapping) and method in item.value:
                reader.operation(f"{method.upper()} {path}", item, item[method])
    return contract


def _retrieve(address: str) -> Resource[Any]:
    if address.startswith("file:"):
        text = Path(httpx.URL(address).path).read_text(encoding="utf-8")
    else:
        text = httpx.get(address, follow_redirects=True, timeout=30).raise_for_status().text
    return Resource.from_contents(parse(text), default_specification=DRAFT202012)


@define(frozen=True)
class _Node:
    """A part of a document, and where it lies."""

    address: str
    value: Any
    shape: str | None = None
    """Why the vendor's document shows another shape here, if so."""

    def __getitem__(self, key: str | int) -> _Node:
        """Return what lies at a key; anything at all where there is nothing."""
        step = str(key).replace("~", "~0").replace("/", "~1").replace("%", "%25")
        value = self.value.get(key, {}) if isinstance(self.value, Mapping) else self.value[key]
        return _Node(f"{self.address}/{step}", value, self.shape)

    def each(self, key: str) -> list[_Node]:
        """Return the items of a list that lies at a key."""
        return [self[key][index] for index in range(len(self.value.get(key) or []))]


@define
class _Reader:
    """Reads one document, and writes down what it finds."""

    document: _Node
    registry: Any
    found: Contract
    is_known: Callable[[str], bool]
    checked: set[str] = field(factory=set[str])

    def follow(self, node: _Node, place: str) -> _Node:
        """Follow references; what leads nowhere is a mistake, and anything at all."""
        seen: list[str] = []
        while isinstance(node.value, Mapping) and isinstance(node.value.get("$ref"), str):
            reference = node.value["$ref"]
            address = urljoin(node.address, reference)
            address += "" if "#" in address else "#"
            try:
                value = {} if address in seen else self.registry.resolver().lookup(address).contents
                wrong = "leads to itself" if address in seen else ""
            except Unresolvable as error:
                value, wrong = {}, f"leads nowhere: {error.__cause__ or error}"
            if wrong:
                self.found.mistakes[f"{place}: {reference} {wrong}"] = None
            seen.append(address)
            node = _Node(address, value, node.shape)
        return node

    def operation(self, place: str, item: _Node, operation: _Node) -> None:
        """Read an operation: its security, parameters, body and answers."""
        said = operation.value
        for tag in said.get("tags", []):
            self.found.tags.setdefault(tag, []).append(place)
        facts = {"name": said.get("operationId", ""), **_flags(said)}
        self.found.promises[place] = Promise("operation", facts)
        if not self.is_known(place):
            return
        for one in said.get("security", self.document.value.get("security", [])):
            for name in one:
                scheme = self.follow(self.document["components"]["securitySchemes"][name], place)
                words = [scheme.value.get(key, "") for key in ("type", "scheme", "in", "name")]
                key = f"{place} security {' '.join(filter(None, words)).lower()}"
                self.found.promises[key] = Promise("security")
        parameters = {}
        for given in [*item.each("parameters"), *operation.each("parameters")]:
            node = self.follow(given, place)
            parameters[f"{place} {node.value.get('in')} {node.value.get('name')}"] = node
        for here, node in parameters.items():
            facts = _flags(node.value, absent=not node.value.get("required"))
            self.promise(here, [node["schema"]], "parameter", facts)
            self.check(here, node, node["schema"])
        if "requestBody" in said:
            node = self.follow(operation["requestBody"], place)
            facts = _flags({}, absent=not node.value.get("required"))
            self.content(f"{place} body", node, "body", facts)
        for status in said.get("responses", {}):
            node = self.follow(operation["responses"][status], f"{place} {status}")
            self.content(f"{place} {status}", node, "answer", {})

    def content(self, place: str, holder: _Node, sort: str, facts: dict[str, str]) -> None:
        """Read a body or an answer: its media types, and the schema of the first that is JSON."""
        content = holder.value.get("content") or {}
        facts |= {f"media type {name.lower()}": "" for name in content}
        names = [name for name in content if "json" in name.lower()] or list(content)
        schemas = [holder["content"][name]["schema"] for name in names[:1]]
        self.promise(place, schemas, sort, facts)
        for schema in schemas:
            self.check(place, holder["content"][names[0]], schema)

    def promise(
        self, place: str, nodes: list[_Node], sort: str, facts: dict[str, str], *seen: str
    ) -> None:
        """Note what the schemas of a place say together, and what lies in it."""
        read = [self.parts(node, place) for node in nodes]
        parts = [part for some, _ in read for part in some]
        departures: dict[str, str] = {}
        for node in nodes:
            departures |= _departures(node.value)
        shapes = [node.shape for node in nodes]
        if shapes and all(shapes) and shapes[0] not in departures.values():
            departures |= {"field": str(shapes[0])}
        facts = facts | _facts([part.value for part in parts])
        self.found.promises[place] = Promise(sort, facts, departures)
        # A schema may hold itself. Its second appearance says nothing new.
        here = {part.address for part in parts}
        if here & set(seen) or not self.is_known(place):
            return
        inner = _inner(parts)
        for name in (
            sorted(set().union(*(names for _, names in read)) - inner.keys()) if inner else []
        ):
            wrong = f"required names {name[1:]}, which is no property"
            self.found.mistakes[f"{place}: {wrong}"] = None
        for name, some in inner.items():
            is_optional = name[0] == "." and not all(name in names for _, names in read)
            self.promise(
                f"{place}{name}", some, "field", _flags({}, absent=is_optional), *seen, *here
            )

    def parts(self, node: _Node, place: str, *seen: str) -> tuple[list[_Node], set[str]]:
        """Return a schema with all that it is put together of, and the fields it always has."""
        shape = _departures(node.value).get("shape") or node.shape
        node = self.follow(evolve(node, shape=shape), place)
        if not isinstance(node.value, Mapping) or node.address in seen:
            return [], set()
        if node.address not in self.checked:
            self.checked.add(node.address)
            self.check(place, node, node)
        parts, always = [node], {f".{name}" for name in node.value.get("required") or []}
        for key in ("allOf", "oneOf", "anyOf"):
            some = [self.parts(one, place, node.address, *seen) for one in node.each(key)]
            parts += [part for one, _ in some for part in one]
            names = [its for one, its in some if one and one[0].value.get("type") != "null"]
            if names:
                always |= set.union(*names) if key == "allOf" else set.intersection(*names)
        return parts, always

    def check(self, place: str, holder: _Node, schema: _Node) -> None:
        """Hold the examples to their schema."""
        given = holder.value.get("examples")
        named = given.values() if isinstance(given, Mapping) else ()
        some = [one["value"] for one in named if isinstance(one, Mapping) and "value" in one]
        some += given if isinstance(given, list) else []
        some += [holder.value["example"]] if "example" in holder.value else []
        is_3_0 = str(self.document.value.get("openapi", "")).startswith("3.0")
        validator = OAS30Validator if is_3_0 else OAS31Validator
        for example in some:
            try:
                of_it = validator({"$ref": schema.address}, registry=self.registry)
                for error in of_it.iter_errors(example):
                    where = error.json_path.removeprefix("$").removeprefix(".") or "it"
                    wrong = f"an example that its schema refuses: {where}: {error.message[:200]}"
                    self.found.mistakes[f"{place}: {wrong}"] = None
            except Unresolvable:
                pass  # It is among the mistakes already.


def _inner(parts: list[_Node]) -> dict[str, list[_Node]]:
    """Return the schemas of each `.property`, of items `[]` and of further properties `{}`."""
    found: dict[str, list[_Node]] = {}
    for part in parts:
        for name in part.value.get("properties") or {}:
            found.setdefault(f".{name}", []).append(part["properties"][name])
        for key, name in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(part.value.get(key), Mapping) and part.value[key]:
                found.setdefault(name, []).append(part[key])
        hints = part.value.get("discriminator") or {}
        if hints.get("mapping"):
            tag = {"type": "string", "enum": list(hints["mapping"])}
            name = f".{hints['propertyName']}"
            found.setdefault(name, []).append(_Node(f"{part.address}/tag", tag))
    return found


def _facts(schemas: list[Mapping[str, Any]]) -> dict[str, str]:
    """Return what schemas say together of a value."""
    types = {name for schema in schemas for name in _types(schema)}
    facts = {"type": " or ".join(sorted(types - {"null"})) or "any"}
    facts |= {"null": ""} if "null" in types else {}
    for schema in schemas:
        facts |= _flags(schema) | {f"value {json.dumps(v)}": "" for v in _values(schema)}
        facts |= {"default": json.dumps(schema["default"])} if "default" in schema else {}
    return facts


def _flags(said: Mapping[str, Any], *, absent: bool = False) -> dict[str, str]:
    is_set = {"absent": absent, "deprecated": said.get("deprecated") is True}
    return dict.fromkeys((name for name, value in is_set.items() if value), "")


def _departures(node: Any) -> dict[str, str]:
    hint: Any = node.get("x-departure") if isinstance(node, Mapping) else None
    return {str(sort): str(hint["why"]) for sort in hint["in"]} if hint else {}


def _values(schema: Mapping[str, Any]) -> list[Any]:
    listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [value for value in listed if value is not None]


def _types(schema: Mapping[str, Any]) -> set[str]:
    given = schema.get("type") or [
        *(["object"] if "properties" in schema else []),
        *(TYPES.get(type(value), "object") for value in _values(schema)),
    ]
    form = f"<{schema['format']}>" if schema.get("format") else ""
    names = [given] if isinstance(given, str) else given
    null = {"null"} if schema.get("nullable") else set[str]()
    return null | {name if name == "null" else f"{name}{form}" for name in names}


TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
