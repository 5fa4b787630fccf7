"""The recipe for Temporal, on Temporal's own server for development."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from api import API, KEY, ended
from narrative_jobs import AsyncClient
from temporal_recipe import NarrativeActivities, WaitForJob
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker


@asynccontextmanager
async def engine() -> AsyncIterator[Client]:
    server = shutil.which("temporal", path=str(Path(sys.executable).parent))
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=server, dev_server_startup_timeout=timedelta(minutes=1)
    ) as place:
        yield place.client


@asynccontextmanager
async def worker(temporal: Client, api: API) -> AsyncIterator[Worker]:
    async with AsyncClient(KEY, base_url=api.url) as client:
        activities = [NarrativeActivities(client).wait_for_job]
        async with Worker(
            temporal, task_queue="jobs", workflows=[WaitForJob], activities=activities
        ) as running:
            yield running


def test_a_workflow_ends_as_its_job_does(api: API) -> None:
    job_ids = [
        api.job("running", ended("completed", result={"snapshot_id": 2**70})),
        api.job("running", ended("failed", "Table not found")),
        api.job(404),
    ]

    async def main() -> list[Any]:
        async with engine() as temporal, worker(temporal, api):
            runs = [
                temporal.execute_workflow(WaitForJob.run, job_id, id=job_id, task_queue="jobs")
                for job_id in job_ids
            ]
            found = await asyncio.gather(*runs, return_exceptions=True)
            history = await temporal.get_workflow_handle(job_ids[1]).fetch_history()
            assert KEY not in history.to_json()
            return found

    completed, *bad = asyncio.run(main())
    assert completed["result"]["snapshot_id"] == 2**70
    causes = []
    for error in bad:
        assert isinstance(error, WorkflowFailureError)
        assert isinstance(error.cause, ActivityError)
        assert isinstance(error.cause.cause, ApplicationError)
        causes.append(error.cause.cause)
    assert [cause.type for cause in causes] == ["JobFailedError", "NotFoundError"]
    assert causes[0].details[0]["failures"] == [{"message": "Table not found"}]
    assert [api.looks(job_id) for job_id in job_ids] == [2, 2, 1]


def test_each_look_is_a_heartbeat(api: API) -> None:
    beats: list[Any] = []
    place = ActivityEnvironment()
    place.on_heartbeat = lambda *details: beats.append(details)

    async def main() -> dict[str, Any]:
        async with AsyncClient(KEY, base_url=api.url) as client:
            job_id = api.job("running", 503, ended("completed"))
            found: dict[str, Any] = await place.run(
                NarrativeActivities(client).wait_for_job, job_id
            )
            return found

    assert asyncio.run(main())["state"] == "completed"
    assert len(beats) == 2
