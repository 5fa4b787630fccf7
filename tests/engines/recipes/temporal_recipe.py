"""Wait for a job in Temporal: an activity that says at each look that it is alive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from narrative_jobs import AsyncClient, JobEndedError


class NarrativeActivities:
    """The activities of one worker, over one client; the key is in the worker and nowhere else."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @activity.defn
    async def wait_for_job(self, job_id: str) -> dict[str, Any]:
        """Return the completed job as a dict. A bad end is an error that is not retried."""

        def beat(waited: float) -> float:
            activity.heartbeat(waited)
            return min(1.0 + waited / 10, 30.0)

        try:
            job = await self._client.wait_for_job(job_id, max_wait=None, poll_interval=beat)
        except JobEndedError as error:
            raise ApplicationError(
                str(error), error.job.to_dict(), type=type(error).__name__, non_retryable=True
            ) from None
        return job.to_dict()


@workflow.defn
class WaitForJob:
    """Outlives each of its workers."""

    @workflow.run
    async def run(self, job_id: str) -> dict[str, Any]:
        """Return the completed job as a dict."""
        return await workflow.execute_activity_method(
            NarrativeActivities.wait_for_job,
            job_id,
            start_to_close_timeout=timedelta(days=1),
            heartbeat_timeout=timedelta(minutes=2),  # longer than a look with its `timeout`
            retry_policy=RetryPolicy(non_retryable_error_types=["NotFoundError"]),
        )
