"""How a caller's values are written into a request: its path, query, headers and body."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx

from .arguments import is_header
from .codec import as_uuid, to_json
from .mismatch import MismatchError, excerpt


class Content(NamedTuple):
    """A body, and what it is."""

    media_type: str
    data: bytes


def uuid_argument(name: str, value: object) -> str:
    """Check a UUID that a caller gave, as a `UUID` or as text."""
    try:
        return str(as_uuid(str(value) if isinstance(value, UUID) else value)).lower()
    except MismatchError:
        raise ValueError(f"{name}: expected a UUID, got {excerpt(value)}") from None


def path_argument(name: str, value: object) -> str:
    """Fit a caller's value into one segment of a path; the items of an array with commas."""
    texts = _texts(name, value)
    if not texts or {"", ".", ".."} & set(texts):
        raise ValueError(f"{name}: {excerpt(', '.join(texts))} cannot stand in a path")
    return ",".join(quote(text, safe="") for text in texts)


def query_arguments(
    values: Mapping[str, Any], joined: Sequence[str] = (), deep: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Write the query, without what is `None`.

    An array is a pair for each item, or one pair where it is to be `joined`. An object is a pair
    for each of its fields, named after the field, or `name[field]` where it is to be `deep`.
    """
    pairs: list[tuple[str, str]] = []
    # httpx has a mapping of its own that may hold a name twice.
    for key, value in getattr(values, "multi_items", values.items)():
        plain = to_json(list(cast("Sequence[Any]", value)) if isinstance(value, tuple) else value)
        if key in deep:
            pairs += _deep(key, plain)
        elif isinstance(plain, dict):
            pairs += query_arguments(cast("dict[str, Any]", plain))
        else:
            texts = _texts(key, plain)
            texts = [",".join(texts)] if key in joined and texts else texts
            pairs += [(key, text) for text in texts]
    return tuple(pairs)


def header_arguments(values: Mapping[str, object]) -> dict[str, str]:
    """Write the headers of a call, without what is `None`; the items of an array with commas."""
    texts = {key: ",".join(_texts(key, one)) for key, one in values.items() if one is not None}
    for key, text in texts.items():
        if not is_header(text):
            raise ValueError(f"{key}: {excerpt(text)} cannot stand in a header")
    return texts


def json_body(value: object) -> Content:
    """Return a value as JSON."""
    return Content("application/json", _dumped("The body", value).encode())


def form_body(form: object, *, deep: Sequence[str] = ()) -> Content:
    """Return a form as browsers send it: an array as a field for each item, an object as JSON.

    The fields in `deep` are written as `deepObject`, `name[key]=value`.
    """
    plain: dict[str, object] = {}
    for key, one in _fields(form):
        is_json = isinstance(one, dict) and key not in deep
        plain[key] = _text(key, cast("object", one)) if is_json else one
    data = urlencode(query_arguments(plain, deep=deep)).encode()
    return Content("application/x-www-form-urlencoded", data)


def multipart_body(form: object, *, types: Mapping[str, str] | None = None) -> Content:
    """Return a form with files, which are read to their ends; an object in it goes as JSON.

    The parts in `types` have those media types.
    """
    parts = list(_parts(form, types or {}))
    request = httpx.Request("POST", "http://localhost", files=parts)
    return Content(request.headers.get("Content-Type", "multipart/form-data"), request.read())


def raw_body(body: object, media_type: str) -> Content:
    """Return a body as it is."""
    data = body.encode() if isinstance(body, str) else body
    if not isinstance(data, bytes):
        raise ValueError(f"body must be bytes or text, not {excerpt(data)}")
    return Content(media_type, data)


def _fields(form: object) -> Iterator[tuple[str, Any]]:
    plain = to_json(form)
    if not isinstance(plain, dict):
        raise ValueError(f"body must be an object, not {excerpt(plain)}")
    yield from cast("dict[str, Any]", plain).items()


def _parts(form: object, types: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for key, value in _fields(form):
        media_type = types.get(key)
        for one in cast("list[object]", value) if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                data = _text(key, cast("object", one)).encode()
                yield key, (None, data, media_type or "application/json")
            elif isinstance(one, (bytes, tuple)) or hasattr(one, "read"):
                yield key, _file(cast("object", one), media_type) if media_type else one
            elif one is not None:
                yield key, (None, _text(key, one).encode(), media_type)


def _file(given: object, media_type: str) -> tuple[str, Any, str]:
    """Return a file with its media type; without a name, it is called as httpx does."""
    if isinstance(given, tuple):
        name, data = cast("tuple[str, Any]", given)
        return name, data, media_type
    return Path(str(getattr(given, "name", "upload"))).name, given, media_type


def _deep(key: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        value = dict(enumerate(cast("list[object]", value)))
    if isinstance(value, dict):
        for name, one in cast("dict[Any, object]", value).items():
            yield from _deep(f"{key}[{name}]", one)
    elif value is not None:
        yield key, _text(key, value)


def _texts(name: str, value: object) -> list[str]:
    items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
    return [_text(name, item) for item in items if item is not None]


def _text(name: str, value: object) -> str:
    """Write a caller's value as text, in the form that its JSON has."""
    plain = to_json(value)
    text = plain if isinstance(plain, str) else _dumped(name, plain)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} cannot be sent: {excerpt(text)}: {error.reason}") from None
    return text


def _dumped(name: str, value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{name} cannot be sent: {error}") from None


def _plain(value: object) -> Any:
    plain = to_json(value)
    if plain is value:
        raise TypeError(f"{type(value).__name__} is no type of JSON")
    return plain
