"""Hundreds of jobs at once: few connections, few threads, little memory, nothing left behind."""

from __future__ import annotations

import gc
import random
import threading
import time
import tracemalloc
from typing import Any
from uuid import UUID

import pytest
from fault_server import JOB, FaultServer, Wire, message
from narrative_jobs import Client, Job
from support import JOB_ID, Flavour

COUNT = 400


class Lives:
    """Jobs that take from one to two seconds each."""

    def __init__(self) -> None:
        self.births: dict[str, float] = {}

    async def answer(self, wire: Wire, path: str) -> None:
        """Answer with a job in the state that its age gives it."""
        job_id = path.rsplit("/", 1)[-1]
        age = time.monotonic() - self.births.setdefault(job_id, time.monotonic())
        takes = 1 + random.Random(job_id).random()
        state = b"pending" if age < 0.3 else b"running" if age < takes else b"completed"
        job = JOB.replace(JOB_ID.encode(), job_id.encode())
        wire.write(message("200 OK", job.replace(b'"completed"', b'"%s"' % state)))
        await wire.drain()


def test_hundreds_of_jobs_are_watched_over_a_few_connections(flavour: Flavour) -> None:
    ids = [UUID(int=number) for number in range(COUNT)]
    most = {"threads": 0}

    def look(_: Job) -> None:
        most["threads"] = max(most["threads"], threading.active_count() - before)

    def wait(client: Any) -> Any:
        options = {"poll_interval": 0.5, "on_update": look}
        if flavour.name == "sync":
            return {job.job_id for job in client.wait_for_jobs(ids, **options)}

        async def main() -> set[UUID]:
            return {job.job_id async for job in client.wait_for_jobs(ids, **options)}

        return main()

    with FaultServer("live", faults={"live": Lives().answer}) as server:
        before = threading.active_count()
        assert flavour.run(wait, base_url=server.url) == set(ids)
        assert len(server.requests) < 6 * COUNT
        assert server.accepted <= 10
        assert most["threads"] <= (8 if flavour.name == "sync" else 0)
        deadline = time.monotonic() + 2
        while server.open and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.open == 0
        assert threading.active_count() == before


class Enough(BaseException):
    """Every job was seen once."""


def test_a_watched_job_takes_few_kilobytes() -> None:
    ids = [UUID(int=number) for number in range(300)]
    seen: set[UUID] = set()
    held: list[float] = []

    def look(job: Job) -> None:
        seen.add(job.job_id)
        if len(seen) == len(ids):
            gc.collect()
            held.append((tracemalloc.get_traced_memory()[0] - before) / len(ids))
            raise Enough

    running = message("200 OK", JOB.replace(b'"completed"', b'"running"'))

    async def answer(wire: Wire, path: str) -> None:
        wire.write(running.replace(JOB_ID.encode(), path.rsplit("/", 1)[-1].encode()))

    with (
        FaultServer("live", faults={"live": answer}) as server,
        Client("token", base_url=server.url) as client,
    ):
        client.get_job(JOB_ID)  # What is loaded with the first call is nobody's share.
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        try:
            with pytest.raises(Enough):
                list(client.wait_for_jobs(ids, poll_interval=1, on_update=look))
        finally:
            tracemalloc.stop()
    assert held[0] < 5 * 1024, "with what the server notes of each request"
