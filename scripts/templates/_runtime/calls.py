"""One call, as both clients see it: the request to make, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar, cast

import httpx
from attrs import field, frozen, has

from .codec import as_any
from .encoding import Content, json_body, query_arguments, text_argument
from .errors import excerpt

T = TypeVar("T")

_SAFE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


class Unset(Enum):
    """Tells an argument that was not given from one that is `None`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset.UNSET


class CallOptions(TypedDict, total=False):
    """What holds for one call alone, in place of what its client says."""

    timeout: float | timedelta | httpx.Timeout | None
    """How long each part of a request may take, in seconds; `None` waits forever."""
    total_timeout: float | timedelta | None
    """How long the call may take with its retries, in seconds; each poll, in a wait."""
    max_retries: int
    """How often a request is repeated, where it may help; or, in a wait, how often in a row."""
    headers: Mapping[str, str]
    """Headers beside those of the client, or in place of them."""


class Call(NamedTuple, Generic[T]):
    """One call of an operation, ready to be sent by either client."""

    method: str
    url: str
    """The path with its parameters filled in, relative to `base_url`."""
    decoders: Mapping[str, Callable[[Any], T]]
    """What decodes the body, by status as the spec has it: `200`, `2XX` or `default`."""
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    content: Content | None = None
    item_id: tuple[str, object] | None = None
    """The field with the answer's id, as `a.b` within another, and the id that was asked for."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    @classmethod
    def plain(cls, method: object, path: object, params: object, json: object) -> Call[Any]:
        """Return a call that no operation stands for; its answer is JSON of any kind."""
        if not (isinstance(method, str) and method.isascii() and method.isalpha()):
            raise ValueError(f"method must be one of HTTP, such as 'GET', not {excerpt(method)}")
        if not (isinstance(path, str) and path.startswith("/")) or set("?#") & set(path):
            raise ValueError(
                f"path must begin with '/', and have its query in params; got {excerpt(path)}"
            )
        if not isinstance(params or {}, Mapping):
            raise ValueError(f"params must be a mapping, not {excerpt(params)}")
        query = query_arguments(cast("Mapping[str, object]", params or {}))
        content = None if json is UNSET else json_body(json)
        url = text_argument("path", path)
        return Call(method.upper(), url, {"2XX": as_any}, query, content=content)

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once (RFC 9110, 9.2.2)."""
        return self.method in _SAFE_METHODS


@frozen
class Response(Generic[T]):
    """An answer, decoded and as it came."""

    parsed: T
    """What the plain method returns."""
    status_code: int
    """The HTTP status."""
    headers: httpx.Headers
    """The headers, by name in any case."""
    content: bytes = field(repr=False)
    """The body, decompressed."""
    request_id: str | None
    """The id that the server gave the request, from `X-Request-Id`, if any."""
    retries_taken: int = 0
    """How many times the call was repeated before this answer came."""


def id_argument(value: object, field_name: str) -> Any:
    """Return an id that a caller gave, or the id of what a caller gave."""
    if isinstance(value, Response):
        value = cast("Response[object]", value).parsed
    try:
        return attrgetter(field_name)(value) if has(type(value)) else value
    except AttributeError:
        return value  # It has none, and is refused as it is.
