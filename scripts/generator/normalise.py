"""Every schema of a document in one form, which leaves the parser no choice.

In this form
- `$ref` leads to a class, an enum or a union with a name, each a component; what is none of these
  stands where it is used;
- a description stands beside the `$ref` or the `type` that it describes, and `allOf` is gone;
- `null` is said by `oneOf: [..., {type: "null"}]`, and every other choice by `oneOf` as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import define, field

from .document import SCHEMAS, Document, UnsupportedError, is_null, members_of, target_of
from .merge import ANNOTATIONS, annotated, combined, or_null, plain_part, without_null
from .names import ClassNames, free, pascal

UNUSED = frozenset({"title", "example", "examples", "nullable", "readOnly", "writeOnly"})
"""What says nothing of types, or is said in another way."""


@define
class Normaliser:
    """Puts schemas into the one form, and keeps those that become classes."""

    originals: Mapping[str, Any]
    """The components of the document."""
    schemas: dict[str, dict[str, Any]] = field(factory=dict)
    """What becomes a class, an enum or a union, by its name in Python."""
    broken: dict[str, UnsupportedError] = field(factory=dict)
    """The components that nothing can be made of."""
    extended: set[str] = field(factory=set)
    """The classes that others take their fields from."""
    _uses: dict[str, dict[str, Any]] = field(factory=dict)
    """What a reference to a component reads in the one form."""
    _names: ClassNames = field(factory=ClassNames)
    _class_names: dict[str, str] = field(factory=dict)
    _in_document: dict[str, str] = field(factory=dict)
    _keys: set[str] = field(factory=set)
    _under_way: list[str] = field(factory=list)
    _place: list[str] = field(factory=list)
    _waiting: dict[str, tuple[list[str], str, Any]] = field(factory=dict)
    """Inline classes that are still to be visited: where they stand, their name, their schema."""

    def __attrs_post_init__(self) -> None:
        plain = [name for name in self.originals if pascal(name) == name]
        for name in dict.fromkeys([*plain, *self.originals]):
            self._class_names[name] = self._names.take(name)
        self._keys = set(self.originals)
        self._in_document = {class_name: name for name, class_name in self._class_names.items()}

    def class_name(self, name: str) -> str:
        """Return the name in Python of a component of the document."""
        return self._class_names.get(name, name)

    def original_of(self, class_name: str) -> str:
        """Return what the document calls a class; one that lay inline has no other name."""
        return self._in_document.get(class_name, class_name)

    def is_original(self, class_name: str) -> bool:
        """Whether a class is a component of the document, and did not lie inline."""
        return class_name in self._in_document

    def run(self) -> None:
        """Visit every component."""
        for name in self.originals:
            try:
                self.component(name)
            except UnsupportedError as error:
                self.broken.setdefault(name, error)
            self.finish()

    def finish(self) -> None:
        """Visit the classes that lay inline in what has been visited."""
        while self._waiting:
            self._visit_waiting(next(iter(self._waiting)))

    def _visit_waiting(self, class_name: str) -> None:
        place, name, schema = self._waiting.pop(class_name)
        try:
            with self.at(*place):
                self.schemas[class_name], _ = without_null(self._content(schema, name))
        except UnsupportedError as error:
            self.broken[class_name] = error

    @contextmanager
    def at(self, *place: str) -> Iterator[None]:
        """Remember where something stands, for what an error says."""
        before, self._place = self._place, [*place]
        try:
            yield
        finally:
            self._place = before

    def refuse(self, reason: str) -> UnsupportedError:
        """Return an error that says where it happened."""
        return UnsupportedError(reason, ".".join(self._place))

    def component(self, name: str) -> dict[str, Any]:
        """Return what a reference to a component reads."""
        if name in self._uses:
            return self._uses[name]
        if name in self.broken:
            error = self.broken[name]
            raise UnsupportedError(error.reason, ".".join(self._place), *error.chain)
        schema = self.originals[name]
        if name in self._under_way:
            return self._use_under_way(name, schema)
        self._under_way.append(name)
        try:
            with self.at(name):
                node = self._content(schema, name)
        except UnsupportedError as error:
            self.broken[name] = error
            raise
        finally:
            self._under_way.remove(name)
        inner, is_nullable = without_null(node)
        if is_class(inner) or self.is_named(inner):
            class_name = self._class_names[name]
            self.schemas[class_name] = inner
            node = {"$ref": SCHEMAS + class_name}
            node = or_null(node) if is_nullable else node
        self._uses[name] = node
        return node

    def _use_under_way(self, name: str, schema: Any) -> dict[str, Any]:
        """Return a reference to a component that leads back to itself."""
        if not is_class(schema) and not members_of(schema) and not schema.get("allOf"):
            raise UnsupportedError("it refers to itself alone", name)
        node = {"$ref": SCHEMAS + self._class_names[name]}
        return or_null(node) if says_null(schema) else node

    def reference(self, schema: Document) -> dict[str, Any]:
        """Return a `$ref` in the one form, with its own description if it has one."""
        name = target_of(schema["$ref"])
        if not schema["$ref"].startswith(SCHEMAS) or name not in self.originals:
            raise self.refuse(f"{schema['$ref']} leads nowhere in this document")
        original = self.originals[name]
        if name not in self._uses and self._is_plain_class(original):
            # No need to look into it now, which in a large document would lead far down.
            node: dict[str, Any] = {"$ref": SCHEMAS + self._class_names[name]}
            node = or_null(node) if says_null(original) else node
        else:
            node = self.component(name)
        return annotated(node, schema)

    def visit(self, schema: Any, name: str) -> dict[str, Any]:
        """Return a schema in the one form; what becomes a class is a component from now on."""
        if self._is_plain_class(schema):
            # Not now: it may extend what is under way.
            class_name = self._hoisted(name)
            self._waiting[class_name] = self._place, name, schema
            node = annotated({"$ref": SCHEMAS + class_name}, schema)
            return or_null(node) if says_null(schema) else node
        node = self._content(schema, name)
        inner, is_nullable = without_null(node)
        if "discriminator" not in inner and not self._is_nested(inner):
            return node
        class_name = self._hoisted(name)
        self.schemas[class_name] = inner
        node = annotated({"$ref": SCHEMAS + class_name}, node, inner)
        return or_null(node) if is_nullable else node

    def _hoisted(self, name: str) -> str:
        """Return a name in Python for what lay inline, a component from now on."""
        key = free(pascal(name), self._keys, "")
        self._keys.add(key)
        return self._names.take(key)

    def _is_plain_class(self, schema: Any) -> bool:
        """Whether a schema is seen to become a class, without a look into its parts."""
        parts = (
            [one for one in schema.get("allOf") or [] if not plain_part(one)]
            if (isinstance(schema, dict) and "$ref" not in schema)
            else []
        )
        bases = [self.originals.get(target_of(one["$ref"])) for one in parts if "$ref" in one]
        return (
            is_class(schema)
            or any(is_class(one) for one in parts)
            or (len(parts) > 1 and any(self._is_plain_class(one) for one in bases))
        )

    def _content(self, schema: Any, name: str) -> dict[str, Any]:
        """Return a schema in the one form, itself where it stands."""
        if schema is True or schema == {}:
            return {}
        if not isinstance(schema, dict):
            raise self.refuse("a schema that takes nothing" if schema is False else "no schema")
        if "$ref" in schema:
            return self.reference(schema)
        if schema.get("allOf"):
            return self._combined(schema, name)
        node = {key: value for key, value in schema.items() if key not in UNUSED | {"allOf"}}
        is_nullable = says_null(schema)
        if members := self._members(schema, name):
            node = {k: v for k, v in node.items() if k not in {"anyOf", "type"}} | {
                "oneOf": members
            }
        elif "enum" in node:
            node["enum"] = [value for value in node["enum"] if value is not None]
            if not node["enum"]:
                return {"type": "null"}
            if {type(value) for value in node["enum"]} not in ({str}, {int}, {bool}):
                raise self.refuse("enum values must all be the same type, text or integers")
        else:
            node = {k: v for k, v in node.items() if k not in {"anyOf", "oneOf"}}
        if "const" in node and node["const"] is None:
            node = {"type": "null"}
        self._inner(node, name)
        kinds = node.get("type")
        if kinds == "string" and node.get("format") == "binary":
            raise self.refuse("a file is no JSON")
        if isinstance(kinds, list):
            kinds = [kind for kind in kinds if kind != "null"]
            node["type"] = kinds[0] if kinds else "null"
            if len(kinds) > 1:
                annotations = {k: v for k, v in node.items() if k in ANNOTATIONS}
                rest = {k: v for k, v in node.items() if k not in ANNOTATIONS}
                node = {**annotations, "oneOf": [{**rest, "type": kind} for kind in kinds]}
        return or_null(node) if is_nullable and not is_null(node) else node

    def _members(self, schema: Document, name: str) -> list[dict[str, Any]]:
        """Return what a schema is one of."""
        found = members_of(schema)
        kept = [one for one in found if not is_constraint(one)]
        if len(kept) < len(found):
            return []  # What only asks for some of the properties beside it says nothing of types.
        if kept and schema.get("properties"):
            raise self.refuse("properties beside oneOf or anyOf")
        some = [one for one in kept if not is_null(one)]
        titled = [
            name if len(some) == 1 else f"{name} {title(o, i)}" for i, o in enumerate(kept, 1)
        ]
        return [self.visit(one, text) for one, text in zip(kept, titled, strict=True)]

    def _inner(self, node: dict[str, Any], name: str) -> None:
        """Visit the schemas within an object or an array."""
        if isinstance(node.get("properties"), dict):
            properties = {}
            for key, one in node["properties"].items():
                with self.at(*self._place[:1], key):
                    properties[key] = self.visit(one, f"{name} {key}")
            node["properties"] = properties
        if isinstance(node.get("additionalProperties"), dict):
            node["additionalProperties"] = self.visit(node["additionalProperties"], f"{name} value")
        if node.get("type") == "array" or "array" in (node.get("type") or []):
            items = [
                self.visit(one, f"{name} item {index}")
                for index, one in enumerate(node.pop("prefixItems", []), 1)
            ]
            if not items or node.get("items"):
                items.append(self.visit(node.get("items", {}), f"{name} item"))
            node["items"] = items[0] if len(items) == 1 else {"oneOf": items}

    def _combined(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        """Return what the parts of `allOf` give together."""
        own = {key: value for key, value in schema.items() if key != "allOf"}
        parts: list[tuple[dict[str, Any], bool]] = []
        for part in schema["allOf"]:
            if part is True or plain_part(part):
                own = {**(part if isinstance(part, dict) else {}), **own}
                continue
            node = self._content(part, name)
            parts.append((node, "$ref" in part))
        rest = self._content(own, name)
        if len(parts) == 1 and plain_part(own):
            node = annotated(parts[0][0], own)
            return or_null(node) if says_null(own) else node
        names = {target_of(node["$ref"]) for node, _ in parts if "$ref" in node}
        self.extended |= names
        return combined(rest, [(self.looked_up(node), is_base) for node, is_base in parts], self)

    def looked_up(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return the content of a class that a node refers to."""
        inner, _ = without_null(node)
        if "$ref" not in inner:
            return inner
        name = target_of(inner["$ref"])
        if name in self._waiting:
            self._visit_waiting(name)
        if name not in self.schemas:
            original = self._in_document[name]
            if original in self._under_way:
                raise self.refuse("it extends itself")
            self.component(original)
        return self.schemas[name]

    def is_named(self, node: Document) -> bool:
        """Whether a union gets a name: where several of its types are objects."""
        return bool(node.get("discriminator") and node.get("oneOf")) or self._objects(node) > 1

    def _objects(self, node: Document) -> int:
        count = 0
        for one in node.get("oneOf") or []:
            content = self._seen(one)
            if "oneOf" in content:
                count += self._objects(content)
            else:
                count += is_object(content) or bool(content.get("allOf"))
        return count

    def _seen(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return the content of a class that a node refers to, perhaps not in the one form yet."""
        name = target_of(node.get("$ref", ""))
        if name in self.schemas or not name:
            return self.schemas.get(name, node)
        if name in self._waiting:
            return dict(self._waiting[name][2])
        return dict(self.originals[self._in_document[name]])

    def _is_nested(self, node: Document) -> bool:
        """Whether one of several types is in turn one of several."""
        targets = [target_of(one["$ref"]) for one in node.get("oneOf", []) if "$ref" in one]
        return len(targets) > 1 and any("oneOf" in self.schemas.get(one, {}) for one in targets)


def is_object(node: Document) -> bool:
    """Whether a schema takes objects alone."""
    return node.get("type") == "object" or bool(node.get("properties"))


def is_class(schema: Any) -> bool:
    """Whether a schema itself becomes a class."""
    if not isinstance(schema, Mapping) or members_of(schema):
        return False
    enum = [value for value in schema.get("enum") or [] if value is not None]
    return bool(enum and schema.get("type") != "boolean") or bool(schema.get("properties"))


def says_null(schema: Document) -> bool:
    """Whether a schema itself takes `null`, beside its type."""
    kinds = schema.get("type")
    return bool(
        schema.get("nullable")
        or (isinstance(kinds, list) and "null" in kinds and len(kinds) > 1)
        or None in (schema.get("enum") or [])
    )


def is_constraint(schema: Any) -> bool:
    """Whether a schema says nothing of a type, as in `{required: [name]}`."""
    says = {"required", "not", "title", "description", "properties"}
    if not isinstance(schema, dict) or not set(schema) <= says or "required" not in schema:
        return False
    return not any(schema.get("properties", {}).values())


def title(schema: Any, index: int) -> str:
    """Return what a member of a union is called within its name."""
    found = schema.get("title") if isinstance(schema, dict) else None
    return found if isinstance(found, str) and pascal(found) else f"type {index}"
