"""The sensor on a real Airflow: its endings, its trigger, and what Airflow learns of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
from airflow_recipe import publish
from api import API, KEY, ended
from endings import COMPLETED, IS_SLOW, TASKS, endings, one
from narrative_jobs import AsyncClient
from narrative_jobs.airflow import NarrativeHook, NarrativeJobSensor, NarrativeJobTrigger

try:
    from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout, TaskDeferred
except ImportError:  # Airflow 3.1
    from airflow.exceptions import AirflowException, AirflowSensorTimeout, TaskDeferred


def connection(api: API, key: str | None = KEY) -> str:
    """Return an Airflow connection, as an environment variable has it."""
    return json.dumps({"conn_type": "narrative", "password": key, "host": api.url})


@pytest.fixture(scope="module", autouse=True)
def airflow(api: API) -> Iterator[None]:
    """Make the database, and the connections."""
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_NARRATIVE_DEFAULT", connection(api))
        patch.setenv("AIRFLOW_CONN_BAD_KEY", connection(api, "no-such-key"))
        patch.setenv("AIRFLOW_CONN_NO_KEY", connection(api, None))
        yield


@pytest.fixture(scope="module")
def tasks(api: API) -> dict[str, Any]:
    """Run a task for each ending, and return them by name."""
    for ending in TASKS.values():
        api.job(*ending.life)
    return {task.task_id: task for task in endings.test().get_task_instances()}


def run(*life: Any, api: API) -> Any:
    """Run a task for a job that lives like this, and return it."""
    (task,) = one.test(run_conf={"job_id": api.job(*life)}).get_task_instances()
    return task


@pytest.mark.parametrize("name", TASKS)
def test_a_task_ends_as_its_job_says(tasks: dict[str, Any], name: str) -> None:
    assert (tasks[name].state, tasks[name].try_number) == TASKS[name][:2]


def test_the_job_is_the_xcom_with_all_its_digits(tasks: dict[str, Any]) -> None:
    for name in ("completed", "not_deferrable"):
        job = tasks[name].xcom_pull(task_ids=name)
        assert job["result"] == {"dataset_id": 1, "snapshot_id": str(2**70)}


@pytest.mark.skipif(IS_SLOW, reason="another Airflow tells")
def test_what_airflow_cannot_carry_is_a_text_or_a_mark(tasks: dict[str, Any]) -> None:
    job = tasks["odd_result"].xcom_pull(task_ids="odd_result")
    assert job["result"] == {"1e400": "-inf", "half \ufffd": "NUL \ufffd and 😀"}


@pytest.mark.skipif(IS_SLOW, reason="another Airflow tells")
def test_the_recipe_gives_the_job_to_the_next_task(api: API) -> None:
    run = publish.test(run_conf={"job_id": api.job(COMPLETED)})
    tasks = {task.task_id: task for task in run.get_task_instances()}
    assert {task.state for task in tasks.values()} == {"success"}
    assert tasks["use"].xcom_pull(task_ids="use") == f"snapshot {2**70} of dataset 1"


@pytest.mark.skipif(IS_SLOW, reason="another Airflow tells")
def test_a_plain_exception_would_be_tried_again(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrative_jobs._runtime.airflow.AirflowFailException", AirflowException)
    task = run("running", ended("failed"), api=api)
    assert (task.state, task.try_number) != TASKS["failed"][:2]


@pytest.mark.skipif(IS_SLOW, reason="another Airflow tells")
def test_a_new_key_in_the_connection_heals_a_retry(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate() -> None:
        api.keys = {f"{KEY}-2"}

    def tell() -> None:
        monkeypatch.setenv("AIRFLOW_CONN_NARRATIVE_DEFAULT", connection(api, f"{KEY}-2"))

    life = ["running", "running", rotate, tell, *["running"] * 3, ended("completed")]
    task = run(*life, api=api)
    assert (task.state, task.try_number) == ("success", 2)
    api.keys = {KEY}


def test_the_timeout_is_airflows_and_goes_on_through_a_second_look(api: API) -> None:
    sensor = NarrativeJobSensor(task_id="t", job_id=api.job(503), deferrable=True, timeout=60)
    with pytest.raises(TaskDeferred) as first:
        sensor.poke({})
    assert 50 < first.value.timeout.total_seconds() <= 60
    with pytest.raises(TaskDeferred) as second:
        sensor.resume_execution(
            first.value.method_name,
            {**first.value.kwargs, "ends": time.time() + 9, "event": {"refusal": None}},
            {},
        )
    assert second.value.timeout.total_seconds() < 9
    with pytest.raises(AirflowSensorTimeout):
        sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, {})


def test_what_is_stored_of_a_trigger_makes_it_anew_and_holds_no_key(api: API) -> None:
    trigger = NarrativeJobTrigger(api.job(ended("completed")), poll_interval=3)
    path, arguments = trigger.serialize()
    assert path == "narrative_jobs.airflow.NarrativeJobTrigger"
    assert NarrativeJobTrigger(**json.loads(json.dumps(arguments))).serialize() == (path, arguments)
    assert arguments.keys() == {"job_id", "narrative_conn_id", "poll_interval"}


def test_triggers_share_a_client_which_the_last_closes(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[str] = []

    class Counted(AsyncClient):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            clients.append("made")

        async def aclose(self) -> None:
            await super().aclose()
            clients.append("closed")

    async def wait(*, too_long: bool) -> None:
        life = ["running"] if too_long else ["running"] * 5 + [ended("completed")]
        trigger = NarrativeJobTrigger(api.job(*life), poll_interval=0.02)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(anext(trigger.run()), 2.0 if too_long else None)

    async def main() -> None:
        await asyncio.gather(*(wait(too_long=number < 20) for number in range(60)))

    monkeypatch.setattr("narrative_jobs.airflow.AsyncClient", Counted)
    before = api.connections
    asyncio.run(main())
    assert clients == ["made", "closed"]
    assert api.connections - before <= 16


def test_a_connection_can_be_tried(api: API) -> None:
    assert NarrativeHook().test_connection() == (True, "The API takes the key.")
    worked, said = NarrativeHook("bad_key").test_connection()
    assert not worked
    assert "401" in said
    assert NarrativeHook("no_key").test_connection() == (
        False, "The connection 'no_key' has no API key as its password.",
    )  # fmt: skip


def test_airflow_lists_the_provider_and_the_form_of_its_connections() -> None:
    command = [sys.executable, "-m", "airflow", "providers", "list", "--output", "json"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert '"narrative-jobs"' in said
    types = HookMetaService.hook_meta_data()  # what the page with the form asks for
    (form,) = (one for one in types if one.connection_type == "narrative")
    fields = form.standard_fields
    assert [fields.password.title, fields.host.title] == ["API key", "Server"]
    assert fields.host.placeholder == "prod, dev or a URL"
    assert all(one.hidden for one in (fields.login, fields.port, fields.url_schema))
    assert not fields.password.hidden
    assert not fields.host.hidden


def test_the_key_is_not_in_the_database(tasks: dict[str, Any], home: Path) -> None:
    assert {task.state for task in tasks.values()} == {"success", "failed", "skipped"}
    for path in home.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
