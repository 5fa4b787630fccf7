"""How a client makes its calls."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import anyio
import attrs
import httpx

from .async_connections import AsyncCarrier
from .calls import UNSET, Call, CallOptions, Response
from .client import BaseClient
from .deadline import Deadline
from .errors import APIError, MismatchError
from .log import logger
from .model import is_last

T = TypeVar("T")


class AsyncAPIClient(BaseClient):
    """A client that makes its calls over httpx."""

    _carrier: AsyncCarrier
    _carrier_class = AsyncCarrier

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        json: object = UNSET,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Make a call that the package has no method for, and return the decoded JSON.

        The token, the retries, the bounds and the errors are those of the other methods.

        Args:
            method: The method of HTTP, such as `GET`.
            path: The path with its parameters filled in, such as `/jobs`, to go after `base_url`.
            params: The query. A list gives a pair for each item; what is `None` is left out.
            json: The body, as Python has JSON.
            options: As in `with_options`, for this call alone.

        Raises:
            ValueError: An argument is invalid.
            APIStatusError: The API answered with another status than a success (2xx).
            APIConnectionError: The API could not be reached, or took too long.
            ResponseDecodeError: The answer is no JSON.
        """
        call = self._call(Call[Any].plain, method, path, params, json)
        return (await self._for(options)._send(call)).parsed

    async def _send(self, call: Call[T]) -> Response[T]:
        """Make a call, again and again while that may help and time is left."""
        deadline = Deadline(self._total_timeout)
        retries_taken = 0
        while isinstance(outcome := await self._attempt(call, deadline), APIError):
            await anyio.sleep(self._delay_or_raise(call, outcome, retries_taken, deadline))
            retries_taken += 1
        return attrs.evolve(outcome, retries_taken=retries_taken) if retries_taken else outcome

    async def _items(
        self,
        call_of: Callable[[Any], Call[Any]],
        position: int | None,
        items: str,
        *,
        first: int = 0,
        counts_items: bool = False,
        current: str | None = None,
        total: str | None = None,
    ) -> AsyncIterator[Any]:
        """Yield the items of one page after the other, up to the last page or an empty one."""
        while True:
            page = (await self._send(call_of(position))).parsed
            if (key := page._keys.get(items, items)) in page.additional_properties:
                odd = MismatchError("expected an array of items, got another value").within(key)
                raise self._api.errors.decode.of(odd, self._redact(page.to_dict()))
            found: list[Any] = getattr(page, items) or []
            for item in found:
                yield item
            if not found or is_last(page, current, total):
                return
            position = first if position is None else position
            position += len(found) if counts_items else 1

    async def _attempt(self, call: Call[T], deadline: Deadline) -> Response[T] | APIError:
        """Make a call once, and return the answer or its error."""
        request, began = self._request(call), time.perf_counter()
        outcome: Response[T] | APIError
        try:
            answer = await self._carrier.exchange(request, deadline, self._max_response_bytes)
        # InvalidURL and UnicodeError: httpx reads even the Location that it does not follow.
        # OSError: an error of TLS in the midst of a connection comes as it is.
        except (httpx.RequestError, httpx.InvalidURL, UnicodeError, OSError) as error:
            is_cut = isinstance(error, httpx.TimeoutException) and not deadline.allows(0.0)
            cause = TimeoutError() if is_cut else error  # Whatever step the end of the call met.
            outcome, said = self._reader.connection_error(call, cause), type(cause).__name__
        else:
            outcome, said = self._reader.read(call, answer), str(answer.status_code)
        request_id, ms = getattr(outcome, "request_id", None), 1000 * (time.perf_counter() - began)
        logger.debug("%s -> %s (request id %s, %.0f ms)", str(call), said, request_id, ms)
        return outcome

    async def aclose(self) -> None:
        """Close the connections, unless they belong to another client or to an `http_client`.

        Any later call raises `RuntimeError`, here and in the copies that `with_options` made.
        """
        if self._is_owner:
            await self._carrier.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
