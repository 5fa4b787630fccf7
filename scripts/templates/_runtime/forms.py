"""Bodies that are no JSON: forms, files, and what is sent as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import httpx

from .calls import query_arguments, text_argument


class Content(NamedTuple):
    """A body that is no JSON."""

    media_type: str
    data: bytes


def form_body(
    form: Mapping[str, Any],
    *,
    deep: tuple[str, ...] = (),
    joined: tuple[str, ...] = (),
    opened: tuple[str, ...] = (),
) -> Content:
    """Return a form as browsers send it: an array as a field for each item, an object as JSON.

    The fields in `deep` are written as `deepObject`, `name[key]=value`, and the arrays in `joined`
    with commas. The objects in `opened` are written as the fields that they have.
    """
    plain = {
        key: text_argument(value) if _is_object(value) and key not in {*deep, *opened} else value
        for key, value in form.items()
    }
    data = urlencode(query_arguments(plain, joined, deep)).encode()
    return Content("application/x-www-form-urlencoded", data)


def multipart_body(form: Mapping[str, Any], *, types: Mapping[str, str] | None = None) -> Content:
    """Return a form with files, which are read to their ends; an object in it goes as JSON.

    The parts in `types` have those media types.
    """
    parts = list(_parts(form, types or {}))
    request = httpx.Request("POST", "http://localhost", files=parts)
    return Content(request.headers.get("Content-Type", "multipart/form-data"), request.read())


def raw_body(body: bytes | str, media_type: str) -> Content:
    """Return a body as it is."""
    return Content(media_type, body.encode() if isinstance(body, str) else body)


def _parts(form: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for key, value in form.items():
        kind = types.get(key)
        for one in cast("list[object]", value) if isinstance(value, list) else [value]:
            if _is_object(one):
                yield key, (None, text_argument(one).encode(), kind or "application/json")
            elif isinstance(one, (bytes, tuple)) or hasattr(one, "read"):
                yield key, _file(cast("object", one), kind) if kind else one
            elif one is not None:
                yield key, (None, text_argument(one).encode(), kind)


def _file(given: object, kind: str) -> tuple[str, Any, str]:
    """Return a file with its media type; without a name, it is called as httpx does."""
    if isinstance(given, tuple):
        name, data = cast("tuple[str, Any]", given)
        return name, data, kind
    return Path(str(getattr(given, "name", "upload"))).name, given, kind


def _is_object(value: object) -> bool:
    return isinstance(value, dict)
