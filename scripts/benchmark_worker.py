"""One measurement of one subject, in a process of its own; scripts/benchmark.py runs it.

Prints a number, or several as JSON. `server` is no measurement: it answers the others.
"""

from __future__ import annotations

import asyncio
import datetime
import importlib
import json
import os
import sys
import threading
import time
import timeit
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
JOB_ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
SAMPLE = (ROOT / "tests" / "payloads" / "page-sample.json").read_bytes()
GETS, IN_FLIGHT = 300, 50


def serve() -> None:
    """Answer with the page's sample, on the last core; `/running` with a job that never ends."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    seen = {"requests": 0, "connections": 0}
    running = SAMPLE.replace(b'"completed"', b'"running"')

    def answer(body: bytes) -> bytes:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return head.encode() + b"\r\n\r\n" + body

    answers = [answer(SAMPLE), answer(running)]

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            seen["connections"] += 1
            self.transport: Any = transport

        def data_received(self, data: bytes) -> None:
            seen["requests"] += 1
            path = data.split(b" ", 2)[1]
            if path == b"/seen":
                self.transport.write(answer(json.dumps(seen).encode()))
            else:
                self.transport.write(answers[path.startswith(b"/running")])

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(main())


# Decoding, one beside the other.


def decode() -> dict[str, list[float]]:
    """Decode the page's sample in every way, in turn: seconds for each."""
    import msgspec
    import pydantic
    from narrative_jobs import job_from_dict

    stock = importlib.import_module("stock_client.models.materialize_view_job")
    payload = json.loads(SAMPLE)
    fields = {
        "RequestSource": {"type": str, "company_id": int, "user_id": int},
        "Input": {"nql": str, "dataset_id": int, "stats_enabled": bool, "compiled_select": str},
        "Result": {"dataset_id": int, "snapshot_id": int, "recalculation_id": str},
    }
    moment = datetime.datetime
    job: dict[str, type] = dict.fromkeys(("state", "type", "executor", "idempotency_key"), str)
    job |= {"job_id": UUID, "created_at": moment, "updated_at": moment, "ended_at": moment}
    parts = {"request_source": "RequestSource", "input": "Input", "result": "Result"}
    pydantic_parts: dict[str, Any] = {
        name: pydantic.create_model(name, **{k: (v, ...) for k, v in some.items()})  # type: ignore[call-overload]
        for name, some in fields.items()
    }
    whole: dict[str, Any] = {k: (v, ...) for k, v in job.items()}
    whole |= {key: (pydantic_parts[name], ...) for key, name in parts.items()}
    pydantic_job = pydantic.create_model("Job", **whole)
    structs = {name: msgspec.defstruct(name, list(some.items())) for name, some in fields.items()}
    msgspec_job = msgspec.defstruct(
        "Job", [*job.items(), *((key, structs[name]) for key, name in parts.items())]
    )
    in_msgspec = msgspec.json.Decoder(msgspec_job).decode
    ways: dict[str, Callable[[], Any]] = {
        "json.loads": lambda: json.loads(SAMPLE),
        "ours": lambda: job_from_dict(payload),
        "ours from bytes": lambda: job_from_dict(json.loads(SAMPLE)),
        "stock": lambda: stock.MaterializeViewJob.from_dict(payload),
        "stock from bytes": lambda: stock.MaterializeViewJob.from_dict(json.loads(SAMPLE)),
        "pydantic from bytes": lambda: pydantic_job.model_validate_json(SAMPLE),
        "msgspec from bytes": lambda: in_msgspec(SAMPLE),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(21):
        for name, way in ways.items():
            found[name].append(timeit.timeit(way, number=500) / 500)
    return found


def large() -> dict[str, float]:
    """Decode a job with 1 MB of SQL and many failures: how time and memory grow."""
    import httpx
    from narrative_jobs import Client

    def body(failures: int) -> bytes:
        job = json.loads(SAMPLE)
        job["input"]["nql"] = "SELECT " + "a_column, " * 100_000
        job["failures"] = [
            {
                "message": f"Task {n} failed: java.lang.OutOfMemoryError",
                "timestamp": "2023-10-31T11:25:08.327194",
                "value": {"stage": n, "stack_trace": "at org.apache.spark.Executor.run\n" * 30},
            }
            for n in range(failures)
        ]
        return json.dumps(job).encode()

    def fetch(content: bytes) -> Any:
        def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=httpx.ByteStream(content))

        with (
            httpx.Client(transport=httpx.MockTransport(answer)) as http_client,
            Client("benchmark-token", http_client=http_client) as client,
        ):
            return client.get_job(JOB_ID)

    few, many = body(5_000), body(10_000)
    rounds = [[timeit.timeit(partial(fetch, c), number=1) for c in (few, many)] for _ in range(9)]
    seconds = [min(some) for some in zip(*rounds, strict=True)]
    tracemalloc.start()
    fetch(many)
    peak = tracemalloc.get_traced_memory()[1]
    return {
        "time": (seconds[1] / seconds[0]) / (len(many) / len(few)),
        "memory": peak / len(many),
    }


# Requests.


def raw_sync(url: str) -> Callable[[], Any]:
    """Give one GET by httpx itself, its JSON read."""
    import httpx

    client = httpx.Client(headers={"Authorization": "Bearer benchmark-token"})
    return lambda: json.loads(client.get(f"{url}/jobs/{JOB_ID}").content)


def ours_sync(url: str) -> Callable[[], Any]:
    """Give one GET by our client."""
    from narrative_jobs import Client

    client = Client("benchmark-token", base_url=url)
    return lambda: client.get_job(JOB_ID)


def stock_sync(url: str) -> Callable[[], Any]:
    """Give one GET by the generator's own client."""
    client_module = importlib.import_module("stock_client")
    get_job = importlib.import_module("stock_client.api.jobs.get_job")
    client = client_module.AuthenticatedClient(base_url=url, token="benchmark-token")  # noqa: S106
    return lambda: get_job.sync(UUID(JOB_ID), client=client)


def raw_async(url: str) -> Callable[[], Awaitable[Any]]:
    """Give one GET by httpx itself, its JSON read."""
    import httpx

    client = httpx.AsyncClient(headers={"Authorization": "Bearer benchmark-token"})

    async def get() -> Any:
        return json.loads((await client.get(f"{url}/jobs/{JOB_ID}")).content)

    return get


def ours_async(url: str) -> Callable[[], Awaitable[Any]]:
    """Give one GET by our client."""
    from narrative_jobs import AsyncClient

    client = AsyncClient("benchmark-token", base_url=url)
    return lambda: client.get_job(JOB_ID)


def aiohttp_async(url: str) -> Callable[[], Awaitable[Any]]:
    """Give one GET by our client, over aiohttp."""
    from narrative_jobs import AsyncClient

    client = AsyncClient("benchmark-token", base_url=url, transport="aiohttp")
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # It is not closed.
    return lambda: client.get_job(JOB_ID)


def stock_async(url: str) -> Callable[[], Awaitable[Any]]:
    """Give one GET by the generator's own client."""
    client_module = importlib.import_module("stock_client")
    get_job = importlib.import_module("stock_client.api.jobs.get_job")
    client = client_module.AuthenticatedClient(base_url=url, token="benchmark-token")  # noqa: S106
    return lambda: get_job.asyncio(UUID(JOB_ID), client=client)


def in_turn(get: Callable[[], Any]) -> float:
    """Make one GET after another: seconds of CPU for each."""
    get()
    began = time.process_time()
    for _ in range(GETS):
        get()
    return (time.process_time() - began) / GETS


def in_turn_async(make: Callable[[], Callable[[], Awaitable[Any]]]) -> float:
    """Make one GET after another, with await: seconds of CPU for each."""

    async def main() -> float:
        get = make()
        await get()
        began = time.process_time()
        for _ in range(GETS):
            await get()
        return (time.process_time() - began) / GETS

    return asyncio.run(main())


def in_flight(make: Callable[[], Callable[[], Awaitable[Any]]]) -> dict[str, float]:
    """Keep many GETs under way: how many come back in a second, and the CPU for each."""

    async def main() -> dict[str, float]:
        get = make()
        count = 2 * GETS
        left = iter(range(count))

        async def work() -> None:
            for _ in left:
                await get()

        await asyncio.gather(*(get() for _ in range(IN_FLIGHT)))
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        seconds = time.perf_counter() - began
        return {"rate": count / seconds, "cpu": (time.process_time() - cpu) / count}

    return asyncio.run(main())


def watch(url: str, kind: str, count: int, *, memory: bool) -> dict[str, float]:
    """Watch many running jobs: CPU for each poll, and memory, threads and connections."""
    from narrative_jobs import AsyncClient, Client

    ids = [UUID(int=number) for number in range(count)]
    base_url = f"{url}/running"
    most = {"memory": 0.0, "threads": 0.0}
    heard = 0
    if memory:
        tracemalloc.start()

    def look(_: object) -> None:
        nonlocal heard
        heard += 1
        most["threads"] = max(most["threads"], threading.active_count() - 1)
        if memory and heard == count:
            most["memory"] = (tracemalloc.get_traced_memory()[0] - before) / count

    async def warm_up() -> None:
        async with AsyncClient("benchmark-token", base_url=base_url) as client:
            await client.wait_for_job(JOB_ID, max_wait=0.1, check=False)

    with suppress(TimeoutError):  # What is loaded with the first call is nobody's share.
        asyncio.run(warm_up())
    options: dict[str, Any] = {"poll_interval": 1.0, "on_update": look}
    options["max_wait"] = 60 if memory else 3 + count / 1000

    async def asynchronous() -> None:
        async with AsyncClient("benchmark-token", base_url=base_url) as client:
            async for _ in client.wait_for_jobs(ids, **options):
                pass

    class Enough(BaseException):
        pass

    if memory:  # Once every job was seen, that is all there is to know.
        plain = look

        def look_and_stop(job: object) -> None:
            plain(job)
            if heard == count:
                raise Enough

        options["on_update"] = look_and_stop
    start = seen(url)
    before = tracemalloc.get_traced_memory()[0] if memory else 0
    cpu = time.process_time()
    try:
        if kind == "sync":
            with Client("benchmark-token", base_url=base_url) as client:
                for _ in client.wait_for_jobs(ids, **options):
                    pass
        else:
            asyncio.run(asynchronous())
    except (ExceptionGroup, Enough):
        pass
    cpu = time.process_time() - cpu
    end = seen(url)
    polls = end["requests"] - start["requests"] - 1
    return {
        **most,
        "cpu": cpu / polls,
        "connections": end["connections"] - start["connections"] - 1,
    }


def seen(url: str) -> dict[str, int]:
    """Ask the server what it has seen."""
    import httpx

    found: dict[str, int] = httpx.get(f"{url}/seen").json()
    return found


def main() -> None:
    """Run the measurement that the command line names."""
    row, *rest = sys.argv[1:]
    if row == "server":
        serve()
        return
    if row != "cold":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    result: Any
    if row in {"decode", "large"}:
        result = globals()[row]()
    elif row == "watch":
        url, kind, count, memory = rest
        result = watch(url, kind, int(count), memory=memory == "memory")
    else:
        subject, url = rest
        if row in {"cold", "sync"}:
            get = globals()[f"{subject}_sync"](url)
            result = get() and None if row == "cold" else in_turn(get)
        else:
            make = globals()[f"{subject}_async"]
            measure: Any = in_turn_async if row == "async" else in_flight
            result = measure(lambda: make(url))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
