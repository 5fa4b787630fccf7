"""What a parameter may be, and what is said of it."""

from __future__ import annotations

from attrs import evolve

from .document import Document, Node, UnsupportedError
from .model import Field, Model
from .models import Models
from .shapes import Array, Enum, Map, Named, Shape, members
from .text import Text, sentence

STYLES = {"path": ("simple",), "query": ("form", "deepObject"), "header": ("simple",)}
"""Where a parameter may stand, and the styles that are understood there; the first is the usual."""

LIMITS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("maxItems", "at most {} items"),
)
"""What the description of a parameter says of its limits."""


def is_scalar(shape: Shape) -> bool:
    """Whether values of a type are one text or number each."""
    return all(
        isinstance(o, Enum) or not isinstance(o, Array | Map | Named) for o in members(shape)
    )


def check_type(said: Document, shape: Shape, models: Models) -> None:
    """Refuse a type that no text of a request can be made of, nor one for each of its parts."""
    is_flat = said["in"] == "query" and said.get("explode", True)
    parts: list[Shape] = []
    for one in members(shape):
        model = models.of(one)
        if is_flat and (isinstance(one, Map) or isinstance(model, Model)):
            parts += model.shapes if isinstance(model, Model) else one.parts
        else:
            parts.append(one)
    items = [
        one.inner if isinstance(one, Array) else one for part in parts for one in members(part)
    ]
    if said.get("style") != "deepObject" and not all(map(is_scalar, items)):
        raise UnsupportedError(f"the type of {said['name']!r}")


def described(field: Field, said: Document, node: Node) -> Field:
    """Return a parameter or a body with its description, its default and its limits."""
    parts = [said.get("description") or field.description]
    if node.get("default") is not None:
        parts.append(f"The API's default is `{node['default']}`.")
    limits = [
        limit.format(node[key]).removesuffix("s" if node[key] == 1 else "")
        for key, limit in LIMITS
        if key in node
    ]
    parts += [", ".join(limits).capitalize(), "Deprecated." if said.get("deprecated") else ""]
    text = " ".join(filter(None, map(sentence, parts)))
    return evolve(field, description=Text(text), said=said)
