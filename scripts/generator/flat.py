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

from .document import (
    Document,
    ImpossibleError,
    Node,
    UnsupportedError,
    looked_up,
    reached,
    references,
    target_of,
)
from .tidy import ABOUT, NOTHING, SAYS, tidied

CHOICES = ("oneOf", "anyOf")


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
    _is_trying: bool = False
    """Whether it is being seen if a member of a choice is possible."""

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
        if any(one in self._above for one in references(schema, *CHOICES)):
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
        # Else it says less, or more, than it does elsewhere.
        if not self._is_trying and (is_outer or cuts == self._cuts):
            self._targets[reference] = node
        return node

    def about(self, node: Node, key: str) -> Any:
        """Return what describes a flat schema, or else the component that it refers to."""
        while "$ref" in node and not node.get(key):
            node = self.target(node["$ref"])
        return node.get(key)

    def _choice(self, schema: Document, keyword: str) -> Iterator[Node]:
        """Yield what a choice among schemas says."""
        members = list(schema.get(keyword, []))
        some = [one for one in members if not _is_null(one)]
        if any(map(_is_constraint, some)):
            return
        about: Node = {"nullable": True} if len(some) < len(members) else {}
        if len(some) == 1:
            yield {**self.flat(some[0]), **about}
        elif members:
            hints = {key: schema[key] for key in ("discriminator",) if key in schema}
            yield {"oneOf": some, **hints, **about}

    def _both(self, a: Node, b: Node) -> Node:
        """Return what two flat schemas say together."""
        about = {key: node[key] for node in (a, b) for key in ABOUT if key in node}
        of_a, of_b = _content(a), _content(b)
        if of_a and of_b and not (a.get("nullable") and b.get("nullable")):
            about.pop("nullable", None)
        said = self._contents(of_a, of_b)
        if said.get("oneOf") == [] and NOTHING not in (of_a, of_b):
            raise ImpossibleError("no value is possible: no member of a choice fits the rest")
        if said == NOTHING and not about.get("nullable"):
            # By the letter no value is possible, but it is how GitHub says that one may be null.
            said, about["nullable"] = (of_b if of_a == NOTHING else of_a), True
        return {**said, **about}

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
                members = [self._narrowed(one, other) for one in union["oneOf"]]
                return {**union, "oneOf": list(filter(self._is_possible, members))}
        return _combined(a, b)

    def _is_possible(self, schema: Any) -> bool:
        """Whether some value may fit a schema, as far as is seen from its own fields."""
        if self._is_trying:  # Unions that are members of one another would be tried for ever.
            return True
        self._is_trying = True
        try:
            fields = self.flat(schema)
            for key in fields.get("required", []):
                self.flat(fields.get("properties", {}).get(key, True))
        except ImpossibleError:
            return False
        finally:
            self._is_trying = False
        return True

    def _opened(self, node: Node) -> Node:
        """Return what a flat schema says, without a reference."""
        while "$ref" in node:
            node = _content(self.target(node["$ref"]))
        return node

    def _narrowed(self, member: Any, other: Node) -> Any:
        """Return what a member of a choice and what stands beside the choice say together."""
        if self._adds_nothing(other, _content(self.flat(member))):
            return member
        title = next(map(target_of, references({"allOf": [member]}, "allOf")), title_of(member))
        return {"allOf": [other, member], **({"title": title} if title else {})}

    def _adds_nothing(self, wide: Node, narrow: Node) -> bool:
        """Whether all that one schema says is seen to be said by the other, too."""
        if wide == narrow:
            return True
        if "$ref" in wide:
            return "$ref" in narrow and wide["$ref"] in reached([narrow["$ref"]], self._bases)
        if "oneOf" in narrow and set(wide) != {"type"}:
            return all(
                self._adds_nothing(wide, _content(self.flat(one))) for one in narrow["oneOf"]
            )
        if "oneOf" in wide:
            return any(
                self._adds_nothing(_content(self.flat(one)), narrow) for one in wide["oneOf"]
            )
        inner = self._opened(narrow)
        if "oneOf" in inner:  # Beside a choice, a type alone is written by habit.
            return set(wide) == {"type"}
        try:
            return _combined(inner, wide) == inner
        except ImpossibleError:
            return False

    def _bases(self, reference: str) -> list[str]:
        return references(looked_up(self.document, reference), "allOf")


def _combined(a: Node, b: Node) -> Node:
    """Return what two schemas of one type say together."""
    kinds = {one["type"] for one in (a, b) if "type" in one}
    if len(kinds) > 1 and kinds != {"integer", "number"}:
        raise ImpossibleError(f"it must be {' and '.join(sorted(kinds))} at once")
    new = {**a, **b, **({"type": "integer"} if len(kinds) > 1 else {})}
    if "enum" in a and "enum" in b:
        # A value that has no name stands for itself; the other part may give it one.
        new["enum"] = {
            one: name if a["enum"][one] == one else a["enum"][one]
            for one, name in b["enum"].items()
            if one in a["enum"]
        }
    if new.get("enum") == {} or a.get("const", new.get("const")) != new.get("const"):
        raise ImpossibleError("no value is possible: its parts have none in common")
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
            new[key] = some[0] if some[0] == some[-1] else {"allOf": some}
    return new


def _content(node: Node) -> Node:
    return {key: value for key, value in node.items() if key not in ABOUT}


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
