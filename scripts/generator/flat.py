"""What a schema says, in one form: its references followed, its parts put together.

A flat schema is a mapping. It says either
- `$ref`, where a component says it all, or
- `oneOf`, several schemas (not flat yet) of which one holds, or
- of one JSON type what lies in it (schemas that are not flat yet), or nothing at all.

Beside that it has what describes it, and `nullable` where `null` is possible; nothing else says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from .document import (
    Document,
    ImpossibleError,
    Node,
    UnsupportedError,
    escaped,
    looked_up,
    reached,
    references,
    target_of,
)
from .tidy import ABOUT, NOTHING, SAYS, tidied

CHOICES = ("oneOf", "anyOf")

SCHEMAS = "#/components/schemas/"


@define
class Flattener:
    """Puts the schemas of a document into the one form."""

    document: Document
    extended: set[str] = field(factory=set)
    """The components that others take their fields from."""
    _targets: dict[str, Node] = field(factory=dict)
    _above: list[str] = field(factory=list)
    """The references that are being followed."""

    def flat(self, schema: Any) -> Node:
        """Return what a schema says."""
        if schema is True or schema is None:
            return {}
        if not isinstance(schema, Mapping):
            raise UnsupportedError(f"{json.dumps(schema)} is no schema")
        # What is written and left empty, as YAML makes easy, says nothing.
        schema = {key: one for key, one in schema.items() if one is not None or key == "const"}
        own = {key: schema[key] for key in ABOUT | SAYS if key in schema}
        parts = [*([{"$ref": schema["$ref"]}] if "$ref" in schema else [])]
        parts += map(self.flat, schema.get("allOf", []))
        parts += [self._choice(schema, keyword) for keyword in CHOICES]
        result: Node = {}
        for part in [*parts, tidied(own)]:
            result = self._both(result, part)
        # OpenAPI 3.0 says so of what stands beside it, too: of references, and of `allOf`.
        return {**result, "nullable": True} if schema.get("nullable") is True else result

    def target(self, reference: str) -> Node:
        """Return what the schema says that a reference leads to."""
        schema = looked_up(self.document, reference)
        if any(one in self._above for one in references(schema, *CHOICES)):
            # A choice among those that extend it says nothing to one of them.
            schema = {key: value for key, value in schema.items() if key not in CHOICES}
        elif reference in self._targets:
            return self._targets[reference]
        elif reference in self._above:
            raise UnsupportedError("it refers to itself alone", target_of(reference))
        self._above.append(reference)
        try:
            node = self.flat(schema)
        finally:
            self._above.pop()
        if not self._above:  # Else it may lack a choice that it has elsewhere.
            self._targets[reference] = node
        return node

    def with_heirs(self, reference: str) -> Node:
        """Return what a component says; of one that has a discriminator, as a union of its heirs.

        OpenAPI 3.0 tells so which of the classes that extend it comes, or else the class itself.
        """
        flat, said = self.target(reference), looked_up(self.document, reference)
        hints = said.get("discriminator") if "properties" in flat else None
        if not isinstance(hints, Mapping):
            return flat
        schemas = (self.document.get("components") or {}).get("schemas") or {}

        def bases(one: str) -> list[str]:
            return references(schemas.get(target_of(one)), "allOf")

        named = [SCHEMAS + escaped(name) for name in schemas]
        heirs = [{"$ref": one} for one in named if reference in reached(bases(one), bases)]
        # An heir that adds nothing is no other class.
        heirs = [one for one in heirs if "$ref" not in self.target(one["$ref"])]
        own = {**flat, "title": "other", "nullable": False}
        about: Node = {key: flat[key] for key in ("description", "nullable") if key in flat}
        hints = {**hints, "x-base": True}
        return {**about, "oneOf": [*heirs, own], "discriminator": hints} if heirs else flat

    def check_possible(self, schema: Any) -> None:
        """Raise where no value fits a schema, or a field that it needs."""
        fields = self.flat(schema)
        for key in fields.get("required", []):
            self.flat(fields.get("properties", {}).get(key, True))

    def about(self, node: Node, key: str) -> Any:
        """Return what describes a flat schema, or else the component that it refers to."""
        is_said = node.get(key) or "$ref" not in node
        return node.get(key) if is_said else self.about(self.target(node["$ref"]), key)

    def _choice(self, schema: Document, keyword: str) -> Node:
        """Return what a choice among schemas says."""
        members = schema.get(keyword, [])
        some = [one for one in members if not _is_null(one)]
        if not members or any(map(_is_constraint, some)):
            return {}
        about: Node = {"nullable": True} if len(some) < len(members) else {}
        if len(some) == 1:
            return {**self.flat(some[0]), **about}
        hints = {key: schema[key] for key in ("discriminator",) if key in schema}
        return {"oneOf": some, **hints, **about}

    def _both(self, a: Node, b: Node) -> Node:
        """Return what two flat schemas say together."""
        about = {key: node[key] for node in (a, b) for key in ABOUT if key in node}
        of_a, of_b = _content(a), _content(b)
        if of_a and of_b and not (a.get("nullable") and b.get("nullable")):
            about.pop("nullable", None)
        said = self._contents(of_a, of_b)
        if said == NOTHING and not about.get("nullable"):
            # By the letter no value is possible, but it is how GitHub says that one may be null.
            said, about["nullable"] = (of_b if of_a == NOTHING else of_a), True
        return {**said, **about}

    def _contents(self, a: Node, b: Node) -> Node:
        if not a or not b:
            return a or b
        of_a, of_b = _content(self.opened(a)), _content(self.opened(b))
        if _adds_nothing(of_b, of_a):
            return a
        if _adds_nothing(of_a, of_b):
            return b
        self.extended |= {one["$ref"] for one in (a, b) if "$ref" in one}
        for union, other in ((of_a, of_b), (of_b, of_a)):
            if "oneOf" in union:
                return {**union, "oneOf": [self._narrowed(one, other) for one in union["oneOf"]]}
        return _combined(of_a, of_b)

    def opened(self, node: Node) -> Node:
        """Return what a flat schema says, without a reference."""
        return self.opened(self.target(node["$ref"])) if "$ref" in node else node

    def _narrowed(self, member: Any, other: Node) -> Any:
        """Return what a member of a choice and what stands beside the choice say together."""
        if _adds_nothing(other, _content(self.opened(self.flat(member)))):
            return member
        return {"allOf": [other, member], "title": title_of(member)}


def _adds_nothing(wide: Node, narrow: Node) -> bool:
    """Whether all that one schema says is seen to be said by the other, too."""
    if wide == narrow:
        return True
    if "oneOf" in wide or "oneOf" in narrow:
        return "oneOf" in narrow and _is_type(wide)
    try:
        return _combined(wide, narrow) == narrow
    except ImpossibleError:
        return False


def _combined(a: Node, b: Node) -> Node:
    """Return what two schemas of one type say together."""
    kinds = {one["type"] for one in (a, b) if "type" in one}
    if len(kinds) > 1 and kinds != {"integer", "number"}:
        raise ImpossibleError(f"it must be {' and '.join(sorted(kinds))} at once")
    new = {**a, **b, **({"type": "integer"} if len(kinds) > 1 else {})}
    if "enum" in a and "enum" in b:
        new["enum"] = {
            one: a["enum"][one] if name == one else name  # Else it has no name of its own.
            for one, name in b["enum"].items()
            if one in a["enum"]
        }
    if new.get("enum") == {} or a.get("const", new.get("const")) != new.get("const"):
        raise ImpossibleError("no value is possible: its parts have none in common")
    if "properties" in a and "properties" in b:
        narrowed = {
            key: _all_of(a["properties"].get(key, one), one) for key, one in b["properties"].items()
        }
        new["properties"] = {**a["properties"], **narrowed}
    if "required" in a and "required" in b:
        new["required"] = list(dict.fromkeys([*b["required"], *a["required"]]))
    for key in ("items", "additionalProperties"):
        some = [one[key] for one in (a, b) if isinstance(one.get(key), Mapping)]
        if some:
            new[key] = _all_of(some[0], some[-1])
    return new


def _all_of(a: Any, b: Any) -> Any:
    return a if a == b else {"allOf": [a, b]}


def _content(node: Node) -> Node:
    return {key: value for key, value in node.items() if key not in ABOUT}


def _is_type(node: Node) -> bool:
    """Whether a schema says a type alone, or several, as is written beside a choice by habit."""
    parts = [{key for key, said in one.items() if said} for one in node.get("oneOf", [node])]
    return bool(parts) and all(part == {"type"} for part in parts)


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _is_constraint(schema: Any) -> bool:
    """Whether a schema says nothing of a type, as in `{required: [name]}`."""
    if not isinstance(schema, Mapping) or not schema:
        return False
    return set(schema) & {*SAYS, "$ref", "allOf", *CHOICES} <= {"required", "format"}


def title_of(schema: Any) -> str:
    """Return what a schema is called: the name of what it refers to, or its title."""
    if not isinstance(schema, Mapping):
        return ""
    found = target_of(schema["$ref"]) if "$ref" in schema else schema.get("title")
    return found if isinstance(found, str) else ""
