"""Measure the package beside what it stands on, in turn, and print a table of ratios.

Each figure comes from a process of its own, which this file is too: `worker WHAT SUBJECT URL ...`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import timeit
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv-benchmark"
PATHS = {"PYTHONPATH": str(ROOT / "tests")}
TOKEN = "benchmark-token"  # noqa: S105, it opens nothing
JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
GETS, WAITS = 300, 10_000
STARTS = {
    "ours": "from narrative_jobs import Client; Client('t', base_url='{url}').get_job('{job_id}')",
    "raw": "import httpx, json; json.loads(httpx.Client().get('{url}/jobs/{job_id}').content)",
}
"""What is timed as a whole process."""

Figures = dict[str, float]
"""What was measured, by its unit."""


# What a worker does.


def server() -> None:
    """Answer with the page's sample; another job is running when it is first looked at."""
    from fault_server import FaultServer, message, sound

    def choose(path: str) -> str:
        is_new = path not in seen
        seen.add(path)
        return "running" if is_new else "ok"

    seen = {f"/jobs/{JOB_ID}"}
    running = sound(lambda job: message("200 OK", job.replace(b"completed", b"running")))
    with FaultServer(choose=choose, faults={"running": running}) as answering:
        print(answering.port, flush=True)
        threading.Event().wait()


def getter(subject: str, url: str, *, is_async: bool) -> Callable[[], Any]:
    """Return what makes one GET and reads its JSON."""
    if subject == "raw":
        import httpx

        headers, job = {"Authorization": f"Bearer {TOKEN}"}, f"{url}/jobs/{JOB_ID}"
        sync, client = httpx.Client(headers=headers), httpx.AsyncClient(headers=headers)

        async def get() -> Any:
            return json.loads((await client.get(job)).content)

        return get if is_async else lambda: json.loads(sync.get(job).content)
    import narrative_jobs

    if not is_async:
        return partial(narrative_jobs.Client(TOKEN, base_url=url).get_job, JOB_ID)
    transport: Any = "aiohttp" if subject == "aiohttp" else "httpx"
    ours = narrative_jobs.AsyncClient(TOKEN, base_url=url, transport=transport)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # It is not closed.
    return partial(ours.get_job, JOB_ID)


def start(subject: str, url: str) -> Figures:
    """Run a whole process."""
    run = [sys.executable, "-c", STARTS[subject].format(url=url, job_id=JOB_ID)]
    return {"ms": 1e3 * timeit.timeit(lambda: subprocess.run(run, check=True), number=1)}


def one_by_one(subject: str, url: str) -> Figures:
    """Make one GET after another: the CPU for each."""
    return repeated(getter(subject, url, is_async=False))


def decode(subject: str, _: str) -> Figures:
    """Read the page's sample, or its JSON alone."""
    from fault_server import JOB

    if subject == "raw":
        return repeated(lambda: json.loads(JOB))
    from narrative_jobs import job_from_dict

    return repeated(lambda: job_from_dict(json.loads(JOB)))


def repeated(call: Callable[[], Any]) -> Figures:
    """Measure the CPU of a call that is made again and again."""
    call()
    return {"µs": 1e6 * timeit.timeit(call, timer=time.process_time, number=GETS) / GETS}


async def flight(subject: str, url: str, at_once: str) -> Figures:
    """Keep so many GETs under way: how many come back in a second, and the CPU for each."""
    get, workers = getter(subject, url, is_async=True), range(int(at_once))
    count = GETS if at_once == "1" else 2 * GETS
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await get()

    await asyncio.gather(*(get() for _ in workers))
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in workers))
    rate = count / (time.perf_counter() - began)
    return {"GET/s": rate, "µs": 1e6 * (time.process_time() - cpu) / count}


async def waits(_: str, url: str) -> Figures:
    """Wait for many jobs, each in a task: memory for each, and the longest CPU of the loop."""
    import narrative_jobs

    async with narrative_jobs.AsyncClient(TOKEN, base_url=url) as client:
        await client.get_job(JOB_ID)
        before, longest = getrusage(RUSAGE_SELF).ru_maxrss, 0.0
        every = asyncio.gather(*(client.wait_for_job(UUID(int=n)) for n in range(WAITS)))
        while not every.done():
            began = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - began)
    used = getrusage(RUSAGE_SELF).ru_maxrss - before
    return {"KiB": used / WAITS, "ms": 1000 * longest}


def work(what: str, *arguments: str) -> None:
    """Do what is asked on one core, the server on another, and print what was found as JSON."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1] if what == "server" else cores[0]})
    found: Any = globals()[what](*arguments)
    print(json.dumps(asyncio.run(found) if asyncio.iscoroutine(found) else found))


# What asks for it.


def worker(subject: str, *arguments: str) -> list[str]:
    """Return what runs a worker in the environment of a subject."""
    return [str(ENVIRONMENTS / subject / "bin" / "python"), __file__, "worker", *arguments]


def measure(what: str, subject: str, *arguments: str) -> Figures:
    """Measure something in a process of its own."""
    run = worker(subject, what, subject, *arguments)
    done = subprocess.run(run, stdout=subprocess.PIPE, env=PATHS, check=True)
    found: Figures = json.loads(done.stdout)
    return found


def row(
    what: str, unit: str, goal: float, ours: list[float], floor: list[float] | None = None
) -> None:
    """Print a line of the table: the figures, their ratios, and whether those will do.

    More is better where the unit is a rate. Without a floor it is the figure itself that counts.
    """
    ratios = [a / b for a, b in zip(ours, floor, strict=True)] if floor else ours
    is_rate = unit.endswith("/s")
    is_met = median(ratios) >= goal if is_rate else median(ratios) <= goal
    cells = [
        what,
        " : ".join(f"{median(some):,.4g}" for some in (ours, floor) if some) + f" {unit}",
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if floor else "",
        f"at {'least' if is_rate else 'most'} {goal:g}",
        "met" if is_met else "**not met**",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def table(rounds: int, url: str) -> None:
    """Measure it all."""

    def of(
        unit: str, what: str, *arguments: str, subjects: tuple[str, ...] = ("ours", "raw")
    ) -> Iterable[list[float]]:
        """Measure each subject in each round, so that all meet what else the machine does."""
        found: dict[str, list[float]] = {subject: [] for subject in subjects}
        for subject in rounds * subjects:
            found[subject].append(measure(what, subject, url, *arguments)[unit])
        return found.values()

    row("cold first GET : raw httpx", "ms", 1.1, *of("ms", "start"))
    row("a job from its bytes : json.loads", "µs", 3, *of("µs", "decode"))
    row("CPU of a GET, sync : raw httpx", "µs", 0.95, *of("µs", "one_by_one"))
    row("CPU of a GET, async : raw httpx", "µs", 0.8, *of("µs", "flight", "1"))
    ours, raw, aiohttp = of("GET/s", "flight", "50", subjects=("ours", "raw", "aiohttp"))
    row("50 in flight : raw httpx", "GET/s", 3, ours, raw)
    row("50 in flight, aiohttp : raw httpx", "GET/s", 5, aiohttp, raw)
    waiting = measure("waits", "ours", url)
    row("memory of each of 10,000 waits", "KiB", 8, [waiting["KiB"]])
    row("the longest that they hold the loop", "ms", 250, [waiting["ms"]])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="by default 4")
    rounds: int = parser.parse_args().rounds
    run = worker("raw", "server")
    with subprocess.Popen(run, stdout=subprocess.PIPE, env=PATHS, text=True) as answering:
        try:
            url = f"http://127.0.0.1:{int(answering.stdout.readline())}" if answering.stdout else ""
            print(f"Python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}\n")
            print("| what : its floor | figures | ratio (spread) | goal | |")
            print("| --- | --- | --- | --- | --- |")
            table(rounds, url)
        finally:
            answering.kill()


if __name__ == "__main__":
    work(*sys.argv[2:]) if sys.argv[1:2] == ["worker"] else main()
