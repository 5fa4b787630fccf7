"""What a schema says, in one form: its references followed, its parts put together.

A flat schema is a mapping. It says either
- `$ref`, where a component says it all, or
- `oneOf`, several schemas (not flat yet) of which one holds, or
- of one JSON type what lies in it (schemas that are not flat yet), or nothing at all.

Beside that it has what describes it, and `nullable` where `null` is possible; nothing else says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from .document import Document, UnsupportedError, looked_up, target_of
from .validate import check

ABOUT = frozenset(
    {"contentEncoding", "contentMediaType", "default", "deprecated", "description", "nullable"}
    | {"maxItems", "maxLength", "maximum", "minLength", "minimum", "not", "readOnly", "writeOnly"}
)
"""What describes a schema, and tells no types apart."""

SAYS = frozenset(
    {"additionalProperties", "const", "enum", "format", "items", "prefixItems", "properties"}
    | {"required", "type", "x-enum-varnames"}
)
"""What says of which type a value is."""

CHOICES = ("oneOf", "anyOf")

Node = dict[str, Any]


@define
class Flattener:
    """Puts the schemas of a document into the one form."""

    document: Document
    extended: set[str] = field(factory=set)
    """The components that others take their fields from."""
    _targets: dict[str, Node] = field(factory=dict)
    _above: list[str] = field(factory=list)
    """The references that are being followed."""
    _cuts: int = 0
    """How often a choice was left out, since it is one among what is being followed."""

    def flat(self, schema: Any) -> Node:
        """Return what a schema says."""
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            raise UnsupportedError(
                "a schema that takes nothing" if schema is False else "no schema"
            )
        own = {key: schema[key] for key in ABOUT | SAYS if key in schema}
        parts = [*([{"$ref": schema["$ref"]}] if "$ref" in schema else [])]
        parts += map(self.flat, schema.get("allOf") or [])
        for keyword in CHOICES:
            parts += self._choice(schema, keyword)
        result: Node = {}
        for part in [*parts, tidied(own)]:
            result = self._both(result, part)
        # OpenAPI 3.0 says so of what stands beside it, too: of references, and of `allOf`.
        return {**result, "nullable": True} if schema.get("nullable") is True else result

    def target(self, reference: str) -> Node:
        """Return what the schema says that a reference leads to."""
        schema = looked_up(self.document, reference)
        cuts, is_outer = self._cuts, not self._above
        if any(one in self._above for one in _heirs(schema)):
            # A choice among those that extend it says nothing to one of them.
            self._cuts += 1
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
        if is_outer or cuts == self._cuts:  # Else it says less than it does elsewhere.
            self._targets[reference] = node
        return node

    def said(self, node: Node) -> str:
        """Return the description of a flat schema, or else of the component that it refers to."""
        while "$ref" in node and not node.get("description"):
            node = self.target(node["$ref"])
        return node.get("description") or ""

    def goes_one_way(self, node: Node) -> bool:
        """Whether a flat schema is one of a field that only answers have, or only requests."""
        while "$ref" in node and not (node.get("readOnly") or node.get("writeOnly")):
            node = self.target(node["$ref"])
        return bool(node.get("readOnly") or node.get("writeOnly"))

    def _choice(self, schema: Document, keyword: str) -> Iterator[Node]:
        """Yield what a choice among schemas says."""
        members = list(schema.get(keyword) or [])
        some = [one for one in members if not _is_null(one)]
        if any(map(_is_constraint, some)):
            return
        about: Node = {"nullable": True} if len(some) < len(members) else {}
        if len(some) > 1:
            hints = {k: schema[k] for k in ("discriminator",) if k in schema}
            yield {"oneOf": some, **hints, **about}
        elif some:
            yield self._both(self.flat(some[0]), about)
        elif members:
            yield {"type": "null"}

    def _both(self, a: Node, b: Node) -> Node:
        """Return what two flat schemas say together."""
        about = {key: node[key] for node in (a, b) for key in ABOUT if key in node}
        of_a, of_b = _content(a), _content(b)
        if of_a and of_b and not (a.get("nullable") and b.get("nullable")):
            about.pop("nullable", None)
        return {**self._contents(of_a, of_b), **about}

    def _contents(self, a: Node, b: Node) -> Node:
        if not a or not b:
            return a or b
        for wide, narrow in ((a, b), (b, a)):
            if self._adds_nothing(wide, narrow):
                return narrow
        if "$ref" in a or "$ref" in b:
            self.extended |= {one["$ref"] for one in (a, b) if "$ref" in one}
            return self._contents(self._opened(a), self._opened(b))
        for union, other in ((a, b), (b, a)):
            if "oneOf" in union:
                return {**union, "oneOf": [self._narrowed(one, other) for one in union["oneOf"]]}
        return _combined(a, b)

    def _opened(self, node: Node) -> Node:
        """Return what a flat schema says, without a reference."""
        while "$ref" in node:
            node = _content(self.target(node["$ref"]))
        return node

    def _narrowed(self, member: Any, other: Node) -> Any:
        """Return what a member of a choice and what stands beside the choice say together."""
        reference = member.get("$ref") if isinstance(member, Mapping) else None
        if reference and self._adds_nothing(other, {"$ref": reference}):
            return member
        title = target_of(reference) if reference else title_of(member)
        return {"allOf": [other, member], **({"title": title} if title else {})}

    def _adds_nothing(self, wide: Node, narrow: Node) -> bool:
        """Whether all that one schema says is seen to be said by the other, too."""
        if wide == narrow or narrow in wide.get("oneOf", []):
            return True
        if "$ref" in wide:
            return "$ref" in narrow and wide["$ref"] in self._bases(narrow["$ref"])
        if "oneOf" in wide:
            return False
        inner = self._opened(narrow)
        if set(wide) == {"type"} and ("oneOf" in inner or _is_kind(inner, wide["type"])):
            return True
        fields: Mapping[str, Any] = inner.get("properties") or {}
        return (
            "$ref" in narrow
            and set(wide) <= {"type", "properties", "required"}
            and wide.get("type") == inner.get("type") == "object"
            and set(wide.get("required", [])) <= set(inner.get("required", []))
            and all(fields.get(key) == one for key, one in wide.get("properties", {}).items())
        )

    def _bases(self, reference: str) -> set[str]:
        """Return what a component extends, in one step or several."""
        found, todo = set[str](), [reference]
        while todo:
            schema = looked_up(self.document, todo.pop())
            parts = schema.get("allOf") or [] if isinstance(schema, Mapping) else []
            new = {one["$ref"] for one in parts if isinstance(one, Mapping) and "$ref" in one}
            todo += new - found
            found |= new
        return found


def tidied(own: Node) -> Node:
    """Return what a schema says itself: of one type, and with `null` said by `nullable` alone."""
    if not isinstance(own.get("required", []), list):
        del own["required"]  # As version 3 of JSON Schema had it.
    check("schema", own)
    about = {key: own.pop(key) for key in ABOUT if key in own}
    if "description" in about:
        about["description"] = str(about["description"] or "")
    given = own.pop("type", None)
    kinds = given if isinstance(given, list) else [given] if given else []
    values = own.pop("enum", None)
    names = own.pop("x-enum-varnames", None) or []
    if kinds == ["null"] or values == [None] or own.get("const", 0) is None:
        return {**about, "type": "null"}
    if about.pop("nullable", False) or "null" in kinds or None in (values or []):
        about["nullable"] = True
    some = list(dict.fromkeys(one for one in kinds if one != "null")) or _implied(own, values)
    if values is not None:
        own["enum"] = list(dict.fromkeys(one for one in values if one is not None))
        if len(some) > 1:
            raise UnsupportedError("enum values must all be the same type, text or integers")
        if some == ["string"]:
            own["enum"] = [one if isinstance(one, str) else json.dumps(one) for one in own["enum"]]
        if some == ["integer"]:
            own["enum"] = [int(one) for one in own["enum"]]
        if len(names) == len(values):
            # By value, since a part that stands beside may list fewer, or in another order.
            named = dict(zip(values, map(str, names), strict=True))
            own["x-enum-varnames"] = {one: named[one] for one in own["enum"] if one in named}
    if len(some) > 1:
        return {**about, "oneOf": [{**own, "type": kind} for kind in some]}
    return {**about, **own, **({"type": some[0]} if some else {})}


def _implied(own: Node, values: list[Any] | None) -> list[str]:
    """Return the types of a schema that says none."""
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    kinds = {names.get(type(one), "object") for one in values or [] if one is not None}
    if kinds:
        return ["number"] if kinds == {"integer", "number"} else sorted(kinds)
    if own.get("properties") or isinstance(own.get("additionalProperties"), Mapping):
        return ["object"]
    return ["array"] if "items" in own or "prefixItems" in own else []


def _combined(a: Node, b: Node) -> Node:
    """Return what two schemas of one type say together."""
    kinds = {one["type"] for one in (a, b) if "type" in one}
    if len(kinds) > 1 and kinds != {"integer", "number"}:
        raise UnsupportedError(f"it must be {' and '.join(sorted(kinds))} at once")
    new = {**a, **b, **({"type": "integer"} if len(kinds) > 1 else {})}
    if "enum" in a and "enum" in b:
        new["enum"] = [one for one in b["enum"] if one in a["enum"]]
    if new.get("enum") == [] or a.get("const", new.get("const")) != new.get("const"):
        raise UnsupportedError("no value is possible: its parts have none in common")
    if "x-enum-varnames" in a and "x-enum-varnames" in b:
        new["x-enum-varnames"] = a["x-enum-varnames"] | b["x-enum-varnames"]
    if "properties" in a and "properties" in b:
        new["properties"] = dict(a["properties"])
        for key, one in b["properties"].items():
            before = a["properties"].get(key, one)
            new["properties"][key] = one if before == one else {"allOf": [before, one]}
    if "required" in a and "required" in b:
        new["required"] = list(dict.fromkeys([*a["required"], *b["required"]]))
    for key in ("items", "additionalProperties"):
        some = [one[key] for one in (a, b) if isinstance(one.get(key), Mapping)]
        if some:
            new[key] = some[0] if len(some) == 1 else {"allOf": some}
    return new


def _content(node: Node) -> Node:
    return {key: value for key, value in node.items() if key not in ABOUT}


def _is_kind(node: Node, kind: str) -> bool:
    return node.get("type") == kind or (kind == "number" and node.get("type") == "integer")


def _heirs(schema: Any) -> list[str]:
    """Return the components that a schema is a choice of."""
    if not isinstance(schema, Mapping):
        return []
    members = [one for keyword in CHOICES for one in schema.get(keyword) or []]
    return [one["$ref"] for one in members if isinstance(one, Mapping) and "$ref" in one]


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _is_constraint(schema: Any) -> bool:
    """Whether a schema says nothing of a type, as in `{required: [name]}`."""
    if not isinstance(schema, Mapping) or not schema:
        return False
    says = {key for key in schema if key in SAYS | {"$ref", "allOf", *CHOICES}}
    return says <= {"required", "format", "properties"} and not any(
        (schema.get("properties") or {}).values()
    )


def title_of(schema: Any) -> str:
    """Return the title of a schema, if it has one."""
    found = schema.get("title") if isinstance(schema, Mapping) else None
    return found if isinstance(found, str) else ""
