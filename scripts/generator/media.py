"""Bodies and answers by their media type: JSON, forms, text, or bytes."""

from __future__ import annotations

from collections.abc import Iterable

from .document import Document, UnsupportedError, is_json
from .operation import Media
from .reader import Reader
from .shapes import BYTES, CONTENT, NONE, TEXT, Class, Map

FORMS = {"application/x-www-form-urlencoded": "form", "multipart/form-data": "multipart"}
"""How each sort of form is written; the first is preferred."""


def body_of(content: Document, reader: Reader, name: str, place: str) -> Media | None:
    """Return what the body of a request is, if it has any."""
    for media_type, said in _preferred(content):
        node, kind = reader.flats.flat(said.get("schema", {})), _kind(media_type)
        if kind == "raw":
            return Media(media_type, kind, CONTENT, node)
        shape = reader.typed(node, f"{name} body", place)
        if kind != "json" and not isinstance(shape.bare, Class | Map):
            raise UnsupportedError(f"a body of type {media_type} that is no object")
        encoding = said.get("encoding") or {}
        deep = (key for key, one in encoding.items() if one.get("style") == "deepObject")
        return Media(media_type, kind, shape, node, tuple(deep))
    return None


def answer_of(content: Document, reader: Reader, name: str, place: str) -> Media:
    """Return what an answer is."""
    for media_type, said in _preferred(content):
        node = reader.flats.flat(said.get("schema", True))
        if is_json(media_type) or (media_type == "*/*" and node.get("type", "object") != "string"):
            return Media(media_type, "json", reader.typed(node, name, place), node)
        is_bytes = node.get("format") == "binary" or not _is_text(_plain(media_type))
        return Media(media_type, "raw", BYTES if is_bytes else TEXT, node)
    return Media("", "json", NONE)


def _preferred(content: Document) -> Iterable[tuple[str, Document]]:
    """Return the forms of a body or an answer, JSON first, then forms."""
    order = ["json", *FORMS.values(), "raw"]
    return sorted(content.items(), key=lambda pair: order.index(_kind(pair[0])))


def _kind(media_type: str) -> str:
    return "json" if is_json(media_type) else FORMS.get(_plain(media_type), "raw")


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_text(media_type: str) -> bool:
    kind = media_type.rpartition("+")[2].rpartition("/")[2].removeprefix("x-")
    texts = {"csv", "javascript", "jsonl", "jsonlines", "ndjson", "plain", "sql", "xml", "yaml"}
    return media_type.startswith("text/") or media_type == "*/*" or kind in texts
