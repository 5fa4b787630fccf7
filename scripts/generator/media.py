"""Bodies and answers by their media type: JSON, forms, text, or bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .document import Document, Node, UnsupportedError, is_json
from .flat import Flattener
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
        node = reader.flats.flat(said.get("schema", {}))
        opened = _opened(node, reader.flats)
        kind = "raw" if opened.get("format") == "binary" else _kind(media_type)
        if media_type == "*/*":  # Anything will do.
            is_raw = opened.get("type") == "string"
            media_type, kind = (USUAL_RAW, "raw") if is_raw else ("application/json", "json")
        if "*" in media_type:
            raise UnsupportedError(f"a body of type {media_type}, which is more than one")
        if kind == "raw":
            return Media(media_type, kind, CONTENT, node)
        shape = reader.typed(node, f"{name} body", place)
        if kind != "json" and not isinstance(shape.bare, Class | Map):
            raise UnsupportedError(f"a body of type {media_type} that is no object")
        found = Media(media_type, kind, shape, node)
        if kind != "json":
            _write_fields(found, said.get("encoding") or {}, reader.flats)
        return found
    return None


def answer_of(content: Document, reader: Reader, name: str, place: str) -> Media:
    """Return what an answer is."""
    for media_type, said in _preferred(content):
        node = reader.flats.flat(said.get("schema", True))
        opened = _opened(node, reader.flats)
        is_binary = opened.get("format") == "binary"
        is_text = not is_binary and _is_text(_plain(media_type))
        is_any = media_type == "*/*" and opened.get("type", "object") != "string"
        if is_any or (is_json(media_type) and not is_binary):
            plain = re.sub("; *charset=[^;]*", "", media_type).replace("*/*", "application/json")
            return Media(plain, "json", reader.typed(node, name, place), node)
        return Media(media_type, "raw", TEXT if is_text else BYTES, node)
    return Media("", "", NONE)


def _write_fields(form: Media, encoding: Document, flats: Flattener) -> None:
    """Find how the fields of a form are written, where that is not the usual way."""
    fields = _opened(form.node, flats).get("properties") or {}
    for key in {**fields, **encoding}:
        node = _opened(flats.flat(fields.get(key, True)), flats)
        said = encoding.get(key, {})
        if form.kind == "multipart":
            _write_part(form, key, said, node, flats)
        elif way := _way(key, said, node.get("type", "")):
            form.ways[way] = (*form.ways.get(way, ()), key)


def _way(key: str, said: Document, kind: str) -> str:
    """Return how a field of a form without files is written; `""` if in the usual way."""
    style, is_joined = said.get("style"), said.get("explode") is False
    has_style = bool({"style", "explode"} & set(said))
    usual = "application/json" if kind == "object" else "text/plain"
    if style == "deepObject":
        return "deep"
    if style not in {None, "form"} or (is_joined and kind in {"", "object"}):
        raise UnsupportedError(f"the style of {key!r} in a form")
    if not has_style and said.get("contentType", usual) != usual:
        raise UnsupportedError(f"{said['contentType']} as the type of {key!r} in a form")
    if has_style and kind in {"array", "object"}:
        return "joined" if is_joined else "opened"
    return ""


def _write_part(form: Media, key: str, said: Document, node: Node, flats: Flattener) -> None:
    """Find the media type of a part, and whether it is a file as OpenAPI 3.1 has them."""
    if {"style", "explode", "headers"} & set(said):
        raise UnsupportedError(f"the encoding of {key!r} in a form with files")
    item = _opened(flats.flat(node.get("items", True)), flats) if "items" in node else node
    is_encoded = "contentEncoding" in item
    own = "" if is_encoded else item.get("contentMediaType", "")
    kinds = [one.strip() for one in (said.get("contentType") or own).split(",")]
    if node.get("type") == "object" and not (kinds == [""] or is_json(kinds[0])):
        raise UnsupportedError(f"{kinds[0]} as the type of {key!r}, which is an object")
    if len(kinds) == 1 and kinds[0] not in {"", USUAL_RAW} and "*" not in kinds[0]:
        form.types[key] = kinds[0]  # One of several is as the name of a file has it.
    is_bytes = not any(not one or is_json(one) or _is_text(_plain(one)) for one in kinds)
    if item.get("type") == "string" and is_bytes and not is_encoded:
        form.files.add(key)


def _opened(node: Node, flats: Flattener) -> Node:
    while "$ref" in node:
        node = flats.target(node["$ref"])
    return node


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
