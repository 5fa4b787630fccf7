"""What several schemas together say, as `allOf` asks for: nodes in the one form of `normalise`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .document import Document, is_null

if TYPE_CHECKING:
    from .normalise import Normaliser

ANNOTATIONS = frozenset({"description", "deprecated", "default", "contentMediaType"})
"""What a reference may have beside it, and what describes it alone."""

Node = dict[str, Any]


def plain_part(schema: Any) -> bool:
    """Whether a part of `allOf` says nothing of types."""
    says = ANNOTATIONS | {"nullable", "title", "example", "examples", "readOnly", "writeOnly"}
    return isinstance(schema, dict) and all(k in says or k.startswith("x-") for k in schema)


def annotated(node: Node, *sources: Document) -> Node:
    """Return a node with the annotations of the first source that has them."""
    found = {k: s[k] for s in reversed(sources) for k in ANNOTATIONS - {"default"} if k in s}
    return {**node, **found}


def without_null(node: Node) -> tuple[Node, bool]:
    """Return a node as it is where it is not `null`, and whether it may be."""
    if "oneOf" not in node:
        return node, False
    some = [one for one in node["oneOf"] if not is_null(one)]
    if len(some) == len(node["oneOf"]) or not some:
        return node, False
    if len(some) > 1 or "discriminator" in node:
        return {**node, "oneOf": some}, True
    return annotated(some[0], node), True


def or_null(node: Node) -> Node:
    """Return a node that takes `null`, too."""
    if "oneOf" in node and "discriminator" not in node:
        has_null = any(map(is_null, node["oneOf"]))
        return node if has_null else {**node, "oneOf": [*node["oneOf"], {"type": "null"}]}
    return annotated({"oneOf": [node, {"type": "null"}]}, node)


def combined(own: Node, parts: list[tuple[Node, bool]], normaliser: Normaliser) -> Node:
    """Return an object with the fields of all parts; those of its bases come first."""
    new: Node = {**own, "type": "object", "properties": {}, "required": []}
    bases = [part for part, is_base in parts if is_base]
    inline = [part for part, is_base in parts if not is_base]
    for part in bases:
        _add(new, part, normaliser, sort=True)
    for part in [own, *inline]:
        _add(new, part, normaliser)
    if not new["properties"]:
        del new["properties"]
    return new


def _add(new: Node, part: Node, normaliser: Normaliser, *, sort: bool = False) -> None:
    required = part.get("required") or []
    properties = part.get("properties") or {}
    order = sorted(properties, key=lambda key: key not in required) if sort else properties
    for key in order:
        before = new["properties"].get(key)
        node = properties[key]
        new["properties"][key] = narrowed(before, node) if before else node
    new["required"] += [key for key in required if key not in new["required"]]


def narrowed(before: Node, after: Node) -> Node:
    """Return what two schemas of one property say together."""
    return {**before, **after}
