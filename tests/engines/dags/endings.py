"""What becomes of a task, by how its job lives, as a DAG; and a DAG with one task for any job."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from airflow import __version__
from airflow.sdk import DAG
from api import ended
from narrative_jobs.airflow import NarrativeJobSensor

FAILED = ended("failed", "Table not found")
COMPLETED = ended("completed", result={"dataset_id": 1, "snapshot_id": 2**70})
ODD = ended("completed", result={"1e400": -math.inf, "half \ud800": "NUL \0 and 😀"})


class Ending(NamedTuple):
    """What is to come of a task, given how its job lives."""

    state: str
    tries: int
    life: tuple[Any, ...]
    arguments: Mapping[str, Any] = {}


ENDINGS = {
    # These are tried on Airflow 3.1, too, where a step takes the processor for three seconds.
    "completed": Ending("success", 1, ("pending", "running", "running", COMPLETED)),
    "not deferrable": Ending("success", 1, ("running", COMPLETED), {"deferrable": False}),
    "failed": Ending("failed", 1, ("running", "running", FAILED)),
    "cancelled, soft_fail": Ending(
        "skipped", 1, ("running", "running", ended("cancelled")), {"soft_fail": True}
    ),
    "unknown id": Ending("failed", 2, (404,)),
    "bad key": Ending("failed", 2, (COMPLETED,), {"narrative_conn_id": "bad_key"}),
    "key withdrawn while deferred": Ending("failed", 2, ("running", "running", 401)),
    "timeout, not deferrable": Ending(
        "failed", 1, ("running",), {"deferrable": False, "timeout": 0.2}
    ),
    # And these on newer ones.
    "completed before": Ending("success", 1, (COMPLETED,)),
    "failed before": Ending("failed", 1, (FAILED,)),
    "unknown end": Ending("failed", 1, ("running", ended("lost"))),
    "cancelled before, soft_fail": Ending("skipped", 1, (ended("cancelled"),), {"soft_fail": True}),
    "failed, never_fail": Ending("skipped", 1, ("running", FAILED), {"never_fail": True}),
    "unknown id, soft_fail": Ending("failed", 2, (404,), {"soft_fail": True}),
    "gone while deferred": Ending("failed", 2, ("running", "running", 404)),
    "gone while deferred, never_fail": Ending("skipped", 1, ("running", 404), {"never_fail": True}),
    "no key": Ending("failed", 2, (COMPLETED,), {"narrative_conn_id": "no_key"}),
    "key back at the retry": Ending("success", 2, ("running", 403, 403, "running", COMPLETED)),
    "refused to the triggerer alone": Ending(
        "success", 2, ("running", 401, "running", "running", COMPLETED)
    ),
    "outage while deferred": Ending("success", 1, ("running", 429, *[502, 503] * 9, COMPLETED)),
    "another answers while deferred": Ending("success", 1, ("running", 302, 302, 302, COMPLETED)),
    "another answers as the trigger has fired": Ending(
        "success", 1, ("running", "running", COMPLETED, 302, 302, COMPLETED)
    ),
    "odd result": Ending("success", 1, ("running", ODD)),
    "outage before": Ending("success", 1, (*[502] * 9, "running", COMPLETED)),
    "outage before, not deferrable": Ending(
        "success", 2, (*[502] * 3, COMPLETED), {"deferrable": False}
    ),
}


QUICK = {
    "deferrable": True,
    "poke_interval": 0.05,
    "retries": 1,
    "retry_delay": datetime.timedelta(0),
}
IS_SLOW = __version__.startswith("3.1.")
TASKS = {
    name.replace(", ", ".").replace(" ", "_"): ending
    for name, ending in itertools.islice(ENDINGS.items(), 8 if IS_SLOW else None)
}

with DAG("endings", schedule=None, default_args=QUICK) as endings:
    for number, (task_id, ending) in enumerate(TASKS.items(), 1):
        NarrativeJobSensor(task_id=task_id, job_id=str(UUID(int=number)), **ending.arguments)

with DAG("one", schedule=None, default_args=QUICK) as one:
    NarrativeJobSensor(task_id="one", job_id="{{ dag_run.conf['job_id'] }}")
