"""Looking at things in progress, again and again until they have ended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import anyio

from .arguments import checked_async_callback, checked_count
from .async_client import AsyncAPIClient
from .async_finished import AsyncFinished
from .calls import Call, Response
from .client import outcome_in_log
from .deadline import Deadline
from .errors import APIError, ResponseDecodeError
from .log import logger
from .waiting import Watch, called_async

T = TypeVar("T")
R = TypeVar("R")


class AsyncPollingClient(AsyncAPIClient):
    """A client that can also wait."""

    async def _look(self, call: Call[T], deadline: Deadline) -> Response[T] | APIError:
        """Make a call once, as one of many looks at the same thing."""
        try:
            outcome = await self._attempt(call, self._request(call), deadline, 0)
        except ResponseDecodeError as error:
            return error
        if isinstance(outcome, APIError) and outcome.is_transient:
            logger.warning(
                "%s %s: %s; looking again", call.method, call.template, outcome_in_log(outcome)
            )
        return outcome

    async def _wait_for_one(
        self, watch: Watch[T], on_update: Callable[[T], object] | None
    ) -> Response[T]:
        """Look at something until it has ended, or the wait for it has."""
        checked_async_callback("on_update", on_update)
        while watch.response is None:
            if watch.looks:
                await anyio.sleep(max(watch.due - time.monotonic(), 0.0))
            deadline = watch.wait.deadline(self._total_timeout)
            changed = watch.hear(await self._look(watch.call, deadline))
            if changed and on_update and watch.item is not None:
                await called_async(on_update, watch.item)
            if watch.error:
                raise watch.error
        return watch.response

    def _wait_for_many(
        self,
        watches: list[Watch[T]],
        give: Callable[[Response[T]], R],
        on_update: Callable[[T], object] | None,
        max_concurrency: int,
    ) -> AsyncIterator[R]:
        """Look at many things, a few at a time, until each has ended."""
        checked_async_callback("on_update", on_update)
        size = checked_count("max_concurrency", max_concurrency, least=1)
        return AsyncFinished(self._look, watches, give, on_update, size, self._total_timeout)
