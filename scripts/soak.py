"""Many calls at once against a server that fails at random. `scripts/soak --help` says more."""

from __future__ import annotations

import argparse
import collections
import gc
import itertools
import os
import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio
import narrative_jobs.client
from fault_server import JOB, FaultServer, Wire, message
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

PAGE_JOB = b"2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
THREADS, TASKS = 16, 200
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

    def forget(self) -> None:
        """Drop what was counted, which is no memory of the client's."""
        self._attempts.clear()

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

    def __init__(self, plan: Plan, seconds: float) -> None:
        self._plan = plan
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self.right = 0
        self.wrong: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._end

    def add(self, job_id: UUID, got: UUID | Exception) -> None:
        """Compare the end of a call with the right one."""
        expected = self._plan.expects(job_id)
        is_right = got == job_id if expected is None else type(got) is expected
        with self._lock:
            self.right += is_right
            if not is_right:
                self.wrong.append(f"{job_id}: expected {expected or 'the job'}, got {got!r}")


def threads(url: str, ids: Iterator[UUID], tally: Tally) -> None:
    """Fetch the jobs from many threads that share a client."""
    lock = threading.Lock()
    with Client("soak-token", base_url=url, max_retries=RETRIES) as client:

        def work() -> None:
            while not tally.is_over:
                with lock:
                    job_id = next(ids, None)
                if job_id is None:
                    return
                try:
                    tally.add(job_id, client.get_job(job_id).job_id)
                except Exception as error:
                    tally.add(job_id, error)

        with ThreadPoolExecutor(THREADS) as pool:
            for _ in range(THREADS):
                pool.submit(work)


async def tasks(url: str, ids: Iterator[UUID], tally: Tally) -> None:
    """Fetch the jobs from many tasks that share a client."""
    async with AsyncClient("soak-token", base_url=url, max_retries=RETRIES) as client:

        async def work() -> None:
            for job_id in ids:
                if tally.is_over:
                    return
                try:
                    tally.add(job_id, (await client.get_job(job_id)).job_id)
                except Exception as error:
                    tally.add(job_id, error)

        async with anyio.create_task_group() as group:
            for _ in range(TASKS):
                group.start_soon(work)


def open_files() -> int:
    """Count the open file descriptors of this process."""
    return len(os.listdir("/dev/fd"))


def peak_memory() -> int:
    """Give the most memory that this process has held, in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def run(
    share: Callable[..., Any], ids: Iterator[UUID], plan: Plan, seconds: float
) -> tuple[Tally, int, int]:
    """Make the calls, and count the connections and descriptors that are left."""
    files = open_files()
    tally = Tally(plan, seconds)
    with FaultServer("ok", choose=plan.choose) as server:
        if share is threads:
            threads(server.url, ids, tally)
        else:
            anyio.run(share, server.url, ids, tally)
        deadline = time.monotonic() + 2
        while server.open and time.monotonic() < deadline:
            time.sleep(0.01)
        leaks = server.open
    plan.forget()
    gc.collect()
    return tally, leaks, open_files() - files


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description=f"Call a server that fails one time in five, from {THREADS} threads and from "
        f"{TASKS} tasks. Exits 1 if a call ended wrong or left something behind.",
    )
    parser.add_argument("--calls", type=int, default=10_000, help="how many, in all")
    parser.add_argument(
        "--seconds", type=float, default=120, help="how long at most, for each half"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument(
        "--watch", type=int, metavar="JOBS", help="wait for so many jobs at once, instead"
    )
    options = parser.parse_args()
    if options.watch:
        return watch(options.watch)
    print(f"seed {options.seed}")
    vars(narrative_jobs.client)["backoff"] = lambda _: 0.001

    plan = Plan(options.seed)
    warm_up = (UUID(int=number) for number in range(2 * TASKS))
    ids = (UUID(int=number) for number in range(2 * TASKS, 2 * TASKS + options.calls))
    for share in (threads, tasks):
        run(share, itertools.islice(warm_up, TASKS), plan, options.seconds)
    before = peak_memory()
    wrong: list[str] = []
    right = leaks = files = 0
    for share in (threads, tasks):
        started = time.monotonic()
        tally, *left = run(share, itertools.islice(ids, options.calls // 2), plan, options.seconds)
        right, leaks, files = right + tally.right, leaks + left[0], files + left[1]
        wrong += tally.wrong
        calls, seconds = tally.right + len(tally.wrong), time.monotonic() - started
        print(f"{share.__name__:<22}{calls:>8,} calls in {seconds:.1f} s")
    growth = peak_memory() - before
    for name, number in {
        "calls": right + len(wrong),
        "right outcomes": right,
        "wrong outcomes": len(wrong),
        "leaked connections": leaks,
        "leaked descriptors": files,
        "memory growth (KiB)": growth,
    }.items():
        print(f"{name:<22}{number:>8,}")
    for line in wrong[:10]:
        print(line, file=sys.stderr)
    return int(bool(wrong or leaks or files))


def watch(count: int) -> int:
    """Wait for many jobs at once, with each client, and print what it takes."""
    print(f"{'':<10}{'finished':>10}{'requests':>10}{'connections':>13}{'threads':>9}{'left':>6}")
    ids = [UUID(int=number) for number in range(count)]
    is_right = True
    for kind in ("sync", "asyncio", "trio"):
        births: dict[str, float] = {}

        async def live(wire: Wire, path: str, births: dict[str, float] = births) -> None:
            """Answer with a job that takes from one to two seconds."""
            job_id = path.rsplit("/", 1)[-1]
            age = time.monotonic() - births.setdefault(job_id, time.monotonic())
            takes = 1 + random.Random(job_id).random()
            state = b"pending" if age < 0.3 else b"running" if age < takes else b"completed"
            job = JOB.replace(PAGE_JOB, job_id.encode()).replace(b'"completed"', b'"%s"' % state)
            wire.write(message("200 OK", job))
            await wire.drain()

        before = threading.active_count()
        with FaultServer("live", faults={"live": live}) as server:
            most = 0

            def count_threads(_: Job, server_and_main: int = before + 1) -> None:
                nonlocal most
                most = max(most, threading.active_count() - server_and_main)

            options: dict[str, Any] = {"poll_interval": 0.5, "on_update": count_threads}
            if kind == "sync":
                with Client("soak-token", base_url=server.url) as client:
                    finished = len({job.job_id for job in client.wait_for_jobs(ids, **options)})
            else:
                finished = anyio.run(watch_with_await, server.url, ids, options, backend=kind)
            deadline = time.monotonic() + 2
            while server.open and time.monotonic() < deadline:
                time.sleep(0.01)
            left = server.open + threading.active_count() - before - 1
            asked, accepted = len(server.requests), server.accepted
        print(f"{kind:<10}{finished:>10,}{asked:>10,}{accepted:>13}{most:>9}{left:>6}")
        is_right = is_right and finished == count and left == 0
    return int(not is_right)


async def watch_with_await(url: str, ids: list[UUID], options: dict[str, Any]) -> int:
    """Wait for many jobs, and count those that finish."""
    async with AsyncClient("soak-token", base_url=url) as client:
        return len({job.job_id async for job in client.wait_for_jobs(ids, **options)})


if __name__ == "__main__":
    sys.exit(main())
