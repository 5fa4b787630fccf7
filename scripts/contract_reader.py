"""Read what an OpenAPI document promises, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from attrs import define, field
from contract import Contract, Promise, plain
from generator.document import METHODS, UnsupportedError, at, parse
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012


def read(source: str | Path, like: Contract | None = None) -> Contract:
    """Read a document from a file or a URL, and what it refers to from beside it.

    `like` another, only what that has is read in depth: a vendor's document may be very large.
    """
    address = str(source) if "://" in str(source) else Path(source).resolve().as_uri()
    registry: Any = Registry
    retrieve = cache(_retrieve)
    resolver = registry(retrieve=retrieve).resolver(address)
    document = _Node(retrieve(address).contents, resolver, {})
    if not isinstance(document.raw, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise UnsupportedError("this is no OpenAPI document with paths")
    with at("info"):
        version = str((document.get("info") or {}).get("version", ""))
    contract = Contract(version, _departures(document))
    for number, server in enumerate(document.get("servers") or [], 1):
        facts = {"number": str(number), "name": server.get("x-name") or ""}
        contract.promises[f"server {server.get('url')}"] = Promise("server", facts)
    known = None if like is None else set(map(plain, like.promises))
    reader = _Reader(
        document=document,
        found=contract,
        is_known=lambda place: known is None or plain(place) in known,
    )
    for path, item in document["paths"].items():
        for method in METHODS:
            if isinstance(item, _Node) and isinstance(item.get(method), _Node):
                place = f"{method.upper()} {path}"
                with at(place):
                    reader.operation(place, item, item[method])
    return contract


def _retrieve(address: str) -> Resource[Any]:
    if address.startswith("file:"):
        text = Path(httpx.URL(address).path).read_text(encoding="utf-8")
    else:
        text = httpx.get(address, follow_redirects=True, timeout=30).raise_for_status().text
    return Resource.from_contents(parse(text), default_specification=DRAFT202012)


LOST = "x-lost"
"""What a reference that leads nowhere is replaced with: why it does not."""


class _Node(Mapping[str, Any]):
    """An object of a document. Within it, what a reference leads to stands in its place."""

    def __init__(self, raw: Any, resolver: Any, made: dict[int, _Node]) -> None:
        self.raw, self.resolver, self.made = raw, resolver, made

    def __getitem__(self, key: str) -> Any:
        return self.linked(self.raw[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    # A schema may hold itself: it is known by which it is, not by what is in it.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def linked(self, raw: Any) -> Any:
        """Return a part of the document, the same one each time."""
        if isinstance(raw, list):
            return [self.linked(item) for item in raw]
        if not isinstance(raw, Mapping) or isinstance(raw, _Node):
            return raw
        if id(raw) not in self.made:
            self.made[id(raw)] = _Node(raw, self.resolver, self.made).followed()
        return self.made[id(raw)]

    def followed(self) -> _Node:
        """Return what a reference leads to, together with what stands beside the reference."""
        node, seen, beside = self, [self.raw], dict[str, Any]()
        while isinstance(reference := node.raw.get("$ref"), str):
            beside = {k: v for k, v in node.raw.items() if k not in NO_PART} | beside
            try:
                found = node.resolver.lookup(reference)
                why = "leads to itself" if any(found.contents is one for one in seen) else ""
            except (Unresolvable, ValueError) as error:
                found, why = None, f"leads nowhere: {error.__cause__ or error}"
            if why or not isinstance(found.contents, Mapping):
                return _Node({LOST: f"{reference} {why or 'leads to no object'}"}, None, self.made)
            seen.append(found.contents)
            node = _Node(found.contents, found.resolver, self.made)
        target = self.made.setdefault(id(node.raw), node)
        return _Node({**beside, "allOf": [target]}, self.resolver, self.made) if beside else target


NO_PART = {"$ref", "summary", "description"}
"""What may stand beside a reference and says nothing of a value."""


@define
class _Reader:
    """Reads one document, and writes down what it finds."""

    document: _Node
    found: Contract
    is_known: Callable[[str], bool]
    checked: set[_Node] = field(factory=set[_Node])

    def wrong(self, place: str, what: str) -> None:
        """Note a mistake of the document."""
        self.found.mistakes[f"{place}: {what}"] = None

    def operation(self, place: str, item: _Node, said: _Node) -> None:
        """Read an operation: its security, parameters, body and answers."""
        for tag in said.get("tags") or []:
            self.found.tags.setdefault(tag, []).append(place)
        facts = {"name": said.get("operationId", ""), **_flags(said)}
        self.found.promises[place] = Promise("operation", facts)
        if not self.is_known(place):
            return
        for one in said.get("security", self.document.get("security")) or []:
            for name in one:
                scheme = self.document["components"]["securitySchemes"][name]
                words = [scheme.get(key, "") for key in ("type", "scheme", "in", "name")]
                key = f"{place} security {' '.join(filter(None, words)).lower()}"
                self.found.promises[key] = Promise("security")
        given = [*(item.get("parameters") or []), *(said.get("parameters") or [])]
        # An operation's own parameter stands in the place of its path's.
        for here, one in {
            f"{place} {one.get('in')} {one.get('name')}": one for one in given
        }.items():
            facts = _flags(one, absent=not one.get("required"))
            self.promise(here, [one.get("schema")], "parameter", facts)
            self.check(here, one, one.get("schema"))
        if "requestBody" in said:
            facts = _flags({}, absent=not said["requestBody"].get("required"))
            self.content(f"{place} body", said["requestBody"], "body", facts)
        for status, answer in (said.get("responses") or {}).items():
            self.content(f"{place} {status}", answer, "answer", {})

    def content(self, place: str, holder: _Node, sort: str, facts: dict[str, str]) -> None:
        """Read a body or an answer: its media types, and the schema of the first that is JSON."""
        if LOST in holder:
            self.wrong(place, holder[LOST])
        content = holder.get("content") or {}
        facts |= {f"media type {name.lower()}": "" for name in content}
        names = [name for name in content if "json" in name.lower()] or list(content)
        shown = [content[name] for name in names[:1]]
        self.promise(place, [one.get("schema") for one in shown], sort, facts)
        for one in shown:
            self.check(place, one, one.get("schema"))

    def promise(
        self, place: str, schemas: list[Any], sort: str, facts: dict[str, str], *seen: _Node
    ) -> None:
        """Note what the schemas of a place say together, and what lies in it."""
        read = [self.parts(schema, place) for schema in schemas]
        parts = [part for some, _ in read for part in some]
        departures = dict[str, str]()
        for part in parts:
            departures |= _departures(part)
        facts = facts | _facts([part.raw for part in parts])
        self.found.promises[place] = Promise(sort, facts, departures)
        # A schema may hold itself. Its second appearance says nothing new.
        if set(seen) & set(parts) or not self.is_known(place):
            return
        inner = _inner(parts)
        required = set[str]().union(*(names for _, names in read))
        for name in sorted(required - inner.keys()) if inner else []:
            self.wrong(place, f"required names {name[1:]}, which is no property")
        for name, some in inner.items():
            is_optional = name[0] == "." and not all(name in names for _, names in read)
            facts = _flags({}, absent=is_optional)
            self.promise(f"{place}{name}", some, "field", facts, *seen, *parts)

    def parts(self, schema: Any, place: str, *seen: _Node) -> tuple[list[_Node], set[str]]:
        """Return a schema with all that it is put together of, and the fields it always has."""
        if not isinstance(schema, _Node) or schema in seen:
            return [], set()
        if LOST in schema:
            self.wrong(place, schema[LOST])
        if schema not in self.checked:
            self.checked.add(schema)
            self.check(place, schema, schema)
        parts, always = [schema], {f".{name}" for name in schema.get("required") or []}
        for key in ("allOf", "oneOf", "anyOf"):
            some = [self.parts(one, place, schema, *seen) for one in schema.get(key) or []]
            parts += [part for one, _ in some for part in one]
            names = [its for one, its in some if one and one[0].get("type") != "null"]
            if names:
                always |= set.union(*names) if key == "allOf" else set.intersection(*names)
        return parts, always

    def check(self, place: str, holder: _Node, schema: Any) -> None:
        """Hold the examples to their schema."""
        given = holder.get("examples")
        named = given.values() if isinstance(given, Mapping) else ()
        some = [one.raw["value"] for one in named if "value" in one]
        some += holder.raw["examples"] if isinstance(given, list) else []
        some += [holder.raw["example"]] if "example" in holder else []
        is_3_0 = str(self.document.get("openapi")).startswith("3.0")
        validator = (OAS30Validator if is_3_0 else OAS31Validator)(schema or {})
        for example in some:
            for error in validator.iter_errors(example):
                where = error.json_path.removeprefix("$").removeprefix(".") or "it"
                said = f"{where}: {error.message[:200]}"
                self.wrong(place, f"an example that its schema refuses: {said}")


def _inner(parts: list[_Node]) -> dict[str, list[Any]]:
    """Return the schemas of each `.property`, of items `[]` and of further properties `{}`."""
    found: dict[str, list[Any]] = {}
    for part in parts:
        for name, schema in (part.get("properties") or {}).items():
            found.setdefault(f".{name}", []).append(schema)
        for key, name in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(part.get(key), Mapping) and part[key]:
                found.setdefault(name, []).append(part[key])
        hints = part.get("discriminator") or {}
        if hints.get("mapping"):
            tag = {"type": "string", "enum": list(hints["mapping"])}
            found.setdefault(f".{hints['propertyName']}", []).append(part.linked(tag))
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
