"""What a schema says itself: of one type, and with `null` said by `nullable` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .document import Node

ABOUT = frozenset(
    {"contentEncoding", "contentMediaType", "default", "deprecated", "description", "nullable"}
    | {"maxItems", "maxLength", "maximum", "minLength", "minimum", "not", "readOnly", "writeOnly"}
)
"""What describes a schema, and tells no types apart."""

SAYS = frozenset(
    {"additionalProperties", "const", "enum", "format", "items", "prefixItems", "properties"}
    | {"required", "type", "x-enum-varnames", "x-enumNames"}
)
"""What says of which type a value is."""

NOTHING: Mapping[str, Any] = {"oneOf": []}
"""What a schema says beside `nullable` that takes `null` alone: a choice of nothing else."""

TYPES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
"""What JSON calls the types of Python."""


def tidied(own: Node) -> Node:
    """Return what a schema says itself: of one type, and with `null` said by `nullable` alone."""
    if not isinstance(own.get("required", []), list):
        del own["required"]  # As version 3 of JSON Schema had it.
    about = {key: own.pop(key) for key in ABOUT if key in own}
    if "description" in about:
        about["description"] = str(about["description"])
    given, values = own.pop("type", []), own.pop("enum", [])
    names = own.pop("x-enum-varnames", own.pop("x-enumNames", []))
    kinds = (given if isinstance(given, list) else [given]) or _implied(own, values)
    some = [one for one in dict.fromkeys(kinds) if one != "null"]
    if (kinds and not some) or values == [None]:
        return {**about, **NOTHING, "nullable": True}
    if about.pop("nullable", False) or "null" in kinds or None in values:
        about["nullable"] = True
    if isinstance(own.get("const"), list | dict):
        del own["const"]  # No `Literal` takes it.
    names = names if len(names) == len(values) else [None] * len(values)
    pairs = list(zip(values, names, strict=True))
    listed = {kind: _listed(kind, some, pairs) for kind in some}
    if len(some) > 1:
        members = [
            {**own, "type": kind, "enum": [*found], "x-enum-varnames": [*found.values()]}
            for kind, found in listed.items()
        ]
        return {**about, "oneOf": members}
    for kind, found in listed.items():
        own |= {"type": kind, **({"enum": found} if found else {})}
    return {**about, **own}


def _listed(kind: str, kinds: list[str], pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return the values of one type that an enum lists, each with what it is called."""
    found: dict[Any, Any] = {}
    for value, name in pairs:
        own = TYPES[type(value)]
        if kind == "string" and own not in {*kinds, "null"}:  # What is written is meant as a text.
            value, own = json.dumps(value), kind
        if own == kind and not isinstance(value, list | dict):
            found[value] = value if name is None else str(name)
    return found


def _implied(own: Node, values: list[Any]) -> list[str]:
    """Return the types of a schema that says none."""
    kinds = {TYPES[type(one)] for one in [*values, *([own["const"]] if "const" in own else [])]}
    if kinds:
        return sorted(kinds)
    if own.get("properties") or isinstance(own.get("additionalProperties"), Mapping):
        return ["object"]
    return ["array"] if "items" in own or "prefixItems" in own else []
