"""Wait for a job in Prefect: a block with the key, and one task."""

from __future__ import annotations

from typing import Any

from narrative_jobs import APIError, AsyncClient
from prefect import Task, flow, task
from prefect.blocks.abstract import CredentialsBlock
from prefect.client.schemas.objects import State, TaskRun
from pydantic import SecretStr


class NarrativeCredentials(CredentialsBlock):
    """The API, as a block; Prefect stores the key encrypted."""

    api_key: SecretStr
    server: str = "prod"

    def get_client(self) -> AsyncClient:
        """Return a client, to be used in an `async with` statement."""
        return AsyncClient(self.api_key.get_secret_value(), environment=self.server)


async def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether another try may help: not where the job itself has a bad end."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, APIError) and error.is_transient


@task(retries=3, retry_delay_seconds=60, retry_condition_fn=may_pass)
async def wait_for_job(job_id: str, credentials: NarrativeCredentials) -> dict[str, Any]:
    """Return the completed job as a dict."""
    async with credentials.get_client() as client:
        job = await client.wait_for_job(job_id, max_wait=12 * 3600)
        return job.to_dict()


@flow
async def publish(job_id: str, block: str = "narrative") -> dict[str, Any]:
    """Wait for a job that another task has started: a retry of that one would start it again."""
    credentials = await NarrativeCredentials.aload(block)
    return await wait_for_job(job_id, credentials)
