"""The package as people use it, for the type checkers: nobody runs this file.

Each line marked `expected error` must be one. mypy and pyright report where it is not, as an
ignore that nothing needs.
"""

from __future__ import annotations

import contextlib
import datetime
from typing import Any, assert_type
from uuid import UUID

import httpx
from narrative_jobs import (
    APIStatusError,
    AsyncClient,
    CallOptions,
    Client,
    ExecutionCluster,
    Job,
    JobEndedError,
    JobFailedError,
    JobState,
    JobWaitTimeoutError,
    MaterializeViewInput,
    MaterializeViewJob,
    MaterializeViewResult,
    NotFoundError,
    NqlForecastInput,
    NqlForecastJob,
    OtherJob,
    Response,
    ResponseDecodeError,
    job_from_dict,
)

Some = MaterializeViewJob | NqlForecastJob | OtherJob
"""Types of job, named so that what is ruled out can be shown; there may come to be more."""


def each_is_a_job(job: Some) -> Job:
    return job


def by_comparing_the_type(job: Some) -> int | None:
    if job.type == "materialize-view":
        assert_type(job, MaterializeViewJob)
        assert_type(job.input, MaterializeViewInput | None)
        return job.result.snapshot_id if job.result else None
    if job.type == "nql-forecast":
        assert_type(job, NqlForecastJob)
        assert_type(job.input, NqlForecastInput | None)
        return None
    assert_type(job, OtherJob)
    assert_type(job.result, dict[str, Any] | None)
    return 1 if str(job.type) == "not-a-type" else None


def by_matching_the_type(job: Some) -> None:
    match job.type:
        case "materialize-view":
            assert_type(job, MaterializeViewJob)
        case "nql-forecast":
            assert_type(job, NqlForecastJob)
        case _:
            assert_type(job, OtherJob)


def by_matching_the_class(job: Some) -> str:
    match job:
        case MaterializeViewJob(result=result) if result:
            assert_type(result, MaterializeViewResult)
            return f"{result.dataset_id} {result.snapshot_id}"
        case MaterializeViewJob() | NqlForecastJob():
            return job.type
        case OtherJob(type=name):
            return name


def by_isinstance(value: object) -> None:
    if isinstance(value, Job):
        assert_type(value, Job)


def fields(job: Job) -> None:
    assert_type(job.job_id, UUID)
    assert_type(job.is_final, bool)
    assert_type(job.succeeded, bool)
    assert_type(job.duration, datetime.timedelta | None)
    assert_type(job.raise_for_state(), Job)
    assert_type(job.state, JobState | str)
    assert_type(job.created_at, datetime.datetime)
    assert_type(job.ended_at, datetime.datetime | None)
    assert_type(job.execution_cluster, ExecutionCluster | str | None)
    for failure in job.failures or []:
        assert_type(failure.message, str | None)
        assert_type(failure.value, dict[str, Any] | None)
    print(job.failures[0])  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript, reportUnknownArgumentType] # expected error
    print(job.sate)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType] # expected error


def states(job: Job) -> bool:
    match job.state:
        case JobState.COMPLETED:
            return True
        case JobState.FAILED | JobState.CANCELLED:
            return False
        case state:
            return state == "not-a-state" or state in {"nor-this", "nor-that"}


def sync() -> None:
    with Client() as client:
        job = client.get_job("2a5b9ad7-dc8f-47bb-8e62-843a38f8054c")
        assert_type(job, Job)
        client.get_job(UUID(int=1))
        client.get_job(job_id="x")
        client.get_job(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] # expected error
        response = client.with_raw_response.get_job(job.job_id)
        assert_type(response, Response[Job])
        assert_type(response.status_code, int)
        assert_type(response.headers["x-request-id"], str)
        assert_type(client.with_options(timeout=None, max_retries=0), Client)
    Client("token", environment="dev", timeout=httpx.Timeout(3), headers={"X-Team": "data"})
    Client("token", "dev")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] # expected error
    Client(http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] # expected error


async def asynchronous() -> None:
    async with AsyncClient(token="…", base_url="https://…") as client:
        job = await client.get_job("2a5b9ad7-dc8f-47bb-8e62-843a38f8054c")
        assert_type(job, Job)
        response = await client.with_raw_response.get_job(job.job_id)
        assert_type(response.parsed, Job)
        assert_type(client.with_options(timeout=5), AsyncClient)


def waiting(client: Client, job: Job) -> None:
    try:
        done = client.wait_for_job(
            job.job_id,
            max_wait=datetime.timedelta(hours=1),
            poll_interval=lambda elapsed: 1 + elapsed / 10,
            on_update=print,
        )
        assert_type(done, Job)
    except JobFailedError as error:
        assert_type(error.job, Job)
        assert_type(error.job_id, str | UUID)
    except JobWaitTimeoutError as error:
        assert_type(error.job, Job | None)
    try:
        for each in client.wait_for_jobs(["x", UUID(int=1), job], max_wait=None, check=True):
            assert_type(each, Job)
    except* JobEndedError:
        pass
    except* NotFoundError as group:
        for lost in group.exceptions:
            if isinstance(lost, NotFoundError):
                assert_type(lost.job_id, str | UUID | None)
    client.wait_for_job("x", max_wiat=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] # expected error
    client.wait_for_job("x", on_update=lambda job: job.sate)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownLambdaType] # expected error
    options: CallOptions = {"timeout": 5, "headers": {"X-Team": "data"}}
    assert_type(client.get_job("x", **options), Job)
    assert_type(client.wait_for_job("x", timeout=None, headers={}, max_retries=5), Job)
    client.get_job("x", retries=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] # expected error
    client.request("GET", "/jobs", params={"state": ["failed"]}, timeout=1)
    response = client.with_raw_response.wait_for_job(job, check=False)
    assert_type(response, Response[Job])
    with contextlib.closing(client.wait_for_jobs([job], max_outage=60)) as jobs:
        assert_type(next(jobs), Job)
    for raw in client.with_raw_response.wait_for_jobs([job]):
        assert_type(raw, Response[Job])


async def waiting_with_await(client: AsyncClient) -> None:
    async def tell(job: Job) -> None:
        print(job.state)

    job = await client.wait_for_job("x", on_update=tell)
    assert_type(job, Job)
    async with contextlib.aclosing(client.wait_for_jobs([job], max_outage=None)) as jobs:
        assert_type(await anext(jobs), Job)
    async for each in client.wait_for_jobs(["x"], max_concurrency=50, on_update=print):
        assert_type(each, Job)


def errors(client: Client) -> None:
    try:
        client.get_job("x")
    except NotFoundError as error:
        assert_type(error.error_description, str | None)
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.request_id, str | None)
    except ResponseDecodeError as error:
        assert_type(error.path, str)


def by_hand() -> None:
    job = MaterializeViewJob(
        job_id=UUID(int=1),
        type="materialize-view",
        state="not-a-state",
        created_at=datetime.datetime.now(datetime.UTC),
        updated_at=datetime.datetime.now(datetime.UTC),
    )
    assert_type(job.to_dict(), dict[str, Any])
    assert_type(MaterializeViewJob.from_dict({}), MaterializeViewJob)
    assert_type(job_from_dict(job.to_dict()), Job)
