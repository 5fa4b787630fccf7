"""Many sensors, and one whose job never ends: what tests/engines/live_airflow.py runs."""

from __future__ import annotations

import os
from uuid import UUID

from airflow.sdk import DAG
from narrative_jobs.airflow import NarrativeJobSensor

TASKS = int(os.environ["LIVE_TASKS"])

with DAG("many", schedule=None, max_active_tasks=TASKS):
    NarrativeJobSensor.partial(task_id="many", deferrable=True).expand(
        job_id=[str(UUID(int=number)) for number in range(1, TASKS + 1)]
    )

with DAG("endless", schedule=None):
    NarrativeJobSensor(
        task_id="endless", job_id=str(UUID(int=0)), deferrable=True, timeout=30, retries=3
    )
