# Made by scripts/regenerate from the spec and scripts/templates/client.py.jinja. Edit those.
"""The clients: `Client`, and `AsyncClient` for use with `await`."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Literal, NoReturn, Protocol, Self, TypeVar
from uuid import UUID

import anyio
import httpx

from . import _operations, models
from ._transport import UNSET, Call, Response, Unset, retry_delay
from ._version import __version__
from .errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    ResponseDecodeError,
    status_error,
)

T = TypeVar("T")

DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
"""The time that a client gives a request by default, in seconds."""

DEFAULT_MAX_RETRIES = 2
"""How often a client repeats a request by default, where a repetition may help."""

SERVERS: Mapping[str, str] = {
    "prod": "https://api.narrative.io",
    "dev": "https://api-dev.narrative.io",
}
"""The base URL of each server of the API, by its `environment`."""


class _BaseClient:
    """What does not depend on how a client waits."""

    def __init__(
        self,
        token: str | None,
        environment: str | None,
        base_url: str | httpx.URL | None,
        timeout: float | httpx.Timeout | None,
        max_retries: int,
        headers: Mapping[str, str] | None,
    ) -> None:
        self._token = _checked_token(token or os.environ.get("NARRATIVE_API_KEY"))
        self._base_url = _checked_base_url(environment, base_url)
        self._timeout = httpx.Timeout(timeout)
        self._max_retries = _checked_max_retries(max_retries)
        self._headers = {
            "Accept": "application/json",
            "User-Agent": f"narrative-jobs/{__version__} "
            f"python/{platform.python_version()} httpx/{httpx.__version__}",
            **_checked_headers(headers or {}),
        }
        self._owns_http_client = False

    @property
    def base_url(self) -> httpx.URL:
        """The URL that the paths of the API are appended to."""
        return self._base_url

    @property
    def timeout(self) -> httpx.Timeout:
        """The time that each request gets, in seconds."""
        return self._timeout

    @property
    def max_retries(self) -> int:
        """How often a request is repeated, where a repetition may help."""
        return self._max_retries

    def with_options(
        self,
        *,
        timeout: float | httpx.Timeout | Unset | None = UNSET,
        max_retries: int | Unset = UNSET,
    ) -> Self:
        """Give a client with other options, which shares this one's connections.

        This client stays as it is; closing the other one leaves the connections open.

        Args:
            timeout: As in the constructor; as in this client if not given.
            max_retries: As in the constructor; as in this client if not given.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._owns_http_client = False
        if not isinstance(timeout, Unset):
            other._timeout = httpx.Timeout(timeout)
        if not isinstance(max_retries, Unset):
            other._max_retries = _checked_max_retries(max_retries)
        return other

    def __repr__(self) -> str:
        return f"<narrative_jobs.{type(self).__name__} base_url={str(self._base_url)!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} cannot be copied or pickled: it holds a token and open "
            "connections. Make one where you need it, or use with_options()."
        )

    def _arguments(self, call: Call[Any]) -> dict[str, Any]:
        """Give the arguments of httpx's `build_request`."""
        return {
            "method": call.method,
            "url": f"{str(self._base_url).rstrip('/')}{call.url}",
            "params": call.params or None,
            "headers": {**self._headers, **call.headers, "Authorization": f"Bearer {self._token}"},
            "json": None if call.json is UNSET else call.json,
            "timeout": self._timeout,
        }

    def _answer(self, call: Call[T], answer: httpx.Response, retries_taken: int) -> Response[T]:
        """Decode an answer, or raise what it amounts to."""
        decoder = call.decoder(answer.status_code) if answer.is_success else None
        if decoder is None:
            raise self._status_error(call, answer)
        try:
            try:
                payload = answer.json() if answer.content else None
            except (ValueError, RecursionError):
                raise ResponseDecodeError.unexpected(answer.text, "JSON") from None
            parsed = decoder(payload)
        except ResponseDecodeError as error:
            error.retries_taken = retries_taken
            error.args = tuple(self._redacted(argument) for argument in error.args)
            raise error.in_answer(
                f"{call} answered {answer.status_code}", **self._evidence(answer)
            ) from None
        return Response(
            parsed=parsed,
            status_code=answer.status_code,
            headers=answer.headers,
            content=answer.content,
            request_id=answer.headers.get("X-Request-Id"),
            retries_taken=retries_taken,
        )

    def _status_error(self, call: Call[Any], answer: httpx.Response) -> APIStatusError:
        message = f"{call} answered {answer.status_code} {answer.reason_phrase}".rstrip()
        if answer.has_redirect_location:
            host = self._base_url.join(answer.headers["Location"]).host
            message += f" and points to {host}, where the client does not follow"
        return status_error(answer.status_code)(message, **self._evidence(answer))

    def _evidence(self, answer: httpx.Response) -> dict[str, Any]:
        """Give what an error keeps of an answer."""
        headers = [(name, self._redacted(value)) for name, value in answer.headers.multi_items()]
        return {
            "status_code": answer.status_code,
            "headers": httpx.Headers(headers),
            "body": self._redacted(answer.text),
            "request_id": answer.headers.get("X-Request-Id"),
        }

    def _connection_error(self, call: Call[Any], cause: httpx.RequestError) -> APIConnectionError:
        # The cause keeps its request. Whoever digs there shall not find the token.
        cause.request.headers.pop("Authorization", None)
        kind = APITimeoutError if isinstance(cause, httpx.TimeoutException) else APIConnectionError
        reason = f"{type(cause).__name__}: {cause}".removesuffix(": ")
        error = kind(f"{call} got no answer from {self._base_url.host}: {reason}")
        error.__cause__ = cause
        return error

    def _redacted(self, text: str) -> str:
        """Take the token out of what the server said: some repeat what they refuse."""
        return text.replace(self._token, "[token]")

    def _delay(self, call: Call[Any], error: APIError, retries_taken: int) -> float | None:
        """Say how long to wait before trying again, in seconds; `None` to give up."""
        if retries_taken >= self._max_retries or not call.is_repeatable:
            return None
        if isinstance(error, APIStatusError):
            if error.status_code not in {408, 429} and error.status_code < 500:
                return None
            return retry_delay(retries_taken, error.headers.get("Retry-After"))
        return retry_delay(retries_taken, None)


def _checked_token(token: str | None) -> str:
    if not token:
        raise ValueError(
            "There is no API key: pass it as Client(token=...), or put it into the environment "
            "variable NARRATIVE_API_KEY."
        )
    if not (token.isascii() and token.isprintable()) or token != token.strip():
        # The token itself stays out of the message.
        raise ValueError(
            "The API key is malformed: it has a space at its ends, or a line break or another "
            "character that cannot stand in a header."
        )
    return token


def _checked_base_url(environment: str | None, base_url: str | httpx.URL | None) -> httpx.URL:
    if environment is not None and base_url is not None:
        raise ValueError("Pass environment or base_url, not both: each of them names the server.")
    if base_url is None:
        variable = "NARRATIVE_ENVIRONMENT"
        server = environment or os.environ.get(variable) or "prod"
        if server not in SERVERS and "://" not in server:
            known = ", ".join(repr(name) for name in SERVERS)
            raise ValueError(
                f"There is no environment {server!r}: pass one of {known} or a URL, or put it "
                f"into the environment variable {variable}."
            )
        base_url = SERVERS.get(server, server)
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ValueError(f"The base URL is malformed: {error}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"The base URL {str(url)!r} is not of the form https://host[:port][/path]")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("The base URL must have no user, password, query or fragment.")
    return url


def _checked_max_retries(max_retries: int) -> int:
    if max_retries < 0:
        raise ValueError(f"max_retries must be 0 or more, not {max_retries}")
    return max_retries


def _checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    if any(name.lower() == "authorization" for name in headers):
        raise ValueError("The header Authorization is made from the token: pass that instead.")
    return headers


class Client(_BaseClient):
    """A client of the Narrative I/O Jobs API.

    Keeps its connections open between calls, and may be shared by many threads. Close it with
    `close()`, or use it in a `with` statement.

    Args:
        token: The API key. By default the value of the environment variable
            `NARRATIVE_API_KEY`.
        environment: The server: prod, dev or a URL. By default the value of the
            environment variable `NARRATIVE_ENVIRONMENT`, else prod.
        base_url: The server as a URL, in place of `environment`.
        timeout: How long each part of a request may take, in seconds: connecting, sending, waiting
            for the next bytes. By default 30, and 5 to connect; or what `http_client` has been
            given. `None` waits forever.
        max_retries: How often a request is repeated that failed on its way, or met status 408, 429
            or 5xx. By default 2. The client waits in between, as the server's `Retry-After` asks
            or from 0.5 seconds doubling to 8. Only a request that is safe to repeat is repeated.
        headers: Further headers for every request.
        http_client: Your own `httpx.Client`, for proxies, certificates or tests. It stays
            yours: closing this client leaves it open.

    Raises:
        ValueError: There is no API key, or an argument cannot be right.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        environment: Literal["prod", "dev"] | str | None = None,
        base_url: str | httpx.URL | None = None,
        timeout: float | httpx.Timeout | Unset | None = UNSET,
        max_retries: int = DEFAULT_MAX_RETRIES,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        if isinstance(timeout, Unset):
            # httpx gives every client 5 seconds; anything else was somebody's decision.
            chosen = http_client is not None and http_client.timeout != httpx.Timeout(5.0)
            timeout = http_client.timeout if http_client and chosen else DEFAULT_TIMEOUT
        super().__init__(token, environment, base_url, timeout, max_retries, headers)
        self._http_client = http_client or httpx.Client(timeout=self._timeout)
        self._owns_http_client = http_client is None

    @property
    def with_raw_response(self) -> ClientWithRawResponse:
        """The same methods, but giving a `Response`: the status and headers beside the result."""
        return ClientWithRawResponse(self._send)

    def get_job(self, job_id: str | UUID) -> models.Job:
        """Get a job.

        Looks up one job by its id, in whatever state it is. An id is unknown to the API once the
        job is past its retention.

        Args:
            job_id: Unique identifier for a job.

        Returns:
            The job as it is now.

        Raises:
            ValueError: `job_id` is no UUID.
            BadRequestError: The request is malformed (400).
            AuthenticationError: The token is missing, wrong or expired (401).
            PermissionDeniedError: The token may not see this job (403).
            NotFoundError: No job has this id, or the job is past its retention (404).
            RateLimitError: Too many requests in too short a time; to be retried with backoff (429).
            APIStatusError: The API answered with another status that is no success.
            APIConnectionError: The API could not be reached, or took too long.
            ResponseDecodeError: The answer is not what the spec says.

        Source: `GET /jobs/{job_id}`.
        """
        response = self._send(_operations.get_job(job_id))
        return response.parsed

    def close(self) -> None:
        """Close the connections, unless they belong to another client or to an `http_client`."""
        if self._owns_http_client:
            self._http_client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, call: Call[T]) -> Response[T]:
        """Make a call, again and again while that may help."""
        retries_taken = 0
        while True:
            request = self._http_client.build_request(**self._arguments(call))
            try:
                answer = self._http_client.send(request, follow_redirects=False)
                return self._answer(call, answer, retries_taken)
            except httpx.RequestError as cause:
                error: APIError = self._connection_error(call, cause)
            except APIStatusError as status:
                error = status
            delay = self._delay(call, error, retries_taken)
            if delay is None:
                error.retries_taken = retries_taken
                raise error
            time.sleep(delay)
            retries_taken += 1


class _ClientSend(Protocol):
    def __call__(self, call: Call[T], /) -> Response[T]: ...


class ClientWithRawResponse:
    """The methods of `Client`, each giving a `Response` with the result as `parsed`."""

    def __init__(self, send: _ClientSend) -> None:
        self._send = send

    def get_job(self, job_id: str | UUID) -> Response[models.Job]:
        """As `Client.get_job`, with the status and headers beside the result."""
        return self._send(_operations.get_job(job_id))


class AsyncClient(_BaseClient):
    """An asynchronous client of the Narrative I/O Jobs API.

    Keeps its connections open between calls, and may be shared by many tasks. Close it with
    `aclose()`, or use it in an `async with` statement.

    Args:
        token: The API key. By default the value of the environment variable
            `NARRATIVE_API_KEY`.
        environment: The server: prod, dev or a URL. By default the value of the
            environment variable `NARRATIVE_ENVIRONMENT`, else prod.
        base_url: The server as a URL, in place of `environment`.
        timeout: How long each part of a request may take, in seconds: connecting, sending, waiting
            for the next bytes. By default 30, and 5 to connect; or what `http_client` has been
            given. `None` waits forever.
        max_retries: How often a request is repeated that failed on its way, or met status 408, 429
            or 5xx. By default 2. The client waits in between, as the server's `Retry-After` asks
            or from 0.5 seconds doubling to 8. Only a request that is safe to repeat is repeated.
        headers: Further headers for every request.
        http_client: Your own `httpx.AsyncClient`, for proxies, certificates or tests. It stays
            yours: closing this client leaves it open.

    Raises:
        ValueError: There is no API key, or an argument cannot be right.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        environment: Literal["prod", "dev"] | str | None = None,
        base_url: str | httpx.URL | None = None,
        timeout: float | httpx.Timeout | Unset | None = UNSET,
        max_retries: int = DEFAULT_MAX_RETRIES,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        if isinstance(timeout, Unset):
            # httpx gives every client 5 seconds; anything else was somebody's decision.
            chosen = http_client is not None and http_client.timeout != httpx.Timeout(5.0)
            timeout = http_client.timeout if http_client and chosen else DEFAULT_TIMEOUT
        super().__init__(token, environment, base_url, timeout, max_retries, headers)
        self._http_client = http_client or httpx.AsyncClient(timeout=self._timeout)
        self._owns_http_client = http_client is None

    @property
    def with_raw_response(self) -> AsyncClientWithRawResponse:
        """The same methods, but giving a `Response`: the status and headers beside the result."""
        return AsyncClientWithRawResponse(self._send)

    async def get_job(self, job_id: str | UUID) -> models.Job:
        """Get a job.

        Looks up one job by its id, in whatever state it is. An id is unknown to the API once the
        job is past its retention.

        Args:
            job_id: Unique identifier for a job.

        Returns:
            The job as it is now.

        Raises:
            ValueError: `job_id` is no UUID.
            BadRequestError: The request is malformed (400).
            AuthenticationError: The token is missing, wrong or expired (401).
            PermissionDeniedError: The token may not see this job (403).
            NotFoundError: No job has this id, or the job is past its retention (404).
            RateLimitError: Too many requests in too short a time; to be retried with backoff (429).
            APIStatusError: The API answered with another status that is no success.
            APIConnectionError: The API could not be reached, or took too long.
            ResponseDecodeError: The answer is not what the spec says.

        Source: `GET /jobs/{job_id}`.
        """
        response = await self._send(_operations.get_job(job_id))
        return response.parsed

    async def aclose(self) -> None:
        """Close the connections, unless they belong to another client or to an `http_client`."""
        if self._owns_http_client:
            await self._http_client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _send(self, call: Call[T]) -> Response[T]:
        """Make a call, again and again while that may help."""
        retries_taken = 0
        while True:
            request = self._http_client.build_request(**self._arguments(call))
            try:
                answer = await self._http_client.send(request, follow_redirects=False)
                return self._answer(call, answer, retries_taken)
            except httpx.RequestError as cause:
                error: APIError = self._connection_error(call, cause)
            except APIStatusError as status:
                error = status
            delay = self._delay(call, error, retries_taken)
            if delay is None:
                error.retries_taken = retries_taken
                raise error
            await anyio.sleep(delay)
            retries_taken += 1


class _AsyncClientSend(Protocol):
    def __call__(self, call: Call[T], /) -> Awaitable[Response[T]]: ...


class AsyncClientWithRawResponse:
    """The methods of `AsyncClient`, each giving a `Response` with the result as `parsed`."""

    def __init__(self, send: _AsyncClientSend) -> None:
        self._send = send

    async def get_job(self, job_id: str | UUID) -> Response[models.Job]:
        """As `AsyncClient.get_job`, with the status and headers beside the result."""
        return await self._send(_operations.get_job(job_id))
