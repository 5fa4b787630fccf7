"""Read what an OpenAPI document promises, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from attrs import define, evolve
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
    reader = _Reader(address, None if like is None else set(map(plain, like.promises)))
    document = reader.follow(_Node(f"{address}#", {"$ref": f"{address}#"}), "the document")
    if not isinstance(document.value, Mapping) or not isinstance(
        document.value.get("paths"), Mapping
    ):
        raise UnsupportedError(
            "; ".join(reader.mistakes) or "this is no OpenAPI document with paths"
        )
    return reader.read(document)


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


class _Reader:
    """Reads one document."""

    def __init__(self, address: str, known: set[str] | None) -> None:
        registry: Any = Registry
        self.registry = registry(retrieve=cache(_retrieve))
        self.known = known
        self.found: dict[str, Promise] = {}
        self.mistakes: dict[str, None] = {}
        self.tags: dict[str, list[str]] = {}
        self.checked: set[str] = set()

    def read(self, document: _Node) -> Contract:
        """Read every operation."""
        is_3_0 = str(document.value.get("openapi", "")).startswith("3.0")
        self.validator = OAS30Validator if is_3_0 else OAS31Validator
        self.document = document
        for path in document["paths"].value:
            item = self.follow(document["paths"][path], path)
            for method in METHODS:
                if isinstance(item.value, Mapping) and method in item.value:
                    self.operation(f"{method.upper()} {path}", item, item[method])
        for number, server in enumerate(document.value.get("servers") or [], 1):
            facts = {"number": str(number), "name": server.get("x-name") or ""}
            self.found[f"server {server.get('url')}"] = Promise("server", facts)
        version = str((document.value.get("info") or {}).get("version", ""))
        departures = _departures(document.value)
        return Contract(version, self.found, list(self.mistakes), self.tags, departures)

    def follow(self, node: _Node, place: str) -> _Node:
        """Follow references; what leads nowhere is a mistake, and anything at all."""
        for _ in range(50):
            if not isinstance(node.value, Mapping) or not isinstance(node.value.get("$ref"), str):
                return node
            reference = node.value["$ref"]
            address = urljoin(node.address, reference)
            address += "" if "#" in address else "#"
            try:
                found = self.registry.resolver().lookup(address).contents
            except Unresolvable as error:
                cause: BaseException = error
                while cause.__cause__:
                    cause = cause.__cause__
                self.mistakes[f"{place}: {reference} leads nowhere: {cause}"] = None
                return _Node(address, {})
            node = _Node(address, found, node.shape)
        self.mistakes[f"{place}: {reference} leads to itself"] = None
        return _Node(address, {})

    def operation(self, place: str, item: _Node, operation: _Node) -> None:
        said = operation.value
        for tag in said.get("tags", []):
            self.tags.setdefault(tag, []).append(place)
        facts = {"name": said.get("operationId", ""), **_flags(said)}
        self.found[place] = Promise("operation", facts)
        if self.known is not None and plain(place) not in self.known:
            return
        for one in said.get("security", self.document.value.get("security", [])):
            for name in one:
                scheme = self.follow(self.document["components"]["securitySchemes"][name], place)
                words = [scheme.value.get(key, "") for key in ("type", "scheme", "in", "name")]
                self.found[f"{place} security {' '.join(filter(None, words)).lower()}"] = Promise(
                    "security"
                )
        parameters = {}
        for holder in (item, operation):
            for given in holder.each("parameters"):
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
        parts = [part for node in nodes for part in self.parts(node, place)]
        types = {name for part in parts for name in _types(part.value)}
        facts = facts | {"type": " or ".join(sorted(types - {"null"})) or "any"}
        facts |= {"null": ""} if "null" in types else {}
        departures: dict[str, str] = {}
        for schema in (part.value for part in parts):
            facts |= _flags(schema) | {f"value {json.dumps(v)}": "" for v in _values(schema)}
            facts |= {"default": json.dumps(schema["default"])} if "default" in schema else {}
        for node in nodes:
            departures |= _departures(node.value)
        if shapes := {node.shape or "" for node in nodes} - {*departures.values()}:
            departures |= {"field": min(shapes)} if min(shapes) else {}
        self.found[place] = Promise(sort, facts, departures)
        # A schema may hold itself. Its second appearance says nothing new.
        here = {part.address for part in parts}
        if here & set(seen) or (self.known is not None and plain(place) not in self.known):
            return
        inner = self.inner(parts)
        objects = [self.required(node, place) for node in nodes]
        always: set[str] = set.intersection(*objects) if objects else set()
        if inner and (lost := set().union(*objects) - {name[1:] for name in inner}):
            wrong = f"required names {', '.join(sorted(lost))}, which is no property"
            self.mistakes[f"{place}: {wrong}"] = None
        for name, some in inner.items():
            more = _flags({}, absent=name.startswith(".") and name[1:] not in always)
            self.promise(f"{place}{name}", some, "field", more, *seen, *here)

    def parts(self, node: _Node, place: str, *seen: str) -> Iterator[_Node]:
        """Yield a schema and what it is put together of, through `$ref`, `allOf` and the like."""
        shape = _departures(node.value).get("shape") if isinstance(node.value, Mapping) else None
        node = self.follow(evolve(node, shape=shape or node.shape), place)
        if not isinstance(node.value, Mapping) or node.address in seen:
            return
        if node.address not in self.checked:
            self.checked.add(node.address)
            self.check(place, node, node)
        yield node
        for key in ("allOf", "oneOf", "anyOf"):
            for one in node.each(key):
                yield from self.parts(one, place, node.address, *seen)

    def required(self, node: _Node, place: str) -> set[str]:
        """Return the properties that an object has whichever of its types it is of."""
        node = self.follow(node, place)
        names = set(node.value.get("required") or [])
        for one in node.each("allOf"):
            names |= self.required(one, place)
        for key in ("oneOf", "anyOf"):
            some = [
                self.required(one, place) for one in node.each(key) if one.value != {"type": "null"}
            ]
            names |= set.intersection(*some) if some else set()
        return names

    def inner(self, parts: list[_Node]) -> dict[str, list[_Node]]:
        """Return the schemas of each `.property`, of items `[]` and of further properties `{}`."""
        found: dict[str, list[_Node]] = {}
        for part in parts:
            for name in part.value.get("properties") or {}:
                found.setdefault(f".{name}", []).append(part["properties"][name])
            if isinstance(part.value.get("items"), Mapping):
                found.setdefault("[]", []).append(part["items"])
            if (
                part["additionalProperties"].value
                and part.value["additionalProperties"] is not True
            ):
                found.setdefault("{}", []).append(part["additionalProperties"])
            hints = part.value.get("discriminator") or {}
            if hints.get("mapping"):
                tag = {"type": "string", "enum": list(hints["mapping"])}
                name = f".{hints['propertyName']}"
                found.setdefault(name, []).append(_Node(f"{part.address}/tag", tag))
        return found

    def check(self, place: str, holder: _Node, schema: _Node) -> None:
        """Hold the examples to their schema."""
        given = holder.value.get("examples")
        named = given.values() if isinstance(given, Mapping) else ()
        some = [one["value"] for one in named if isinstance(one, Mapping) and "value" in one]
        some += given if isinstance(given, list) else []
        some += [holder.value["example"]] if "example" in holder.value else []
        validator = self.validator({"$ref": schema.address}, registry=self.registry)
        for example in some:
            try:
                for error in validator.iter_errors(example):
                    where = error.json_path.removeprefix("$").removeprefix(".") or "it"
                    wrong = f"an example that its schema refuses: {where}: {error.message[:200]}"
                    self.mistakes[f"{place}: {wrong}"] = None
            except Unresolvable:
                pass  # It is among the mistakes already.


def _flags(said: Mapping[str, Any], *, absent: bool = False) -> dict[str, str]:
    is_set = {"absent": absent, "deprecated": said.get("deprecated") is True}
    return {name: "" for name, value in is_set.items() if value}


def _departures(node: Mapping[str, Any]) -> dict[str, str]:
    hint = node.get("x-departure")
    if not isinstance(hint, Mapping):
        return {}
    why: str = hint["why"]
    return dict.fromkeys(hint["in"], why)


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
