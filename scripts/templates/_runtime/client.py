"""What does not depend on how a client waits: its options, and the way through the retries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar, NoReturn, ParamSpec, Self, TypeVar
from urllib.parse import quote, urlencode

import httpx

from .answers import Reader
from .arguments import API, Seconds, checked_base_url, checked_count, checked_span, checked_timeout
from .calls import UNSET, Call, CallOptions, Unset
from .connections import Request, Route
from .deadline import Deadline
from .errors import APIError, APIStatusError
from .log import logger, set_up_log
from .retries import MAX_RETRY_AFTER, Pace, backoff, retry_after
from .secret import redactor

C = TypeVar("C", bound="BaseClient")
T = TypeVar("T")
P = ParamSpec("P")

DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
"""The time that a client gives a request by default, in seconds."""


class BaseClient:
    """What both clients have."""

    _carrier: Any
    _carrier_class: ClassVar[type[Any]]

    def __init__(
        self,
        api: API,
        connect: Callable[[Route], object],
        token: str | None,
        environment: str | None,
        base_url: str | httpx.URL | None,
        timeout: Seconds | httpx.Timeout | Unset | None,
        total_timeout: Seconds | None,
        max_retries: int,
        max_response_bytes: int,
        headers: Mapping[str, str] | None,
        http_client: httpx.Client | httpx.AsyncClient | None,
        allow_insecure_http: bool,
        strict_decoding: bool,
    ) -> None:
        self._api = api
        set_up_log(api.log_variable)
        token = api.checked_token(token)
        self._redact = redactor(token)
        server = api.checked_server(environment, base_url)
        self._base_url = checked_base_url(server, allow_insecure_http=allow_insecure_http)
        self._reader = Reader(self._redact, api.errors, self._base_url, strict_decoding)
        self._carrier = self._carrier_class(self._base_url, connect, http_client)
        if isinstance(timeout, Unset):
            # httpx gives every client 5 seconds; anything else was somebody's decision.
            is_chosen = http_client and http_client.timeout != httpx.Timeout(5.0)
            timeout = http_client.timeout if http_client and is_chosen else DEFAULT_TIMEOUT
        self._max_response_bytes = checked_count("max_response_bytes", max_response_bytes)
        self._pace = Pace()
        agent = f"{api.project}/{api.version} python/{sys.version.split()[0]}"
        agent += f" httpx/{httpx.__version__}"
        self._headers = httpx.Headers({"Accept": "application/json", "User-Agent": agent})
        self._headers[api.auth_header] = api.auth_value(token)
        self._set_options(timeout, total_timeout, max_retries, headers or {})
        self._path = self._base_url.raw_path.decode("ascii").rstrip("/")
        self._is_owner = True

    def _set_options(
        self,
        timeout: Seconds | httpx.Timeout | Unset | None,
        total_timeout: Seconds | Unset | None,
        max_retries: int | Unset,
        headers: Mapping[str, str] | None,
    ) -> None:
        if not isinstance(timeout, Unset):
            self._timeout = checked_timeout(timeout)
        if not isinstance(total_timeout, Unset):
            self._total_timeout = checked_span("total_timeout", total_timeout)
        if not isinstance(max_retries, Unset):
            self._max_retries = checked_count("max_retries", max_retries)
        if headers is not None:
            self._headers = self._headers.copy()
            self._headers.update(self._api.checked_headers(headers))
            # Of the compressions, these can be held to max_response_bytes while they are unpacked.
            self._headers["Accept-Encoding"] = "gzip, deflate"

    @property
    def base_url(self) -> httpx.URL:
        """The URL that the paths of the API are appended to."""
        return self._base_url

    @property
    def timeout(self) -> httpx.Timeout:
        """The time that each part of a request gets, in seconds."""
        return self._timeout

    @property
    def total_timeout(self) -> float | None:
        """The time that a whole call gets, retries included, in seconds; `None` for any time."""
        return self._total_timeout

    @property
    def max_retries(self) -> int:
        """How often a request is repeated, where a repetition may help."""
        return self._max_retries

    def with_options(
        self,
        *,
        timeout: Seconds | httpx.Timeout | Unset | None = UNSET,
        total_timeout: Seconds | Unset | None = UNSET,
        max_retries: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a copy of this client with other options, which shares its connections.

        This client stays as it is. Closing the copy leaves the connections open.

        Args:
            timeout: As in the constructor; as in this client if not given.
            total_timeout: As in the constructor; as in this client if not given.
            max_retries: As in the constructor; as in this client if not given.
            headers: Headers beside those of this client, or in place of them.

        Raises:
            ValueError: An argument is invalid.
        """
        other = self._copied_as(type(self))
        other._set_options(timeout, total_timeout, max_retries, headers)
        return other

    def _for(self, options: CallOptions) -> Self:
        """Return a client for one call with options of its own; this one if there are none."""
        return self.with_options(**options) if options else self

    def _copied_as(self, client_class: type[C]) -> C:
        """Return a client of some class that shares the connections of this one."""
        other = object.__new__(client_class)
        other.__dict__.update(self.__dict__)
        other._is_owner = False
        return other

    def __repr__(self) -> str:
        package = type(self).__module__.partition(".")[0]
        return f"<{package}.{type(self).__name__} base_url={str(self._base_url)!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} cannot be copied or pickled: it holds a token and open "
            "connections. Make one where you need it, or use with_options()."
        )

    def _call(self, operation: Callable[P, Call[T]], *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Return a call; where the token is given by mistake, what is wrong is said without it."""
        try:
            return operation(*args, **kwargs)
        except ValueError:
            given = shown = [*args], kwargs
            with suppress(RecursionError):  # What has no end is not quoted.
                shown = self._redact(given[0]), self._redact(given[1])
            if shown == given:
                raise
        again: Callable[..., Call[T]] = operation
        return again(*shown[0], **shown[1])

    def _request(self, call: Call[Any]) -> Request:
        """Build the request of a call."""
        headers = self._headers
        media_type, content = call.content or ("", b"")
        has_length = bool(content) or call.method in {"POST", "PUT", "PATCH"}
        if has_length or call.headers:
            headers = headers.copy()  # The client's own are those of all its calls.
            headers.update(call.headers)
        if content:
            headers.setdefault("Content-Type", media_type)
        if has_length:
            headers["Content-Length"] = str(len(content))
        target = self._path + quote(call.url, safe="/%:@!$&'()*+,;=~")
        if call.params:
            target += f"?{urlencode(call.params)}"
        return Request(call.method, target, headers.raw, content, self._timeout)

    def _delay_or_raise(
        self, call: Call[Any], error: APIError, retries_taken: int, deadline: Deadline
    ) -> float:
        """Say how long to wait before trying again, in seconds, or give up."""
        error.retries_taken = retries_taken
        asked = retry_after(error.headers) if isinstance(error, APIStatusError) else None
        delay = backoff(retries_taken) if asked is None else asked
        may_help = error.is_transient and call.is_repeatable and delay <= MAX_RETRY_AFTER
        is_last = retries_taken >= self._max_retries or not may_help
        if error.is_transient and not deadline.allows(0.0 if is_last else delay):
            text = f"{call} was not done in {deadline.seconds:,.10g} seconds; last: {error}"
            late = self._api.errors.timeout(text)
            late.retries_taken = retries_taken
            raise late from error
        if is_last:
            raise error
        count = f"retry {retries_taken + 1} of {self._max_retries}"
        said = outcome_in_log(error)
        logger.warning("retrying %s in %.2f s (%s) after %s", str(call), delay, count, said)
        return delay


def outcome_in_log(error: APIError) -> str:
    """Name an error without anything that the server said: this goes into the log."""
    if isinstance(error, APIStatusError):
        return f"status {error.status_code}"
    return type(error.__cause__ or error).__name__
