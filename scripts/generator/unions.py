"""Which value of a discriminator means which class, said in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from .document import SCHEMAS, Document, UnsupportedError, target_of
from .normalise import Normaliser, is_object


@frozen
class Tags:
    """What tells the members of a union apart."""

    key: str
    classes: dict[str, str]
    """The class for each value."""
    default: str | None = None
    """The class for every other value."""


@frozen
class Discriminators:
    """Finds the tags of unions; those that lie in others first."""

    normaliser: Normaliser
    tags: dict[str, Tags] = field(factory=dict)

    def run(self) -> None:
        """Find the tags of every union that has a discriminator."""
        for name in list(self.normaliser.schemas):
            try:
                self.of(name)
            except UnsupportedError as error:
                original = self.normaliser.original_of(name)
                self.normaliser.broken[original] = UnsupportedError(error.reason, original)
                del self.normaliser.schemas[name]

    def of(self, name: str) -> Tags | None:
        """Return the tags of a union, if it has a discriminator; its members are listed anew."""
        schema = self.normaliser.schemas[name]
        hints = schema.get("discriminator")
        if name in self.tags or not isinstance(hints, dict):
            return self.tags.get(name)
        if "oneOf" not in schema:
            del schema["discriminator"]  # Of those that extend the schema; it takes them all.
            return None
        key = hints["propertyName"]
        default = self._class(hints["x-default-mapping"]) if "x-default-mapping" in hints else None
        given = {str(v): self._class(ref) for v, ref in (hints.get("mapping") or {}).items()}
        found: dict[str, str] = {}
        members = []
        for member in schema["oneOf"]:
            target = target_of(member.get("$ref", ""))
            inner = self.of(target) if target in self.normaliser.schemas else None
            if inner and inner.key == key:
                found |= inner.classes
                given = {value: kind for value, kind in given.items() if kind != target}
                continue
            members.append(target)
            if target and target not in {*given.values(), default}:
                values = list(self._values(target, key))
                found |= dict.fromkeys(values or [self.normaliser.original_of(target)], target)
        classes = given | {value: kind for value, kind in found.items() if value not in given}
        members += [*classes.values(), *([default] if default else [])]
        members = list(dict.fromkeys(members))
        schemas = self.normaliser.schemas
        if any("oneOf" in schemas.get(one, {"oneOf"}) for one in members) or not all(
            is_object(schemas[one]) and schemas[one].get("properties") for one in members
        ):
            raise UnsupportedError("a discriminator between what are not all objects with fields")
        schema["oneOf"] = [{"$ref": SCHEMAS + one} for one in members]
        self.tags[name] = Tags(key, classes, default)
        return self.tags[name]

    def _class(self, reference: str) -> str:
        """Return the class that a mapping leads to."""
        node = self.normaliser.component(target_of(reference))
        return target_of(node.get("$ref", ""))

    def _values(self, name: str, key: str) -> Iterator[str]:
        """Yield the values that a class says a field has."""
        schema = self.normaliser.schemas.get(name, {})
        node: Document = schema.get("properties", {}).get(key, {})
        content: Any = self.normaliser.schemas.get(target_of(node.get("$ref", "")), node)
        if isinstance(content.get("const"), str):
            yield content["const"]
        elif len(content.get("enum") or []) == 1:
            yield str(content["enum"][0])
