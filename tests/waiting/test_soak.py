"""Many calls at once against a server that fails at random: all end right, and leave nothing.

`SOAK_CALLS` says how many calls, for a longer run, and `SOAK_SEED` repeats one.
"""

from __future__ import annotations

import collections
import gc
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio
import pytest
from fault_server import FaultServer
from narrative_jobs import (
    APIConnectionError,
    APIStatusError,
    AsyncClient,
    Client,
    InternalServerError,
    NarrativeError,
    NotFoundError,
    RateLimitError,
    ResponseDecodeError,
)

CALLS = int(os.environ.get("SOAK_CALLS", "600"))
SEED = int(os.environ.get("SOAK_SEED", random.randrange(10**6)))
THREADS, TASKS = 32, 200
RETRIES = 2
SOUND = ["ok", "http/1.0", "chunked", "gzip", "deflate"]
PASSING: dict[str, type[NarrativeError]] = {
    "reset": APIConnectionError,
    "reset in headers": APIConnectionError,
    "reset in body": APIConnectionError,
    "hang up": APIConnectionError,
    "hang up in body": APIConnectionError,
    "chunks cut short": APIConnectionError,
    "bad chunks": APIConnectionError,
    "garbage": APIConnectionError,
    "html 502": InternalServerError,
    "empty 503": InternalServerError,
    "500": InternalServerError,
    "520": InternalServerError,
    "408": APIStatusError,
    "429": RateLimitError,
}
LASTING: dict[str, type[NarrativeError]] = {
    "404": NotFoundError,
    "half a json": ResponseDecodeError,
    "no gzip": ResponseDecodeError,
}


class Plan:
    """What the server does to each attempt at each job, from a seed alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._attempts: collections.Counter[str] = collections.Counter()

    def choose(self, path: str) -> str:
        """Choose the fault of the next attempt, for the server."""
        job_id = path.rsplit("/", 1)[-1]
        self._attempts[job_id] += 1
        return self._fault(job_id, self._attempts[job_id])

    def _fault(self, job_id: str, attempt: int) -> str:
        dice = random.Random(f"{self._seed} {job_id} {attempt}")
        faults = [*PASSING, *LASTING]
        return dice.choice(faults if dice.random() < 0.2 else SOUND)

    def expects(self, job_id: UUID) -> type[NarrativeError] | None:
        """Say how a call must end: with an error, or with the job."""
        for attempt in range(1, RETRIES + 2):
            fault = self._fault(str(job_id), attempt)
            if fault not in PASSING:
                return LASTING.get(fault)
        return PASSING[fault]


class Tally:
    """What came of the calls."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self.right = 0
        self.wrong: list[str] = []

    def add(self, job_id: UUID, got: UUID | Exception) -> None:
        """Compare the end of a call with the right one."""
        expected = self._plan.expects(job_id)
        is_right = got == job_id if expected is None else type(got) is expected
        with self._lock:
            self.right += is_right
            if not is_right:
                self.wrong.append(f"{job_id}: expected {expected or 'the job'}, got {got!r}")


def threads(url: str, ids: list[UUID], tally: Tally) -> None:
    """Fetch the jobs from many threads that share a client."""
    with Client("soak-token", base_url=url, max_retries=RETRIES) as client:

        def work(job_id: UUID) -> None:
            try:
                tally.add(job_id, client.get_job(job_id).job_id)
            except Exception as error:
                tally.add(job_id, error)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, ids))


async def tasks(url: str, ids: list[UUID], tally: Tally) -> None:
    """Fetch the jobs from many tasks that share a client."""
    left = iter(ids)
    async with AsyncClient("soak-token", base_url=url, max_retries=RETRIES) as client:

        async def work() -> None:
            for job_id in left:
                try:
                    tally.add(job_id, (await client.get_job(job_id)).job_id)
                except Exception as error:
                    tally.add(job_id, error)

        async with anyio.create_task_group() as group:
            for _ in range(TASKS):
                group.start_soon(work)


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


@pytest.mark.parametrize("share", [threads, tasks])
def test_many_calls_at_once_end_right_and_leave_nothing(share: Callable[..., Any]) -> None:
    files = open_files()
    plan = Plan(SEED)
    tally = Tally(plan)
    ids = [UUID(int=number) for number in range(CALLS // 2)]
    with FaultServer("ok", choose=plan.choose) as server:
        if share is threads:
            threads(server.url, ids, tally)
        else:
            anyio.run(tasks, server.url, ids, tally)
        deadline = time.monotonic() + 2
        while server.open and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.open == 0, "connections are left open"
    gc.collect()
    assert not tally.wrong, (f"SOAK_SEED={SEED}", tally.wrong[:10])
    assert tally.right == len(ids)
    assert open_files() <= files
