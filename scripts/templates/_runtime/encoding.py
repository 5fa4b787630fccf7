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
from .errors import MismatchError, excerpt


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
    texts = [text for _, text in _pairs(name, value, "json")]
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
        found = list(_pairs(key, value, "deep" if key in deep else ""))
        if key in joined and found:
            found = [(key, ",".join(text for _, text in found))]
        pairs += found
    return tuple(pairs)


def header_arguments(values: Mapping[str, object]) -> dict[str, str]:
    """Write the headers of a call, without what is `None`; the items of an array with commas."""
    headers: dict[str, str] = {}
    for key, value in values.items():
        if value is not None:
            headers[key] = ",".join(text for _, text in _pairs(key, value, "json"))
            if not is_header(headers[key]):
                raise ValueError(f"{key}: {excerpt(headers[key])} cannot stand in a header")
    return headers


def json_body(value: object, media_type: str = "application/json") -> Content:
    """Return a value as JSON."""
    return Content(media_type, _dumped("The body", value).encode())


def form_body(form: object, *, deep: Sequence[str] = ()) -> Content:
    """Return a form as browsers send it: an array as a field for each item, an object as JSON.

    The fields in `deep` are written as `deepObject`, `name[key]=value`.
    """
    pairs: list[tuple[str, str]] = []
    for key, value in _fields(form).items():
        pairs += _pairs(key, value, "deep" if key in deep else "json")
    return Content("application/x-www-form-urlencoded", urlencode(pairs).encode())


def multipart_body(form: object, *, types: Mapping[str, str] | None = None) -> Content:
    """Return a form with files, which are read to their ends; an object in it goes as JSON.

    The parts in `types` have those media types.
    """
    parts: list[tuple[str, Any]] = []
    for key, value in _fields(form).items():
        media_type = (types or {}).get(key)
        for one in cast("list[object]", value) if isinstance(value, list) else [value]:
            if isinstance(one, (bytes, tuple)) or hasattr(one, "read"):
                parts.append((key, _file(cast("object", one), media_type)))
            elif one is not None:
                kind = media_type or ("application/json" if isinstance(one, dict) else None)
                parts.append((key, (None, text_argument(key, cast("object", one)).encode(), kind)))
    request = httpx.Request("POST", "http://localhost", files=parts)
    return Content(request.headers.get("Content-Type", "multipart/form-data"), request.read())


def raw_body(body: object, media_type: str) -> Content:
    """Return a body as it is."""
    data = text_argument("body", body).encode() if isinstance(body, str) else body
    if not isinstance(data, bytes):
        raise ValueError(f"body must be bytes or text, not {excerpt(data)}")
    return Content(media_type, data)


def _fields(form: object) -> dict[str, Any]:
    plain = to_json(form)
    if not isinstance(plain, dict):
        raise ValueError(f"body must be an object, not {excerpt(plain)}")
    return cast("dict[str, Any]", plain)


def _file(given: object, media_type: str | None) -> Any:
    """Return a file with its media type, if it has one; it is called as httpx would call it."""
    if media_type is None:
        return given
    if isinstance(given, tuple):
        name, data = cast("tuple[str, Any]", given)
        return name, data, media_type
    return Path(str(getattr(given, "name", "upload"))).name, given, media_type


def _pairs(key: str, value: object, way: str) -> Iterator[tuple[str, str]]:
    """Yield a value as pairs of texts: one for each item of an array, none for what is `None`.

    An object is one pair, its `json`; or a pair for each of its fields, which is `deep` or not.
    """
    plain: Any = to_json(value)
    if isinstance(plain, list | tuple):
        for place, one in enumerate(cast("Sequence[object]", plain)):
            if way == "deep":
                yield from _pairs(f"{key}[{place}]", one, way)
            elif one is not None:
                yield key, text_argument(key, one)
    elif way != "json" and isinstance(plain, dict):
        for name, one in cast("dict[str, object]", plain).items():
            yield from _pairs(f"{key}[{name}]" if way == "deep" else name, one, way)
    elif plain is not None:
        yield key, text_argument(key, plain)


def text_argument(name: str, value: object) -> str:
    """Write a caller's value as text, in the form that its JSON has."""
    plain = to_json(value)
    text = plain if isinstance(plain, str) else _dumped(name, plain)
    try:
        text.encode()
    except UnicodeEncodeError as error:  # Half a pair of surrogates.
        raise ValueError(f"{name} cannot be sent: {error}") from None
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
