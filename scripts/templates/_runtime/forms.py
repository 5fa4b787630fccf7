"""Bodies that are no JSON: forms, files, and what is sent as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import httpx

from .calls import query_arguments, text_argument


class Content(NamedTuple):
    """A body that is no JSON."""

    media_type: str
    data: bytes


def form_body(form: Mapping[str, Any], deep: tuple[str, ...] = ()) -> Content:
    """Return a form as browsers send it: an array as a field for each item, an object as JSON.

    The fields in `deep` are written as `deepObject`, `name[key]=value`.
    """
    plain = {
        key: text_argument(value) if _is_object(value) and key not in deep else value
        for key, value in form.items()
    }
    data = urlencode(query_arguments(plain, deep=deep)).encode()
    return Content("application/x-www-form-urlencoded", data)


def multipart_body(form: Mapping[str, Any]) -> Content:
    """Return a form with files, which are read to their ends; an object in it goes as JSON."""
    request = httpx.Request("POST", "http://localhost", files=list(_parts(form)))
    return Content(request.headers.get("Content-Type", "multipart/form-data"), request.read())


def raw_body(body: bytes | str, media_type: str) -> Content:
    """Return a body as it is."""
    return Content(media_type, body.encode() if isinstance(body, str) else body)


def _parts(form: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in form.items():
        for one in cast("list[object]", value) if isinstance(value, list) else [value]:
            if _is_object(one):
                yield key, (None, text_argument(one).encode(), "application/json")
            elif isinstance(one, (bytes, tuple)) or hasattr(one, "read"):
                yield key, one
            elif one is not None:
                yield key, (None, text_argument(one).encode())


def _is_object(value: object) -> bool:
    return isinstance(value, dict)
