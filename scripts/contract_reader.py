"""Read what an OpenAPI document promises, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field
from contract import Promise
from generator.document import METHODS, UnsupportedError, at
from jsonschema.exceptions import best_match
from linked import Linked
from openapi_schema_validator import OAS31Validator

Node = dict[str, Any]
"""An object of a document. A schema may hold itself: it is told from others by its `id`."""

PATH_NAME = re.compile(r"{([^}]*)}")


def read(source: str | Path, like: Contract | None = None) -> Contract:
    """Read a document from a file or a URL, and what it refers to from beside it.

    `like` another, only the paths of that are read, and in depth only what that has, for a vendor's
    document may be very large. A path has that one's names in it, which no request shows.
    """
    linked = Linked(source)
    document: Any = linked.document
    is_one = isinstance(document, dict) and str(document.get("openapi")).startswith("3.")
    if not is_one or not isinstance(document.get("paths"), dict):
        raise UnsupportedError("this is no OpenAPI 3 document with paths")
    with at("x-sdk, securitySchemes or servers"):
        # What only the package knows of: the variables of the environment, and names of servers.
        sdk = Promise("sdk", {name: str(v) for name, v in document.get("x-sdk", {}).items()})
        promises = {"x-sdk": sdk}
        schemes = (document.get("components") or {}).get("securitySchemes") or {}
        linked.link(schemes)
        for number, server in enumerate(document.get("servers") or [], 1):
            url = str(server.get("url")).rstrip("/")
            promises[f"server {url}"] = Promise("server", {"number": str(number)})
            sdk.facts[f"name of {url}"] = str(server.get("x-name"))
    contract = Contract(document, schemes, promises, like.promises if like else promises)
    spelled = {PATH_NAME.sub("{}", path): path for path in document["paths"]}
    for path in (like or contract).document["paths"]:
        its = path if path in document["paths"] else spelled.get(PATH_NAME.sub("{}", path), path)
        names = dict(zip(PATH_NAME.findall(its), PATH_NAME.findall(path), strict=True))
        part = {path: document["paths"].get(its) or {}}
        linked.link(part)
        with at(path):
            for method in METHODS:
                if method in part[path]:
                    place = f"{method.upper()} {path}"
                    contract.operation(place, part[path], part[path][method], names)
        while linked.lost:
            contract.wrong(path, linked.lost.pop(0))
    return contract


@define
class Contract:
    """All promises of a document, by their places, and its own mistakes."""

    document: Node
    schemes: Node
    promises: dict[str, Promise]
    known: Mapping[str, Promise]
    """What is read in depth."""
    mistakes: dict[str, None] = field(factory=dict[str, None])
    """An ordered set."""
    checked: set[int] = field(factory=set[int])

    def wrong(self, place: str, what: str) -> None:
        self.mistakes[f"{place}: {what}"] = None

    def operation(self, place: str, item: Node, said: Node, names: dict[str, str]) -> None:
        """Read an operation: its security, parameters, body and answers."""
        flags = _flags(deprecated=said.get("deprecated"))
        self.promises[place] = Promise("operation", flags)
        for one in said.get("security", self.document.get("security")) or []:
            for name in one or ["none"]:
                scheme = self.schemes.get(name) or {"type": name}
                words = [scheme.get(key, "") for key in ("type", "scheme", "in", "name")]
                key = f"{place} security {' '.join(filter(None, words)).lower()}"
                self.promises[key] = Promise("security")
        given = [*(item.get("parameters") or []), *(said.get("parameters") or [])]
        # An operation's own parameter stands in the place of its path's.
        for (where, name), one in {(p.get("in"), p.get("name")): p for p in given}.items():
            here = f"{place} {where} {names.get(name, name) if where == 'path' else name}"
            facts = _flags(absent=not one.get("required"), deprecated=one.get("deprecated"))
            self.holder(here, one, "parameter", facts)
        if "requestBody" in said:
            facts = _flags(absent=not said["requestBody"].get("required"))
            self.content(f"{place} body", said["requestBody"], "body", facts)
        for status, answer in (said.get("responses") or {}).items():
            self.content(f"{place} {status}", answer, "answer", {})

    def content(self, place: str, holder: Node, sort: str, facts: dict[str, str]) -> None:
        """Read a body or an answer: its media types, and the schema of the first that is JSON."""
        content = holder.get("content") or {}
        facts |= {f"media type {name.partition(';')[0].lower()}": "" for name in content}
        first = next((name for name in content if "json" in name.lower()), next(iter(content), ""))
        self.holder(place, content.get(first) or {}, sort, facts)

    def holder(self, place: str, holder: Node, sort: str, facts: dict[str, str]) -> None:
        """Read what has a schema, and examples of it."""
        self.promise(place, [holder.get("schema")], sort, facts)
        self.check(place, holder, holder.get("schema"))

    def promise(
        self, place: str, schemas: list[Any], sort: str, facts: dict[str, str], *seen: int
    ) -> None:
        """Note what the schemas of a place say together, and what lies in it."""
        read = [self.parts(schema, place) for schema in schemas]
        parts = [part for some, _ in read for part in some]
        facts = facts | _facts(parts)
        why = {sort: why for part in parts for sort, why in departures(part).items()}
        self.promises[place] = Promise(sort, facts, why)
        # A schema may hold itself. Its second appearance says nothing new.
        own = [id(part) for part in parts]
        if set(seen) & set(own) or place not in self.known:
            return
        for name, some in _inner(parts).items():
            is_optional = name[0] == "." and not all(name in names for _, names in read)
            facts = _flags(absent=is_optional)
            self.promise(f"{place}{name}", some, "field", facts, *seen, *own)

    def parts(self, schema: Any, place: str, *seen: int) -> tuple[list[Node], set[str]]:
        """Return a schema with all that it is put together of, and the fields it always has."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return [], set()
        if id(schema) not in self.checked:
            self.checked.add(id(schema))
            self.check(place, schema, schema)
        parts, always = [schema], {f".{name}" for name in schema.get("required") or []}
        for key in ("allOf", "oneOf", "anyOf"):
            some = [self.parts(one, place, id(schema), *seen) for one in schema.get(key) or []]
            parts += [part for one, _ in some for part in one]
            names = [its for one, its in some if one and one[0].get("type") != "null"]
            if names:
                always |= set.union(*names) if key == "allOf" else set.intersection(*names)
        return parts, always

    def check(self, place: str, holder: Node, schema: Any) -> None:
        """Hold the examples to their schema."""
        given = holder.get("examples")
        named = given.values() if isinstance(given, Mapping) else ()
        some = [one["value"] for one in named if "value" in one]
        some += holder["examples"] if isinstance(given, list) else []
        some += [holder["example"]] if "example" in holder else []
        validator = OAS31Validator(schema or {})
        for example in some:
            try:
                errors = [best_match([one]) or one for one in validator.iter_errors(example)]
            except Exception as error:  # A type that there is not; a schema that is part of itself.
                reason = str(error).partition("\n")[0]
                self.wrong(place, f"an example that cannot be held to its schema: {reason}")
                errors = []
            for one in errors:
                where = one.json_path.removeprefix("$").removeprefix(".") or "it"
                said = f"{where}: {one.message[:200]}"
                self.wrong(place, f"an example that its schema refuses: {said}")


def _inner(parts: list[Node]) -> dict[str, list[Any]]:
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
            found.setdefault(f".{hints['propertyName']}", []).append(tag)
    return found


def _facts(schemas: list[Node]) -> dict[str, str]:
    """Return what schemas say together of a value."""
    types = {name for schema in schemas for name in _types(schema)}
    facts = {"type": " or ".join(sorted(types - {"null"})) or "any"}
    facts |= {"null": ""} if "null" in types else {}
    for schema in schemas:
        facts |= _flags(deprecated=schema.get("deprecated"))
        facts |= {f"value {json.dumps(v)}": "" for v in _values(schema)}
        facts |= {"default": json.dumps(schema["default"])} if "default" in schema else {}
    return facts


def _flags(**flags: Any) -> dict[str, str]:
    return dict.fromkeys((name for name, value in flags.items() if value is True), "")


def departures(node: Mapping[str, Any]) -> dict[str, str]:
    """Return in what a document departs from the vendor's at a place, and why."""
    hint = node.get("x-departure") or {}
    return {str(sort): str(hint["why"]) for sort in hint.get("in", [])}


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
    return {name if name == "null" else f"{name}{form}" for name in names}


TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
