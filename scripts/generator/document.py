"""An OpenAPI document as it is read, and the ways to get about in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ruamel.yaml import YAML

Document = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

SCHEMAS = "#/components/schemas/"


class UnsupportedError(Exception):
    """A part of a document that no package can be made of."""

    def __init__(self, reason: str, *chain: str) -> None:
        """Say why, and where: what is left out first, what it needs next, the cause at the end."""
        super().__init__(reason, *chain)
        self.reason, self.chain = reason, chain

    def __str__(self) -> str:
        place = ", because of ".join(dict.fromkeys(self.chain))
        return f"{place}: {self.reason}" if place else self.reason


def parse(text: str) -> Any:
    """Return what YAML or JSON says, its keys as JSON has them: `200:` is a status, no number."""
    is_json = text.lstrip().startswith(("{", "["))
    return _with_text_keys(json.loads(text) if is_json else YAML(typ="safe", pure=True).load(text))


def load(path: Path) -> dict[str, Any]:
    """Return the document in a file."""
    document = parse(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise UnsupportedError("this is no OpenAPI document")
    return document


def _with_text_keys(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _with_text_keys(value) for key, value in node.items()}
    return [_with_text_keys(item) for item in node] if isinstance(node, list) else node


def target_of(reference: str) -> str:
    """Return the name at the end of a `$ref`."""
    return unquote(reference.rsplit("/", 1)[-1]).replace("~1", "/").replace("~0", "~")


def resolved(document: Document, node: Document) -> Document:
    """Return what the `$ref` of a path, a parameter, a body or an answer leads to."""
    seen: list[str] = []
    while "$ref" in node:
        reference: str = node["$ref"]
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(target_of(step)) if isinstance(found, Mapping) else None
        if not reference.startswith("#/") or not isinstance(found, Mapping) or reference in seen:
            raise UnsupportedError(f"{reference} leads nowhere in this document")
        seen.append(reference)
        node = found
    return node


def endpoints(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield the path, the method and the path item of every operation, as they are written."""
    for path, item in (document.get("paths") or {}).items():
        try:
            item = resolved(document, item)
        except UnsupportedError as error:
            raise UnsupportedError(error.reason, f"the path {path}") from None
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                yield path, method, item


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def members_of(schema: Document) -> list[Any]:
    """Return the schemas that a schema is one of, if there are several."""
    return [*(schema.get("oneOf") or []), *(schema.get("anyOf") or [])]


def is_null(schema: Any) -> bool:
    """Whether a schema takes `null` alone."""
    return isinstance(schema, Mapping) and schema.get("type") == "null"
