"""What a parameter may be, and what is said of it."""

from __future__ import annotations

from attrs import evolve

from .document import Document, UnsupportedError
from .flat import Node
from .model import Field, Model
from .models import Models
from .shapes import OUTSIDE, Array, Class, Enum, Map, Named, OneOf, Shape
from .text import Text, raw, sentence

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


def check_type(said: Document, shape: Shape, models: Models) -> None:
    """Refuse a type that no text of a request can be made of."""
    is_deep = said.get("style") == "deepObject"
    is_object = said["in"] == "query" and said.get("explode", True) and _is_flat(shape, models)
    if not (is_deep or is_text(shape) or is_object):
        raise UnsupportedError(f"the type of {said['name']!r}")


def is_text(shape: Shape) -> bool:
    """Whether values of a type can be written as one text, or as one each for an array."""
    if isinstance(shape, Array):
        return is_text(shape.inner) and not isinstance(shape.inner, Array)
    if isinstance(shape, Map) or (isinstance(shape, Named) and not isinstance(shape, Enum)):
        return False
    return all(map(is_text, shape.parts))


def _is_flat(shape: Shape, models: Models) -> bool:
    """Whether a type is an object whose fields can each be written as a text."""
    if isinstance(shape, OneOf):
        return all(_is_flat(one, models) or is_text(one) for one in shape.parts)
    if isinstance(shape, Map):
        return is_text(shape.inner)
    model = models.items.get(shape.name) if isinstance(shape, Class) else None
    return isinstance(model, Model) and all(is_text(one) for one in model.shapes)


def described(field: Field, said: Document, node: Node) -> Field:
    """Return a parameter or a body with its description, its default and its limits."""
    parts = [said.get("description") or raw(field.description)]
    if node.get("default") is not None:
        parts.append(f"The API's default is `{node['default']}`.")
    limits = [limit.format(node[key]) for key, limit in LIMITS if key in node]
    parts.append(", ".join(limits).capitalize())
    text = " ".join(filter(None, map(sentence, parts)))
    return evolve(field, description=Text(text), said=said).within(OUTSIDE)
