"""Wait for a job in Airflow: the triggerer waits, and takes no worker meanwhile."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task
from narrative_jobs.airflow import NarrativeJobSensor

with DAG("publish", schedule=None, params={"job_id": ""}) as publish:

    @task
    def start(params: dict[str, Any]) -> str:
        """Start the job, in a task of its own: a retry of the wait must not start another."""
        return str(params["job_id"])

    ended = NarrativeJobSensor(
        task_id="ended",
        job_id=start(),
        deferrable=True,
        timeout=12 * 3600,
        retries=3,
    )

    @task
    def use(job: dict[str, Any]) -> str:
        """Do what the finished job was for."""
        return f"snapshot {job['result']['snapshot_id']} of dataset {job['result']['dataset_id']}"

    use(ended.output)
