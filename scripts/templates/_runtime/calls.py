"""One call, as both clients see it: the request to make, and the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from json import dumps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, cast
from urllib.parse import quote
from uuid import UUID

from attrs import field, frozen, has

from .codec import as_any, as_nothing, as_uuid, to_json
from .mismatch import MismatchError, excerpt

if TYPE_CHECKING:
    from datetime import timedelta

    import httpx

    from .forms import Content

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


@frozen
class Call(Generic[T]):
    """One call of an operation, ready to be sent by either client."""

    method: str
    template: str
    """The path as the spec has it, `/items/{item_id}`. It names the operation in logs."""
    url: str
    """The path with its parameters filled in, relative to `base_url`."""
    decoders: Mapping[str, Callable[[Any], T]]
    """What decodes the body, by status as the spec has it: `200`, `2XX` or `default`."""
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(factory=dict[str, str])
    json: Any = UNSET
    content: Content | None = None
    """The body, where it is no JSON."""
    item_id: tuple[tuple[str, ...], object] | None = None
    """The keys that lead to the answer's id, and the id that was asked for."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    def decoder(self, status_code: int) -> Callable[[Any], T] | None:
        """Find what decodes the body of an answer, if the spec says."""
        for status in (str(status_code), f"{status_code // 100}XX", "default"):
            if status in self.decoders:
                decode = self.decoders[status]
                is_other = self.item_id and decode is not as_nothing
                return partial(self._decoded, decode) if is_other else decode
        return None

    def _decoded(self, decode: Callable[[Any], T], payload: Any) -> T:
        """Decode a body, unless it is the answer to somebody else's question."""
        parsed = decode(payload)
        keys, asked = self.item_id or ((), None)
        given = payload
        for key in keys:
            given = cast("dict[str, Any]", given).get(key) if isinstance(given, dict) else None
        text = text_argument(asked)
        if keys and given is not None and text_argument(given).lower() != text.lower():
            expected = f"{excerpt(text)}, which was asked for"
            raise MismatchError.unexpected(given, expected).within(".".join(keys))
        return parsed

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
        try:
            json = json if json is UNSET else to_json(json)
            dumps(None if json is UNSET else json)
        except TypeError as error:
            raise ValueError(f"json is nothing that JSON has: {error}") from None
        query = query_arguments(cast("Mapping[str, object]", params or {}))
        return Call(method.upper(), path, path, {"2XX": as_any}, query, json=json)

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
    retries_taken: int
    """How many times the call was repeated before this answer came."""


def id_argument(value: object, field_name: str) -> Any:
    """Return an id that a caller gave, or the id of what a caller gave."""
    if isinstance(value, Response):
        value = cast("Response[object]", value).parsed
    return attrgetter(field_name)(value) if has(type(value)) else value


def uuid_argument(name: str, value: object) -> str:
    """Check a UUID that a caller gave, as a `UUID` or as text."""
    try:
        return str(as_uuid(str(value) if isinstance(value, UUID) else value)).lower()
    except MismatchError:
        raise ValueError(f"{name}: expected a UUID, got {excerpt(value)}") from None


def path_argument(name: str, value: object) -> str:
    """Fit a caller's value into one segment of a path; the items of an array with commas."""
    texts = _texts(value)
    if not texts or {"", ".", ".."} & set(texts):
        raise ValueError(f"{name}: {excerpt(', '.join(texts))} cannot stand in a path")
    return ",".join(quote(text, safe="") for text in texts)


def text_argument(value: object) -> str:
    """Write a caller's value as text, in the form that its JSON has."""
    plain = to_json(value)
    is_text = isinstance(plain, str) or plain is None
    return str(plain) if is_text else json.dumps(plain, ensure_ascii=False, allow_nan=False)


def query_arguments(
    values: Mapping[str, Any], joined: tuple[str, ...] = (), deep: tuple[str, ...] = ()
) -> tuple[tuple[str, str], ...]:
    """Write the query, without what is `None`.

    An array is a pair for each item, or one pair where it is to be `joined`. An object is a pair
    for each of its fields, named after the field, or `name[field]` where it is to be `deep`.
    """
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        plain = to_json(list(cast("Sequence[Any]", value)) if isinstance(value, tuple) else value)
        if key in deep:
            pairs += _deep(key, plain)
        elif isinstance(plain, dict):
            pairs += query_arguments(cast("dict[str, Any]", plain))
        else:
            texts = _texts(plain)
            texts = [",".join(texts)] if key in joined and texts else texts
            pairs += [(key, text) for text in texts]
    return tuple(pairs)


def _deep(key: str, value: object) -> Iterator[tuple[str, str]]:
    inner: Mapping[Any, object] = {}
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
    elif isinstance(value, list):
        inner = dict(enumerate(cast("list[object]", value)))
    elif value is not None:
        yield key, text_argument(value)
    for name, one in inner.items():
        yield from _deep(f"{key}[{name}]", one)


def header_arguments(values: Mapping[str, object]) -> dict[str, str]:
    """Write the headers of a call, without what is `None`; the items of an array with commas."""
    return {key: ",".join(_texts(value)) for key, value in values.items() if value is not None}


def _texts(value: object) -> list[str]:
    items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
    return [text_argument(item) for item in items if item is not None]
