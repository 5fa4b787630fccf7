"""How a client makes its calls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TypeVar

import anyio
import httpx

from .arguments import checked_http_client, checked_transport
from .body import Body
from .calls import Call, Response, Unset
from .client import API, DEFAULT_TIMEOUT, BaseClient
from .connections import async_client_of_httpx
from .deadline import Deadline
from .errors import APIError, APIStatusError

T = TypeVar("T")


class AsyncAPIClient(BaseClient):
    """A client that makes its calls over httpx."""

    def __init__(
        self,
        api: API,
        token: str | None,
        environment: str | None,
        base_url: str | httpx.URL | None,
        timeout: float | httpx.Timeout | Unset | None,
        total_timeout: float | None,
        max_retries: int,
        max_response_bytes: int,
        headers: Mapping[str, str] | None,
        http_client: httpx.AsyncClient | None,
        transport: str,
        allow_insecure_http: bool,
    ) -> None:
        checked_transport(transport, http_client, api.project)
        mine = checked_http_client(http_client, httpx.AsyncClient)
        if isinstance(timeout, Unset):
            # httpx gives every client 5 seconds; anything else was somebody's decision.
            is_chosen = mine is not None and mine.timeout != httpx.Timeout(5.0)
            timeout = mine.timeout if mine and is_chosen else DEFAULT_TIMEOUT
        super().__init__(
            api,
            token,
            environment,
            base_url,
            timeout,
            total_timeout,
            max_retries,
            max_response_bytes,
            headers,
            allow_insecure_http,
        )
        if mine:
            self._call_headers = dict(self._headers)
        self._owns_http_client = mine is None
        self._http_client = async_client_of_httpx(mine, self._timeout, self._headers, transport)

    async def _send(self, call: Call[T]) -> Response[T]:
        """Make a call, again and again while that may help and time is left."""
        deadline = Deadline(self._total_timeout)
        retries_taken = 0
        while True:
            outcome = await self._attempt(call, deadline, retries_taken)
            if isinstance(outcome, Response):
                return outcome
            await anyio.sleep(self._delay_or_raise(call, outcome, retries_taken, deadline))
            retries_taken += 1

    async def _attempt(
        self, call: Call[T], deadline: Deadline, retries_taken: int
    ) -> Response[T] | APIError:
        """Make a call once; give the error if another attempt may help, and raise it if not."""
        request = self._http_client.build_request(**self._arguments(call, deadline))
        started = time.perf_counter()
        try:
            with deadline.enforced_by_cancelling():
                answer, body = await self._exchange(request, deadline)
        # InvalidURL and UnicodeError: httpx reads even the Location that it does not follow.
        except (httpx.RequestError, httpx.InvalidURL, UnicodeError, TimeoutError) as cause:
            self._log(call, type(cause).__name__, None, started)
            return self._reader.connection_error(call, request, cause)
        self._log(call, answer.status_code, answer, started)
        try:
            return self._reader.read(call, answer, body, retries_taken)
        except APIStatusError as error:
            return error

    async def _exchange(
        self, request: httpx.Request, deadline: Deadline
    ) -> tuple[httpx.Response, Body]:
        """Send a request and read the answer, up to `max_response_bytes`."""
        answer = await self._http_client.send(
            request, stream=True, auth=None, follow_redirects=False
        )
        try:
            body = Body(answer.headers.get("Content-Encoding", ""), self._max_response_bytes)
            if answer.is_stream_consumed:  # As from httpx.MockTransport: read, and decompressed.
                body = Body("", self._max_response_bytes)
                body.add(answer.content)
                return answer, body
            async for chunk in answer.aiter_raw():
                body.add(chunk)
                if body.error:
                    break
                if not deadline.allows(0.0):
                    raise httpx.ReadTimeout("the time for the call is over")
        finally:
            await answer.aclose()
        return answer, body

    async def aclose(self) -> None:
        """Close the connections, unless they belong to another client or to an `http_client`.

        Any later call raises `RuntimeError`, here and in the copies that `with_options` made.
        """
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
