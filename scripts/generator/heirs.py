"""A schema with a discriminator that others extend, as OpenAPI 3.0 has it: the union of its heirs.

`Pet`, which `Cat` and `Dog` extend, becomes a choice among them and `OtherPet`, which has what
`Pet` says itself, and which they extend in its place. What only heirs refer to stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .document import Document, escaped, reached, references, target_of
from .flat import CHOICES
from .names import free
from .reader import SCHEMAS


def with_heirs(document: Document) -> Document:
    """Return a document in which each such schema is a union."""
    components = document.get("components") or {}
    schemas: dict[str, Any] = dict(components.get("schemas") or {})
    uses = Counter(_uses(document))
    for name, own in list(schemas.items()):
        heirs = _heirs(schemas, name) if _is_base(own) else []
        extends = sum(_reference(name) in references(schemas[one], "allOf") for one in heirs)
        if heirs and uses[_reference(name)] > extends:
            _replace(schemas, name, heirs)
    return {**document, "components": {**components, "schemas": schemas}}


def _replace(schemas: dict[str, Any], name: str, heirs: list[str]) -> None:
    """Make a union of a schema, and another one of what it says itself."""
    own, other = schemas[name], free(f"Other{name}", schemas, "")
    this, base = _reference(name), {"$ref": _reference(other)}
    for heir in heirs:
        parts = [
            {**one, **base} if references({"allOf": [one]}, "allOf") == [this] else one
            for one in schemas[heir]["allOf"]
        ]
        schemas[heir] = {**schemas[heir], "allOf": parts}
    hints = own["discriminator"]
    mapping = {
        value: other if target_of(to) == name else to
        for value, to in (hints.get("mapping") or {}).items()
    }
    schemas[other] = {key: value for key, value in own.items() if key != "discriminator"}
    schemas[name] = {
        **{key: own[key] for key in ("description", "nullable") if key in own},
        "oneOf": [*({"$ref": _reference(one)} for one in heirs), base],
        "discriminator": {**hints, "mapping": mapping, "x-base": other},
    }


def _is_base(schema: Any) -> bool:
    """Whether a schema has a discriminator, and is no choice."""
    if not isinstance(schema, Mapping) or any(one in schema for one in CHOICES):
        return False
    hints = schema.get("discriminator")
    return isinstance(hints, Mapping) and "propertyName" in hints


def _heirs(schemas: Document, name: str) -> list[str]:
    """Return the schemas that extend one, in one step or several."""

    def extended(one: str) -> list[str]:
        return [target_of(found) for found in references(schemas.get(one), "allOf")]

    return [one for one in schemas if one != name and name in reached(extended(one), extended)]


def _uses(node: Any) -> Iterator[str]:
    """Yield every reference in a part of a document."""
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    for one in node if isinstance(node, list) else []:
        yield from _uses(one)


def _reference(name: str) -> str:
    return SCHEMAS + escaped(name)
