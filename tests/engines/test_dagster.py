"""The recipe for Dagster, on an instance of it."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import pytest
from api import API, KEY, ended
from dagster_recipe import LARGE_VIEW, STARTED, JobConfig, Narrative, ended_jobs, view

SNAPSHOT = 1724919539450264600
COMPLETED = ended("completed", result={"dataset_id": 1, "snapshot_id": SNAPSHOT})


@pytest.fixture
def narrative(api: API) -> Narrative:
    return Narrative(api_key=KEY, server=api.url)


def run(narrative: Narrative, job_id: str) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [view],
        resources={"narrative": narrative},
        run_config=dg.RunConfig({"view": JobConfig(job_id=job_id)}),
        raise_on_error=False,
    )


def test_an_asset_has_the_snapshot_as_its_version(api: API, narrative: Narrative) -> None:
    result = run(narrative, api.job("running", COMPLETED))
    assert result.success
    (event,) = result.asset_materializations_for_node("view")
    assert event.metadata["snapshot_id"].value == str(SNAPSHOT)
    assert event.tags is not None
    assert event.tags["dagster/data_version"] == str(SNAPSHOT)


def test_a_bad_end_fails_the_run_for_good_and_shows_the_job(api: API, narrative: Narrative) -> None:
    job_id = api.job("running", ended("failed", "Table not found"))
    result = run(narrative, job_id)
    failure = result.failure_data_for_node("view")
    assert failure is not None
    assert failure.user_failure_data is not None
    assert "Table not found" in (failure.user_failure_data.description or "")
    assert "Table not found" in str(failure.user_failure_data.metadata["job"].value)
    assert api.looks(job_id) == 2


def test_a_sensor_waits_for_hours_and_holds_no_run(api: API, narrative: Narrative) -> None:
    with dg.DagsterInstance.ephemeral() as instance:

        def start(job_id: str) -> None:
            event = dg.AssetMaterialization(STARTED, metadata={"job_id": job_id})
            instance.report_runless_asset_event(event)

        def tick(cursor: str | None) -> Any:
            context = dg.build_sensor_context(instance, cursor=cursor)
            return ended_jobs(context, narrative=narrative)

        jobs = [
            api.job("running", "running", "running", COMPLETED),
            api.job("running", 502, 502, 502, ended("cancelled")),
            api.job("running", 404),
        ]
        for job_id in jobs:
            start(job_id)
        first = tick(None)
        assert json.loads(first.cursor)[1] == jobs
        late = api.job(COMPLETED)
        start(late)
        second = tick(first.cursor)
        assert json.loads(second.cursor)[1] == jobs[:2]
        third = tick(second.cursor)
        fourth = tick(third.cursor)
        events = [event for one in (first, second, third, fourth) for event in one.asset_events]
        assert json.loads(fourth.cursor)[1] == []
        good = [isinstance(event, dg.AssetMaterialization) for event in events]
        assert good == [False, True, False, True]
        assert {event.asset_key for event in events} == {LARGE_VIEW.key}
        assert instance.get_runs_count() == 0
