"""What an OpenAPI document promises, in a form in which two documents can be compared.

A promise stands at a place that a person finds: `GET /jobs/{job_id} 200.failures[].message`.
Where a value may be of several types (`oneOf`, `anyOf`), their fields stand side by side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from attrs import define, evolve, field
from generator.document import METHODS, UnsupportedError, parse
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing._core import Resolver
from referencing.exceptions import Unresolvable, Unretrievable
from referencing.jsonschema import DRAFT202012

Node = Any


@define(frozen=True)
class Promise:
    """What a document says of one place."""

    sort: str
    """`operation`, `parameter`, `body`, `answer`, `field`, `security` or `server`."""
    types: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    """The listed values, as JSON."""
    required: bool = True
    default: str | None = None
    departures: Mapping[str, str] = field(factory=dict[str, str])
    """In what the document departs on purpose from the vendor's, and why."""


@define
class Contract:
    """All promises of a document, and its own mistakes."""

    version: str
    promises: dict[str, Promise]
    mistakes: list[str]
    departures: Mapping[str, str]
    """In what it departs from the vendor's all over, and why."""
    tags: dict[str, list[str]]
    """The operations that have each tag."""


def plain(place: str) -> str:
    """Name a place without the names of the path's parameters, which no request shows."""
    method, _, rest = place.partition(" ")
    path, _, more = rest.partition(" ")
    for number, name in enumerate(re.findall(r"{([^}]*)}", path), 1):
        more = f"path {{{number}}}" if more == f"path {name}" else more
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)} {more}".strip()


def read(source: str | Path, like: Contract | None = None) -> Contract:
    """Read a document from a file or a URL, and what it refers to from beside it.

    `like` another, only what that has is read in depth: a vendor's document may be very large.
    """
    address = str(source)
    if "://" not in address:
        address = Path(source).resolve().as_uri()
    registry: Registry[Node] = Registry(retrieve=cache(_retrieve))  # type: ignore[call-arg]
    try:
        document = registry.get_or_retrieve(address).value.contents
    except (Unresolvable, Unretrievable) as error:
        raise UnsupportedError(str(error.__cause__ or error)) from None
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise UnsupportedError("this is no OpenAPI document with paths")
    known = None if like is None else set(map(plain, like.promises))
    return _Reader(document, registry.resolver(address), known).read()


def _retrieve(address: str) -> Resource[Node]:
    if address.startswith("file:"):
        text = Path(httpx.URL(address).path).read_text(encoding="utf-8")
    else:
        answer = httpx.get(address, follow_redirects=True, timeout=30)
        text = answer.raise_for_status().text
    return Resource.from_contents(parse(text), default_specification=DRAFT202012)


@define
class _Part:
    """A schema, and what its references are relative to."""

    schema: Node
    resolver: Resolver[Node]


@define
class _Kind:
    """One of the types that a value may be of."""

    types: frozenset[str] | None = None
    values: frozenset[str] | None = None
    required: frozenset[str] = frozenset()
    properties: Mapping[str, list[_Part]] = field(factory=dict[str, list[_Part]])
    items: list[_Part] = field(factory=list[_Part])
    rest: list[_Part] = field(factory=list[_Part])

    def joined(self, other: _Kind) -> _Kind:
        """Give the type of what is of this type and of another."""
        types = self.types if other.types is None else other.types
        if self.types is not None and other.types is not None:
            types = self.types & other.types or self.types
        properties = dict(self.properties)
        for name, parts in other.properties.items():
            properties[name] = [*properties.get(name, []), *parts]
        return _Kind(
            types=types,
            values=other.values if self.values is None else self.values,
            required=self.required | other.required,
            properties=properties,
            items=[*self.items, *other.items],
            rest=[*self.rest, *other.rest],
        )


class _Reader:
    def __init__(
        self, document: Mapping[str, Any], resolver: Resolver[Node], known: set[str] | None
    ) -> None:
        self.document = document
        self.known = known
        self.root = resolver
        self.is_3_0 = str(document.get("openapi", "")).startswith("3.0")
        self.found: dict[str, Promise] = {}
        self.mistakes: dict[str, None] = {}
        self.tags: dict[str, list[str]] = {}
        self.checked: set[int] = set()

    def read(self) -> Contract:
        """Read every operation."""
        for path, item in self.document["paths"].items():
            found = self._resolved(_Part(item, self.root), f"{path}")
            for method in METHODS:
                if isinstance(found.schema, Mapping) and method in found.schema:
                    self._operation(f"{method.upper()} {path}", method, found)
        for index, server in enumerate(self.document.get("servers") or []):
            name = server.get("x-name") or server.get("url")
            self.found[f"server {name}"] = Promise("server", default=json.dumps(index == 0))
        return Contract(
            version=str((self.document.get("info") or {}).get("version", "")),
            promises=self.found,
            mistakes=list(self.mistakes),
            departures=_departures(self.document),
            tags=self.tags,
        )

    def _operation(self, place: str, method: str, item: _Part) -> None:
        operation = item.schema[method]
        for tag in operation.get("tags", []):
            self.tags.setdefault(tag, []).append(place)
        self.found[place] = Promise(
            "operation", types=frozenset({operation.get("operationId", "")})
        )
        if self.known is not None and plain(place) not in self.known:
            return
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        for asked in operation.get("security", self.document.get("security", [])):
            for name in asked:
                scheme = self._resolved(_Part(schemes.get(name, {}), self.root), place).schema
                words = [str(scheme.get(key)) for key in ("type", "scheme", "in", "name")]
                kind = " ".join(word for word in words if word != "None").lower()
                self.found[f"{place} security {kind}"] = Promise("security")
        parameters = {}
        for given in [*item.schema.get("parameters", []), *operation.get("parameters", [])]:
            parameter = self._resolved(_Part(given, item.resolver), place)
            parameters[parameter.schema.get("in"), parameter.schema.get("name")] = parameter
        for (where, name), parameter in parameters.items():
            here = f"{place} {where} {name}"
            schema = _Part(parameter.schema.get("schema", {}), parameter.resolver)
            self._promise(
                here, [schema], "parameter", required=parameter.schema.get("required", False)
            )
            self._check_examples(here, parameter.schema, schema)
        if "requestBody" in operation:
            body = self._resolved(_Part(operation["requestBody"], item.resolver), place)
            self._content(
                f"{place} body", body, "body", required=body.schema.get("required", False)
            )
        for status, given in operation.get("responses", {}).items():
            answer = self._resolved(_Part(given, item.resolver), f"{place} {status}")
            self._content(f"{place} {status}", answer, "answer", required=True)

    def _content(self, place: str, holder: _Part, sort: str, *, required: bool) -> None:
        content = holder.schema.get("content") or {}
        kinds = [kind for kind in content if "json" in kind.lower()] or list(content)
        if not kinds:
            self.found[place] = Promise(sort, required=required)
        for kind in kinds[:1]:
            schema = _Part(content[kind].get("schema", {}), holder.resolver)
            self._promise(place, [schema], sort, required=required)
            self._check_examples(place, content[kind], schema)

    # Schemas.

    def _promise(
        self,
        place: str,
        parts: list[_Part],
        sort: str,
        *,
        required: bool,
        above: tuple[int, ...] = (),
    ) -> None:
        kinds = [kind for part in parts for kind in self._kinds(part, place)]
        schemas = [part.schema for part in parts if isinstance(part.schema, Mapping)]
        defaults = [json.dumps(schema["default"]) for schema in schemas if "default" in schema]
        departures = {k: why for schema in schemas for k, why in _departures(schema).items()}
        self.found[place] = Promise(
            sort=sort,
            types=frozenset({name for kind in kinds for name in (kind.types or {"any"})}),
            values=frozenset({value for kind in kinds for value in (kind.values or ())}),
            required=required,
            default=defaults[0] if defaults else None,
            departures=departures,
        )
        if self.known is not None and plain(place) not in self.known:
            return
        # A schema may hold itself. Its second appearance says nothing new.
        here = tuple(id(self._resolved(part, place).schema) for part in parts)
        if set(here) & set(above):
            return
        above = (*above, *here)
        objects = [kind for kind in kinds if "object" in (kind.types or ())]
        for kind in objects:
            if kind.properties and (lost := kind.required - set(kind.properties)):
                wrong = f"required names {', '.join(sorted(lost))}, which is no property"
                self.mistakes[f"{place}: {wrong}"] = None
        names = dict.fromkeys(name for kind in objects for name in kind.properties)
        for name in names:
            inner = [part for kind in objects for part in kind.properties.get(name, [])]
            always = all(name in kind.required for kind in objects)
            self._promise(f"{place}.{name}", inner, "field", required=always, above=above)
        for ending, some in (
            ("[]", [part for kind in kinds for part in kind.items]),
            ("{}", [part for kind in kinds for part in kind.rest]),
        ):
            if some:
                self._promise(f"{place}{ending}", some, "field", required=True, above=above)

    def _kinds(self, part: _Part, place: str) -> list[_Kind]:
        """Find the types that a value may be of, through `$ref`, `allOf`, `oneOf` and `anyOf`."""
        found = self._resolved(part, place)
        schema, resolver = found.schema, found.resolver
        if not isinstance(schema, Mapping):
            return [_Kind()]
        own = self._own(schema, resolver)
        if id(schema) not in self.checked:
            self.checked.add(id(schema))
            self._check_examples(place, schema, found)
        groups: list[list[_Kind]] = [own]
        groups += [self._kinds(_Part(one, resolver), place) for one in schema.get("allOf") or []]
        for key in ("oneOf", "anyOf"):
            if schema.get(key):
                some = [self._kinds(_Part(one, resolver), place) for one in schema[key]]
                groups.append([kind for kinds in some for kind in kinds])
        kinds = []
        for combination in product(*groups):
            kind = combination[0]
            for other in combination[1:]:
                kind = kind.joined(other)
            kinds.append(kind)
        hints = schema.get("discriminator")
        if isinstance(hints, Mapping) and hints.get("mapping") and kinds:
            tag = _Part({"type": "string", "enum": list(hints["mapping"])}, resolver)
            name = hints.get("propertyName", "")
            parts = [*kinds[0].properties.get(name, []), tag]
            kinds[0] = evolve(kinds[0], properties={**kinds[0].properties, name: parts})
        if schema.get("nullable"):
            kinds.append(_Kind(frozenset({"null"})))
        return kinds

    def _own(self, schema: Mapping[str, Any], resolver: Resolver[Node]) -> list[_Kind]:
        """Read what a schema says itself."""
        given = schema.get("type")
        names = given if isinstance(given, list) else [given] if given else []
        if not names and "properties" in schema:
            names = ["object"]
        listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if listed is not None and not names:
            names = sorted({_type_name(value) for value in listed})
        form = schema.get("format")
        properties = schema.get("properties") or {}
        rest = schema.get("additionalProperties")
        return [
            _Kind(
                types=frozenset({f"{n}<{form}>" if form and n != "null" else n for n in names})
                or None,
                values=None
                if listed is None
                else frozenset(json.dumps(value) for value in listed if value is not None),
                required=frozenset(schema.get("required") or []),
                properties={n: [_Part(one, resolver)] for n, one in properties.items()},
                items=[_Part(schema["items"], resolver)] if "items" in schema else [],
                rest=[_Part(rest, resolver)] if isinstance(rest, Mapping) and rest else [],
            )
        ]

    def _resolved(self, part: _Part, place: str) -> _Part:
        """Follow references; what leads nowhere is a mistake, and anything at all."""
        seen = 0
        while isinstance(part.schema, Mapping) and isinstance(part.schema.get("$ref"), str):
            reference = part.schema["$ref"]
            try:
                found = part.resolver.lookup(reference)
            except (Unresolvable, Unretrievable) as error:
                reason = f": {error.__cause__}" if error.__cause__ else ""
                self.mistakes[f"{place}: {reference} leads nowhere{reason}"] = None
                return _Part({}, part.resolver)
            part = _Part(found.contents, found.resolver)
            seen += 1
            if seen > 50:
                self.mistakes[f"{place}: {reference} leads to itself"] = None
                return _Part({}, part.resolver)
        return part

    def _check_examples(self, place: str, holder: Mapping[str, Any], schema: _Part) -> None:
        """Hold the examples to their schema."""
        given = holder.get("examples")
        named = given.values() if isinstance(given, Mapping) else ()
        some = [one["value"] for one in named if isinstance(one, Mapping) and "value" in one]
        some += given if isinstance(given, list) else []
        some += [holder["example"]] if "example" in holder else []
        for example in some:
            for problem in self._problems(schema, example):
                self.mistakes[f"{place}: an example that its schema refuses: {problem}"] = None
                break

    def _problems(self, schema: _Part, example: Any) -> Iterator[str]:
        kind = OAS30Validator if self.is_3_0 else OAS31Validator
        validator = kind(schema.schema, _resolver=schema.resolver)
        try:
            error: ValidationError
            for error in validator.iter_errors(example):
                where = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in error.path)
                yield f"{where.removeprefix('.') or 'it'}: {error.message[:200]}"
        except Unresolvable:
            return  # It is among the mistakes already.


def _departures(node: Mapping[str, Any]) -> dict[str, str]:
    hint = node.get("x-departure")
    if not isinstance(hint, Mapping):
        return {}
    why: str = hint["why"]
    return dict.fromkeys(hint["in"], why)


def _type_name(value: object) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return names.get(type(value), "object")
