"""Bodies and answers by their media type: JSON, forms, text, or bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

from .document import Document, UnsupportedError, is_json
from .flat import Flattener, Node
from .operation import Media
from .reader import Reader
from .shapes import BYTES, CONTENT, NONE, TEXT, Class, Map

FORMS = {"application/x-www-form-urlencoded": "form", "multipart/form-data": "multipart"}
"""How each sort of form is written; the first is preferred."""

USUAL_RAW = "application/octet-stream"
"""The media type of bytes of any sort."""


def body_of(content: Document, reader: Reader, name: str, place: str) -> Media | None:
    """Return what the body of a request is, if it has any."""
    for media_type, said in _preferred(content):
        node, kind = reader.flats.flat(said.get("schema", {})), _kind(media_type)
        if media_type == "*/*":  # Anything will do.
            is_raw = node.get("type") == "string"
            media_type, kind = (USUAL_RAW, "raw") if is_raw else ("application/json", "json")
        if "*" in media_type:
            raise UnsupportedError(f"a body of type {media_type}, which is more than one")
        if kind == "raw":
            return Media(media_type, kind, CONTENT, node)
        shape = reader.typed(node, f"{name} body", place)
        if kind != "json" and not isinstance(shape.bare, Class | Map):
            raise UnsupportedError(f"a body of type {media_type} that is no object")
        encoding = said.get("encoding") or {}
        ways, types = {}, {}
        if kind == "form":
            ways = _ways(encoding, _Form(reader.flats, node))
        elif kind == "multipart":
            types = _types(encoding, _Form(reader.flats, node))
        return Media(media_type, kind, shape, node, ways, types)
    return None


def answer_of(content: Document, reader: Reader, name: str, place: str) -> Media:
    """Return what an answer is."""
    for media_type, said in _preferred(content):
        node = reader.flats.flat(said.get("schema", True))
        if is_json(media_type) or (media_type == "*/*" and node.get("type", "object") != "string"):
            plain = re.sub("; *charset=[^;]*", "", media_type).replace("*/*", "application/json")
            return Media(plain, "json", reader.typed(node, name, place), node)
        is_bytes = node.get("format") == "binary" or not _is_text(_plain(media_type))
        return Media(media_type, "raw", BYTES if is_bytes else TEXT, node)
    return Media("", "json", NONE)


@frozen
class _Form:
    """The schema of a form."""

    flats: Flattener
    node: Node

    @property
    def fields(self) -> Document:
        found: Document = self._followed(self.node).get("properties") or {}
        return found

    def field(self, key: str) -> Node:
        """Return what the schema of a field says."""
        return self._followed(self.flats.flat(self.fields.get(key, True)))

    def kind(self, key: str) -> str:
        """Return what a field is, as the `type` of its schema says; `""` if that says nothing."""
        return str(self.field(key).get("type", ""))

    def media_type(self, key: str) -> str:
        """Return the media type that the schema of a text says, or of the texts in an array."""
        node = self.field(key)
        node = self.flats.flat(node.get("items", True)) if node.get("type") == "array" else node
        return "*" if "contentEncoding" in node else str(node.get("contentMediaType", "*"))

    def _followed(self, node: Node) -> Node:
        while "$ref" in node:
            node = self.flats.target(node["$ref"])
        return node


def _ways(encoding: Document, form: _Form) -> dict[str, tuple[str, ...]]:
    """Return the fields of a form that are written in another way than usual, by that way."""
    ways: dict[str, list[str]] = {"deep": [], "joined": [], "opened": []}
    for key, said in encoding.items():
        style, is_joined = said.get("style"), said.get("explode") is False
        kind, has_style = form.kind(key), bool({"style", "explode"} & set(said))
        usual = "application/json" if kind == "object" else "text/plain"
        if style == "deepObject":
            ways["deep"].append(key)
        elif style not in {None, "form"} or (is_joined and kind in {"", "object"}):
            raise UnsupportedError(f"the style of {key!r} in a form")
        elif not has_style and said.get("contentType", usual) != usual:
            raise UnsupportedError(f"{said['contentType']} as the type of {key!r} in a form")
        elif has_style and kind in {"array", "object"}:
            ways["joined" if is_joined else "opened"].append(key)
    return {way: tuple(keys) for way, keys in ways.items() if keys}


def _types(encoding: Document, form: _Form) -> dict[str, str]:
    """Return the media types of parts; one of several is as the name of a file has it."""
    found: dict[str, str] = {}
    for key in form.fields:
        said = encoding.get(key, {})
        if {"style", "explode", "headers"} & set(said):
            raise UnsupportedError(f"the encoding of {key!r} in a form with files")
        media_type = said.get("contentType") or form.media_type(key)
        if form.kind(key) == "object" and not (media_type == "*" or is_json(media_type)):
            raise UnsupportedError(f"{media_type} as the type of {key!r}, which is an object")
        if media_type != USUAL_RAW and not set("*,") & set(media_type):
            found[key] = media_type
    return found


def is_file(media_type: str) -> bool:
    """Whether a text of this type is bytes, as OpenAPI 3.1 has files."""
    kinds = [_plain(one) for one in media_type.split(",")]
    return not any(is_json(one) or one == "*/*" or _is_text(one) for one in kinds)


def _preferred(content: Document) -> Iterable[tuple[str, Document]]:
    """Return the forms of a body or an answer: plain JSON first, other JSON, then forms."""
    order = ["json", *FORMS.values(), "raw"]
    return sorted(
        content.items(),
        key=lambda pair: (order.index(_kind(pair[0])), _plain(pair[0]) != "application/json"),
    )


def _kind(media_type: str) -> str:
    return "json" if is_json(media_type) else FORMS.get(_plain(media_type), "raw")


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_text(media_type: str) -> bool:
    kind = media_type.rpartition("+")[2].rpartition("/")[2].removeprefix("x-")
    texts = {"csv", "javascript", "jsonl", "jsonlines", "ndjson", "plain", "sql", "xml", "yaml"}
    return media_type.startswith("text/") or media_type == "*/*" or kind in texts
