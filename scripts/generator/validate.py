"""What openapi-python-client's own models of OpenAPI say of a document, part by part.

One part that is not as OpenAPI has it is left out by name; it does not lose the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openapi_python_client import schema as oai
from pydantic import BaseModel, ValidationError

from .document import Document, UnsupportedError

PARTS: Mapping[str, tuple[type[BaseModel], tuple[str, ...]]] = {
    "operation": (
        oai.Operation,
        ("operationId", "summary", "description", "deprecated", "responses"),
    ),
    "parameter": (oai.Parameter, ("name", "in", "description", "required", "style", "deprecated")),
}
"""The model of each part, and what of it is looked at; what lies within has its own turn."""


def checked(document: Document) -> Document:
    """Return an OpenAPI document, with a title and a version; refuse what is none."""
    if "swagger" in document:
        version = document["swagger"]
        raise UnsupportedError(f"this is Swagger {version}; OpenAPI 3.0 or 3.1 is needed")
    parts = ("schemas", "securitySchemes")
    for place in ("info", "paths", "components", *(f"components.{one}" for one in parts)):
        part: Any = document
        for step in place.split("."):
            part = part.get(step) or {}
        if not isinstance(part, Mapping):
            raise UnsupportedError(f"{place} is no mapping")
    given = document.get("info") or {}
    info = {"title": str(given.get("title") or "API"), "version": str(given.get("version") or "0")}
    try:
        said = {"openapi": document.get("openapi"), "info": info, "paths": {}}
        oai.OpenAPI.model_validate(said)
    except ValidationError as error:
        raise UnsupportedError(f"Failed to parse OpenAPI document\n{error}") from None
    return {**document, "info": {**given, **info}}


def check(part: str, node: Document) -> None:
    """Refuse what no such part of a document says."""
    model, keys = PARTS[part]
    try:
        model.model_validate({key: node[key] for key in keys if key in node})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"][:1]))
        raise UnsupportedError(f"{place}: {first['msg']}, not {first['input']!r}") from None
