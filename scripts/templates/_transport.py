"""What both clients share about one call: the request to make, the answer, when to try again."""

from __future__ import annotations

import email.utils
import math
import random
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from urllib.parse import quote
from uuid import UUID

from attrs import field, frozen

from ._codec import as_uuid, to_json
from .errors import ResponseDecodeError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

MAX_RETRY_AFTER = 60.0
"""The longest `Retry-After` that is waited for, in seconds."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class Unset(Enum):
    """Tells an argument that was not given from one that is `None`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset.UNSET


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

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    def decoder(self, status_code: int) -> Callable[[Any], T] | None:
        """Find what decodes the body of an answer, if the spec says."""
        for status in (str(status_code), f"{status_code // 100}XX", "default"):
            if status in self.decoders:
                return self.decoders[status]
        return None

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


class Body:
    """The body of an answer as it arrives: decompressed, and never larger than a limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        self._limit = limit
        # 47 reads the header of gzip and of zlib (what HTTP calls deflate) alike.
        self._unzip = zlib.decompressobj(47) if self._encoding in _PACKED else None
        self._parts: list[bytes] = []
        self._size = 0
        self.error: ResponseDecodeError | None = None
        """Why the rest is of no use, once that is so."""
        if self._encoding not in _PACKED | {"", "identity"}:
            self.error = ResponseDecodeError.unexpected(encoding, "a body in gzip, or as it is")

    def add(self, chunk: bytes) -> None:
        """Take the next bytes from the wire."""
        room = self._limit - self._size
        try:
            data = self._unzip.decompress(chunk, room + 1) if self._unzip else chunk
        except zlib.error as error:
            self.error = ResponseDecodeError(f"expected a body in {self._encoding}: {error}")
            return
        self._parts.append(data[:room])
        self._size += len(data)
        if self._size > self._limit:
            self.error = ResponseDecodeError(
                f"expected a body of at most {self._limit:,} bytes (max_response_bytes), got more"
            )

    def finish(self) -> bytes:
        """Give what has come, decompressed."""
        if self._unzip and self._size and not self._unzip.eof and not self.error:
            self.error = ResponseDecodeError(f"expected a body in {self._encoding}, got half of it")
        return b"".join(self._parts)


def uuid_argument(name: str, value: object) -> str:
    """Check a UUID that a caller gave, as a `UUID` or as text."""
    try:
        return str(as_uuid(str(value) if isinstance(value, UUID) else value)).lower()
    except ResponseDecodeError:
        raise ValueError(f"{name}: expected a UUID, got {value!r}") from None


def path_argument(name: str, value: object) -> str:
    """Fit a caller's value into one segment of a path."""
    text = text_argument(value)
    if text in {"", ".", ".."}:
        raise ValueError(f"{name}: {text!r} cannot stand in a path")
    return quote(text, safe="")


def text_argument(value: object) -> str:
    """Write a caller's value as text, in the form that its JSON has."""
    plain = to_json(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return str(plain)


def query_arguments(
    values: Mapping[str, Any], joined: tuple[str, ...] = ()
) -> tuple[tuple[str, str], ...]:
    """Write the query, without what is `None`; an array as one pair where it is to be `joined`."""
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        items = cast("Sequence[Any]", value) if isinstance(value, list | tuple) else [value]
        texts = [text_argument(item) for item in items if item is not None]
        pairs += [(key, ",".join(texts))] if key in joined and texts else [(key, t) for t in texts]
    return tuple(pairs)


def header_arguments(values: Mapping[str, object]) -> dict[str, str]:
    """Write the headers of a call, without what is `None`."""
    return {key: text_argument(value) for key, value in values.items() if value is not None}


def backoff(retries_taken: int) -> float:
    """Say how long to wait before the next retry, in seconds.

    Half a second, doubling up to eight, less up to a quarter at random, so that many clients do
    not come back as one.
    """
    return min(0.5 * 2.0 ** min(retries_taken, 4), 8.0) * random.uniform(0.75, 1.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3), in seconds from now.

    It may be a number or an HTTP date. `None` where there is none, or where it makes no sense.
    """
    value = headers.get("Retry-After", "")
    try:
        seconds = float(value) if value.isascii() else math.nan
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
            # An HTTP date is in GMT, whether or not it says so.
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
        return max(seconds - time.time(), 0.0)
    return seconds if 0.0 <= seconds < math.inf else None
