"""Bodies and answers by their media type: JSON, forms, text, or bytes."""

from __future__ import annotations

import re
from typing import Any

from attrs import evolve

from .document import Document, Node, UnsupportedError
from .model import Field, Model
from .operation import arguments
from .reader import Reader
from .shapes import BYTES, CONTENT, FILE, NONE, TEXT, Array, Class, Map, Nullable, Shape, one_of

FORMS = {"application/x-www-form-urlencoded": "form", "multipart/form-data": "multipart"}
"""How each sort of form is written; the first is preferred."""

USUAL_RAW = "application/octet-stream"
"""The media type of bytes of any sort."""


def body_of(content: Document, reader: Reader, name: str) -> tuple[Node, Shape, str]:
    """Return the schema of a body, its type, and an expression for it as it is sent."""
    media_type, said = _preferred(content)
    node = reader.flats.flat(said.get("schema", {}))
    opened = reader.flats.opened(node)
    if _kind(media_type) == "json" and _has_files(opened, reader):  # JSON has none.
        same = [one for one in content if content[one].get("schema") == said["schema"]]
        media_type = next((one for one in same if _kind(one) == "multipart"), media_type)
        said = content[media_type]
    if media_type == "*/*":  # Anything will do.
        media_type = USUAL_RAW if opened.get("type") == "string" else "application/json"
    if "*" in media_type:
        raise UnsupportedError(f"a body of type {media_type}, which is more than one")
    kind = "raw" if opened.get("format") == "binary" else _kind(media_type)
    if kind == "raw":
        return node, CONTENT, f"raw_body(body{arguments(media_type=media_type)})"
    shape = reader.typed(node, f"{name} body")
    if kind == "json":
        unusual = "" if media_type == "application/json" else media_type
        return node, shape, f"json_body(body{arguments(media_type=unusual)})"
    if not isinstance(shape.bare, Class | Map):
        raise UnsupportedError(f"a body of type {media_type} that is no object")
    given = _read_form(kind, shape, said.get("encoding") or {}, reader)
    return node, shape, f"{kind}_body(body{given})"


def answer_of(content: Document, reader: Reader, name: str) -> tuple[str, Shape]:
    """Return the media type of an answer, and its type."""
    if not content:
        return "", NONE
    media_type, said = _preferred(content)
    node = reader.flats.flat(said.get("schema", True))
    opened = reader.flats.opened(node)
    is_binary = opened.get("format") == "binary"
    is_any = media_type == "*/*" and opened.get("type", "object") != "string"
    if is_any or (_is_json(media_type) and not is_binary):
        plain = re.sub("; *charset=[^;]*", "", media_type).replace("*/*", "application/json")
        return plain, reader.typed(node, name)
    is_text = not is_binary and _is_text(media_type)
    return media_type, TEXT if is_text else BYTES


def _read_form(kind: str, shape: Shape, encoding: Document, reader: Reader) -> str:
    """Return how the fields of a form are written, and have those be files that are."""
    reader.finish()
    model = reader.models.of(shape.bare)
    given = model.fields if isinstance(model, Model) else []
    fields: dict[str, Field] = {one.key: one for one in given}
    deep: list[str] = []
    types: dict[str, str] = {}
    for key in {**fields, **encoding}:
        node = reader.flats.opened(fields[key].node) if key in fields else {}
        said = encoding.get(key, {})
        if kind == "form":
            deep += [key] if _is_deep(key, said, node) else []
            continue
        types[key], file = _part(key, said, node, reader)
        if file:
            type_ = file if fields[key].required else Nullable.of(file)
            fields[key] = evolve(fields[key], type=type_)
    given[:] = fields.values()
    return arguments(deep=deep, types={key: one for key, one in types.items() if one})


def _is_deep(key: str, said: Document, node: Node) -> bool:
    """Whether a field is written as `deepObject`; refuse what is neither that nor the usual way."""
    style, is_object = said.get("style"), node.get("type") == "object"
    usual = "application/json" if is_object else "text/plain"
    if style == "deepObject":
        return True
    if style not in {None, "form"} or said.get("explode") is False or (style and is_object):
        raise UnsupportedError(f"the style of {key!r} in a form")
    if said.get("contentType", usual) != usual:
        raise UnsupportedError(f"{said['contentType']} as the type of {key!r} in a form")
    return False


def _part(key: str, said: Document, node: Node, reader: Reader) -> tuple[str, Shape | None]:
    """Return the media type of a part, if not the usual one, and the type of the file it may be."""
    if {"style", "explode", "headers"} & set(said):
        raise UnsupportedError(f"the encoding of {key!r} in a form with files")
    some = _opened(node["oneOf"], reader) if "oneOf" in node else [node]
    items = [_opened([one["items"]], reader)[0] if "items" in one else one for one in some]
    found = [_content(key, said, one, item) for one, item in zip(some, items, strict=True)]
    kind, is_file = max(found, key=lambda one: one[1], default=("", False))
    if not is_file:
        return kind, None
    if any(item.get("type") != "string" for item in items):
        raise UnsupportedError(f"{key!r}, which is a file or something else")
    return kind, one_of(Array.of(FILE) if "items" in one else FILE for one in some)


def _content(key: str, said: Document, node: Node, item: Node) -> tuple[str, bool]:
    """Return the media type of a part that has a schema, and whether it is a file."""
    is_encoded = "contentEncoding" in item
    kind: str = said.get("contentType") or ("" if is_encoded else item.get("contentMediaType", ""))
    if node.get("type") == "object" and kind and not _is_json(kind):
        raise UnsupportedError(f"{kind} as the type of {key!r}, which is an object")
    is_bytes = not (is_encoded or not kind or _is_json(kind) or _is_text(kind))
    is_file = item.get("type") == "string" and (is_bytes or item.get("format") == "binary")
    # One of several is as the name of a file has it.
    return "" if kind == USUAL_RAW or set(",*") & set(kind) else kind, is_file


def _has_files(node: Node, reader: Reader) -> bool:
    fields = (node.get("properties") or {}).items()
    return any(_part(key, {}, _opened([one], reader)[0], reader)[1] for key, one in fields if one)


def _opened(schemas: list[Any], reader: Reader) -> list[Node]:
    return [reader.flats.opened(reader.flats.flat(one)) for one in schemas]


def _preferred(content: Document) -> tuple[str, Document]:
    """Return one of the forms of a body or an answer: plain JSON, other JSON, a form, another."""
    order = ["json", *FORMS.values(), "raw"]
    first = min(
        content, key=lambda one: (order.index(_kind(one)), _plain(one) != "application/json")
    )
    return first, content[first] or {}


def _kind(media_type: str) -> str:
    return "json" if _is_json(media_type) else FORMS.get(_plain(media_type), "raw")


def _is_json(media_type: str) -> bool:
    return _plain(media_type).endswith(("/json", "+json"))


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_text(media_type: str) -> bool:
    plain = _plain(media_type)
    kind = plain.rpartition("+")[2].rpartition("/")[2].removeprefix("x-")
    texts = {"csv", "javascript", "jsonl", "jsonlines", "ndjson", "plain", "sql", "xml", "yaml"}
    return plain.startswith("text/") or plain == "*/*" or kind in texts
