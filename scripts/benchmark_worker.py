"""Measure one subject, in a process of its own, and print what was found as JSON.

scripts/benchmark.py runs it. `server` is no measurement: it answers the others.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import sys
import threading
import time
import timeit
from collections.abc import Callable
from contextlib import suppress
from dataclasses import make_dataclass
from functools import partial
from importlib import import_module
from typing import Any
from uuid import UUID

from fault_server import JOB as SAMPLE
from fault_server import FaultServer, Wire, message, say

TOKEN = "benchmark-token"  # noqa: S105, it opens nothing
JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
GETS = 300


def server() -> None:
    """Answer with the page's sample, on the last core; `/running` with a job that never ends."""
    running = message("200 OK", SAMPLE.replace(b'"completed"', b'"running"'))

    async def seen(wire: Wire, _: str) -> None:
        counts = {"requests": len(answering.requests), "connections": answering.accepted}
        wire.write(message("200 OK", json.dumps(counts).encode()))

    answers = {"jobs": say(message("200 OK", SAMPLE)), "running": say(running), "seen": seen}
    with FaultServer(choose=lambda path: path.split("/")[1], faults=answers) as answering:
        print(answering.port, flush=True)
        threading.Event().wait()


def getter(subject: str, url: str, *, is_async: bool) -> Callable[[], Any]:
    """Return what makes one GET and reads its JSON."""
    if subject == "raw":
        import httpx

        headers, job = {"Authorization": f"Bearer {TOKEN}"}, f"{url}/jobs/{JOB_ID}"
        if not is_async:
            sync = httpx.Client(headers=headers)
            return lambda: json.loads(sync.get(job).content)
        client = httpx.AsyncClient(headers=headers)

        async def get() -> Any:
            return json.loads((await client.get(job)).content)

        return get
    if subject == "stock":
        stock = import_module("stock_client").AuthenticatedClient(base_url=url, token=TOKEN)
        call = import_module("stock_client.api.jobs.get_job")
        return partial(call.asyncio if is_async else call.sync, UUID(JOB_ID), client=stock)
    import narrative_jobs

    if not is_async:
        return partial(narrative_jobs.Client(TOKEN, base_url=url).get_job, JOB_ID)
    transport: Any = "aiohttp" if subject == "aiohttp" else "httpx"
    ours = narrative_jobs.AsyncClient(TOKEN, base_url=url, transport=transport)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # It is not closed.
    return partial(ours.get_job, JOB_ID)


def sync(subject: str, url: str) -> dict[str, float]:
    """Make one GET after another: microseconds of CPU for each."""
    get = getter(subject, url, is_async=False)
    get()
    began = time.process_time()
    for _ in range(GETS):
        get()
    return {"cpu": 1e6 * (time.process_time() - began) / GETS}


def flight(subject: str, url: str, at_once: str) -> dict[str, float]:
    """Keep so many GETs under way: how many come back in a second, and the CPU (µs) for each."""
    workers, count = int(at_once), GETS if at_once == "1" else 2 * GETS

    async def main() -> dict[str, float]:
        get = getter(subject, url, is_async=True)
        left = iter(range(count))

        async def work() -> None:
            for _ in left:
                await get()

        await asyncio.gather(*(get() for _ in range(workers)))
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(workers)))
        rate = count / (time.perf_counter() - began)
        return {"rate": rate, "cpu": 1e6 * (time.process_time() - cpu) / count}

    return asyncio.run(main())


def rivals() -> dict[str, Callable[[], Any]]:
    """Return what decodes the page's sample into dataclasses, by other libraries."""
    import msgspec
    import pydantic

    def part(name: str, **fields: type) -> type:
        return make_dataclass(name, fields.items())

    source = part("RequestSource", type=str, company_id=int, user_id=int)
    asked = part("Input", nql=str, dataset_id=int, stats_enabled=bool, compiled_select=str)
    result = part("Result", dataset_id=int, snapshot_id=int, recalculation_id=str)
    fields: dict[str, type] = dict.fromkeys(("state", "type", "executor", "idempotency_key"), str)
    fields |= dict.fromkeys(("created_at", "updated_at", "ended_at"), datetime.datetime)
    job = part("Job", job_id=UUID, request_source=source, input=asked, result=result, **fields)
    return {
        "pydantic": partial(pydantic.TypeAdapter(job).validate_json, SAMPLE),
        "msgspec": partial(msgspec.json.Decoder(job).decode, SAMPLE),
    }


def decode() -> dict[str, list[float]]:
    """Decode the page's sample in every way, in turn: microseconds for each."""
    from narrative_jobs import job_from_dict

    stock = import_module("stock_client.models.materialize_view_job").MaterializeViewJob
    payload = json.loads(SAMPLE)
    ways: dict[str, Callable[[], Any]] = {
        "json.loads": lambda: json.loads(SAMPLE),
        "ours": lambda: job_from_dict(payload),
        "ours from bytes": lambda: job_from_dict(json.loads(SAMPLE)),
        "stock": lambda: stock.from_dict(payload),
        "stock from bytes": lambda: stock.from_dict(json.loads(SAMPLE)),
        **rivals(),
    }
    rounds = [
        [1e6 * timeit.timeit(way, number=500) / 500 for way in ways.values()] for _ in range(21)
    ]
    return dict(zip(ways, map(list, zip(*rounds, strict=True)), strict=True))


def watch(subject: str, url: str, kind: str, jobs: str) -> dict[str, float]:
    """Watch so many running jobs: CPU (µs) for each poll, threads and connections."""
    import httpx
    from narrative_jobs import AsyncClient, Client

    ids = [UUID(int=number) for number in range(int(jobs))]
    threads = 0

    def look(_: object) -> None:
        nonlocal threads
        threads = max(threads, threading.active_count() - 1)

    options: Any = {"max_wait": 3 + len(ids) / 1000, "poll_interval": 1.0, "on_update": look}

    async def wait() -> None:
        async with AsyncClient(TOKEN, base_url=f"{url}/running") as client:
            async for _ in client.wait_for_jobs(ids, **options):
                pass

    start, cpu = httpx.get(f"{url}/seen").json(), time.process_time()
    with suppress(ExceptionGroup):  # None of them ends.
        if kind == "async":
            asyncio.run(wait())
        else:
            with Client(TOKEN, base_url=f"{url}/running") as client:
                list(client.wait_for_jobs(ids, **options))
    cpu, end = time.process_time() - cpu, httpx.get(f"{url}/seen").json()
    polls, connections = (end[key] - start[key] - 1 for key in ("requests", "connections"))
    return {"cpu": 1e6 * cpu / polls, "threads": threads, "connections": connections}


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1] if name == "server" else cores[0]})
    rows: dict[str, Callable[..., object]] = {
        "decode": decode,
        "flight": flight,
        "server": server,
        "sync": sync,
        "watch": watch,
    }
    print(json.dumps(rows[name](*arguments)))
