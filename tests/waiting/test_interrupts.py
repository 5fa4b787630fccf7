"""What may end a step of a wait at any point: Ctrl-C, and polls that end as none should."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from uuid import UUID

import httpx
import pytest
from fault_server import FaultServer
from narrative_jobs import AsyncClient, Client
from support import payload

IDS = [str(UUID(int=n)) for n in range(1, 4)]
PLACES = ("watches.py", "sync_polling.py", "crews.py", "waiting.py")
CONNECTIONS = ("sync_connections.py", "http11.py", "h11/_connection.py", "h11/_state.py")


class Jobs:
    """Jobs that complete at the second poll, but for one that is not there."""

    def __init__(self) -> None:
        self.polls: dict[str, int] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        job_id = request.url.path.rsplit("/", 1)[1]
        self.polls[job_id] = self.polls.get(job_id, 0) + 1
        if job_id == IDS[2]:
            return httpx.Response(404)
        state = {"state": "running", "ended_at": None} if self.polls[job_id] == 1 else {}
        return httpx.Response(200, json=payload("page-sample") | {"job_id": job_id} | state)


class Strike:
    """Ctrl-C where Python lets it in: as a function of the wait begins, and after its calls."""

    def __init__(self, *points: int, places: tuple[str, ...] = PLACES) -> None:
        self.points, self.places = set(points), places
        self._count = itertools.count()
        self.struck = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        is_one = event == "c_return" or (event == "call" and "<" not in frame.f_code.co_name)
        if not (is_one and frame.f_code.co_filename.endswith(self.places)):
            return
        if next(self._count) in self.points:
            self.struck += 1
            raise KeyboardInterrupt


def taken(client: Client, strike: Strike, max_wait: float) -> Iterator[str]:
    """Yield the id of each job that is given or told of in an error, and go on when struck."""
    jobs = client.wait_for_jobs(IDS, poll_interval=0.001, max_wait=max_wait, max_concurrency=2)
    while True:
        sys.setprofile(strike)
        try:
            job = next(jobs)
        except StopIteration:
            return
        except KeyboardInterrupt:
            continue
        except ExceptionGroup as group:
            sys.setprofile(None)
            yield from (str(vars(error)["job_id"]) for error in group.exceptions)
            continue
        finally:
            sys.setprofile(None)
        yield str(job.job_id)


@pytest.mark.parametrize("max_wait", [60, 1e-9], ids=["", "out of time"])
@pytest.mark.parametrize("again", [0, 1, 2])
def test_ctrl_c_at_any_point_of_a_step_loses_no_job(again: int, max_wait: float) -> None:
    """And at one that soon follows, while what the first one broke off is put right."""
    for point in itertools.count():
        strike = Strike(point, point + again)
        with httpx.Client(transport=httpx.MockTransport(Jobs())) as http_client:
            came = list(taken(Client("token", http_client=http_client), strike, max_wait))
        assert sorted(came) == IDS, f"struck at {point}"
        if not strike.struck:
            break
    assert point > 20


def test_ctrl_c_at_any_point_of_a_call_harms_no_later_one() -> None:
    """So may the time limits of engines, which a signal ends."""
    with FaultServer("ok") as server:
        for point in itertools.count():
            strike = Strike(point, places=CONNECTIONS)
            with Client("token", base_url=server.url, max_retries=0) as client:
                client.get_job(IDS[0])
                with suppress(KeyboardInterrupt):
                    sys.setprofile(strike)
                    client.get_job(IDS[1])
                sys.setprofile(None)
                assert str(client.get_job(IDS[2]).job_id) == IDS[2], f"struck at {point}"
            if not strike.struck:
                break
    assert point > 100


@pytest.mark.parametrize(
    "raised", [SystemExit, asyncio.CancelledError], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "asyncio"])
def test_a_poll_that_ends_as_none_should_is_not_waited_for(
    raised: type[BaseException], is_async: bool
) -> None:
    """A transport may do anything, and another part of a program may cancel what it awaits."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    def wait() -> None:
        with httpx.Client(transport=httpx.MockTransport(fail)) as http_client:
            next(Client("token", http_client=http_client).wait_for_jobs(IDS))

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as http_client:
            async with asyncio.timeout(5):
                await anext(AsyncClient("token", http_client=http_client).wait_for_jobs(IDS))

    with pytest.raises(raised):
        asyncio.run(main()) if is_async else wait()
