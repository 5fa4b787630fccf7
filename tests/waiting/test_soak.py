"""Many calls at once against a server that fails at random: all end right, and leave nothing.

`SOAK_CALLS` says how many calls, for a longer run, `SOAK_JOBS` how many jobs to wait for, and
`SOAK_SEED` repeats one.
"""

from __future__ import annotations

import collections
import gc
import math
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
from fault_server import FaultServer, message, say, sound
from narrative_jobs import (
    APIConnectionError,
    APIStatusError,
    AsyncClient,
    Client,
    InternalServerError,
    Job,
    NarrativeError,
    NotFoundError,
    RateLimitError,
    ResponseDecodeError,
)
from support import Flavour

CALLS = int(os.environ.get("SOAK_CALLS", "600"))
SEED = int(os.environ.get("SOAK_SEED", random.randrange(10**6)))
JOBS = int(os.environ.get("SOAK_JOBS", "1000"))
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


ODD = {
    "html": say(message("200 OK", b"<html>maintenance</html>")),
    "empty": say(message("200 OK")),
    "error": say(message("200 OK", b'{"error": "Busy"}')),
    "no content": say(message("204 No Content")),
}
REFUSED = say(message("429 Too Many Requests", b"", "Retry-After: 0.1"))
LIMIT = 1250
"""After how many requests the server refuses all of them for a tenth of a second."""


class Weather:
    """A server with a rate limit, which does to one answer in five what passes."""

    def __init__(self, seed: int, seen: set[str]) -> None:
        self._dice, self._seen = random.Random(seed), seen
        self._good: collections.Counter[str] = collections.Counter()
        self._admitted, self._refuses_until = 0, 0.0
        running = sound(lambda job: message("200 OK", job.replace(b'"completed"', b'"running"')))
        self.faults = {**ODD, "refused": REFUSED, "running": running}

    def choose(self, path: str) -> str:
        """Choose the fault of the next answer, for the server."""
        self._admitted += 1
        if self._admitted % LIMIT == 0:
            self._refuses_until = time.monotonic() + 0.1
        if time.monotonic() < self._refuses_until:
            return "refused"
        job_id = path.rsplit("/", 1)[-1]
        if self._dice.random() < 0.2:
            passing = [fault for fault in PASSING if fault != "429"]
            return self._dice.choice([*passing, *(ODD if job_id in self._seen else [])])
        self._good[job_id] += 1
        is_first = self._good[job_id] == 1
        return "running" if is_first and int(job_id[-1], 16) % 4 == 0 else self._dice.choice(SOUND)


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


class Enough(BaseException):
    """What interrupts a step of the sync client, as Ctrl-C does."""


@pytest.mark.parametrize("flavour", ["sync", "asyncio"], indirect=True)
def test_waiting_for_many_jobs_gives_each_of_them_once(flavour: Flavour) -> None:
    """Under a rate limit, with a fifth of the answers faulted, every tenth step interrupted."""
    ids = [str(UUID(int=number)) for number in range(JOBS)]
    seen: set[str] = set()
    came: list[str] = []
    counts: collections.Counter[str] = collections.Counter()

    def tell(job: Job) -> None:
        seen.add(str(job.job_id))
        if flavour.name == "sync" and counts["steps"] % 10 == 0 and not counts["struck"]:
            counts["struck"] = 1
            raise Enough

    def take(client: Client) -> None:
        jobs = client.wait_for_jobs(ids, **options)
        while True:
            counts["steps"], counts["struck"] = counts["steps"] + 1, 0
            try:
                came.append(str(next(jobs).job_id))
            except StopIteration:
                return
            except Enough:
                counts["interruptions"] += 1

    async def take_async(client: AsyncClient) -> None:
        jobs = client.wait_for_jobs(ids, **options)
        while True:
            counts["steps"] += 1
            job, seconds = None, 0.005 if counts["steps"] % 10 == 0 else math.inf
            with anyio.move_on_after(seconds) as scope:
                if (job := await anext(jobs, None)) is None:
                    return
                came.append(str(job.job_id))
            counts["interruptions"] += job is None and scope.cancelled_caught

    options: Any = {"poll_interval": 0.05, "max_concurrency": 16, "on_update": tell}
    weather = Weather(SEED, seen)
    with FaultServer(choose=weather.choose, faults=weather.faults) as server:
        flavour.run(take if flavour.name == "sync" else take_async, base_url=server.url)
        # An interruption cuts short up to sixteen; on a busy machine there are many.
        assert len(server.requests) < 2 * JOBS + 16 * counts["interruptions"]
    assert sorted(came) == ids, f"SOAK_SEED={SEED}"
    assert counts["interruptions"] >= 3, counts
