"""The contract: the generated models against the payloads, which are right."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import attrs
import pytest
from narrative_jobs import (
    ExecutionCluster,
    Failure,
    Forecast,
    Job,
    JobState,
    MaterializeViewInput,
    MaterializeViewJob,
    MaterializeViewResult,
    NqlForecastInput,
    NqlForecastJob,
    NqlForecastOutcome,
    NqlForecastResult,
    NqlForecastSuccess,
    OtherJob,
    RequestSource,
    job_from_dict,
)
from support import PAYLOADS, payload, validator

VIEW = UUID("2a5b9ad7-dc8f-47bb-8e62-843a38f8054c")
FORECAST = UUID("7c1d4f7e-0b51-4b8e-9d5c-6a54f8e3c0aa")
EXPORT = UUID("9e2b7c11-6a53-4f10-8d0e-3c2f1a5b7d99")
USER = RequestSource(type="api_user", company_id=1, user_id=407)
CREATED = datetime(2025, 4, 11, 23, 37, 33, 102938, UTC)
UPDATED = datetime(2025, 4, 11, 23, 37, 40, 796820, UTC)
FAILURES = [
    Failure(
        message="Table not found",
        timestamp=datetime(2025, 4, 11, 23, 37, 39, 500000, UTC),
        value={"exception": "AnalysisException", "stack": ["a", "b"]},
    ),
    Failure(message="Gave up"),
]
VIEW_RESULT = MaterializeViewResult(
    dataset_id=10736,
    snapshot_id=1724919539450264600,
    recalculation_id="abf9a2ec-426b-4751-bd16-fcb435061925",
)
FORECAST_RESULT = NqlForecastResult(
    success=NqlForecastSuccess(result=NqlForecastOutcome(forecast=Forecast(cost=1250, rows=98304)))
)
EXPORT_RESULT = {"files": 3, "uri": "s3://bucket/key"}

# What each payload says, written out by hand: the class, and every field that is not None.
COMMON: dict[str, dict[str, Any]] = {
    "materialize-view": {
        "job_id": VIEW,
        "type": "materialize-view",
        "input": MaterializeViewInput(nql="SELECT 1", dataset_id=10736, stats_enabled=False),
    },
    "nql-forecast": {
        "job_id": FORECAST,
        "type": "nql-forecast",
        "input": NqlForecastInput(nql="SELECT 1", compiled_sql="SELECT 1 AS `x`"),
    },
    "other": {
        "job_id": EXPORT,
        "type": "not-a-type",
        "input": {"format": "parquet", "columns": ["a", "b"], "options": {"header": None}},
    },
}
LIFE: dict[str, dict[str, Any]] = {
    "pending": {"state": JobState.PENDING, "updated_at": CREATED},
    "running": {"state": JobState.RUNNING, "executor": "job-executor-7", "failures": []},
    "completed": {
        "state": JobState.COMPLETED,
        "executor": "job-executor-7",
        "failures": [],
        "idempotency_key": "k:1",
        "ended_at": UPDATED,
    },
    "failed": {
        "state": JobState.FAILED,
        "executor": "job-executor-7",
        "failures": FAILURES,
        "ended_at": UPDATED,
    },
    "cancelled": {"state": JobState.CANCELLED, "ended_at": UPDATED},
}
CLASSES = {
    "materialize-view": (MaterializeViewJob, VIEW_RESULT),
    "nql-forecast": (NqlForecastJob, FORECAST_RESULT),
    "other": (OtherJob, EXPORT_RESULT),
}
EXPECTED: dict[str, tuple[type[Any], dict[str, Any]]] = {
    f"{kind}-{state}": (
        CLASSES[kind][0],
        {
            "request_source": USER,
            "created_at": CREATED,
            "updated_at": UPDATED,
            **COMMON[kind],
            **said,
            **({"result": CLASSES[kind][1]} if state == "completed" else {}),
        },
    )
    for kind in CLASSES
    for state, said in LIFE.items()
}
EXPECTED["page-sample"] = (
    MaterializeViewJob,
    {
        "job_id": VIEW,
        "request_source": USER,
        "state": JobState.COMPLETED,
        "type": "materialize-view",
        "input": MaterializeViewInput(
            nql=(
                'CREATE MATERIALIZED VIEW "test_stats" AS '
                'SELECT "value" FROM "company_data"."10674"'
            ),
            dataset_id=10736,
            stats_enabled=True,
            compiled_select=(
                "SELECT\n  `ds_10674`.`value`\nFROM\n  narrative.datasets.ds_10674 `ds_10674`"
            ),
        ),
        "executor": "job-executor-98e1f48e-bf54-4f11-bbd1-73c445120266",
        "idempotency_key": (
            "10736:29329c64e7b8a4eda86aaabe04872b832ab456b5543d0c259c812525391f158c:"
            "669a5f8e4f373c2f907700decde47511aac6470f5698e2b856fb07f09160e5f2"
        ),
        "result": VIEW_RESULT,
        "created_at": datetime(2023, 10, 31, 11, 19, 13, 400498, UTC),
        "updated_at": datetime(2023, 10, 31, 11, 25, 8, 327209, UTC),
        "ended_at": datetime(2023, 10, 31, 11, 25, 8, 327194, UTC),
    },
)
EXPECTED["schema-example"] = (
    MaterializeViewJob,
    {
        **EXPECTED["page-sample"][1],
        "job_id": UUID("5b8a1c52-8f0e-4a55-9f5a-0f7d3e1b2c4d"),
        "request_source": RequestSource(type="api_user", company_id=1, user_id=1248),
        "input": MaterializeViewInput(
            nql=PAYLOADS["schema-example"]["input"]["nql"],
            dataset_id=6404,
            stats_enabled=True,
            compiled_sql=PAYLOADS["schema-example"]["input"]["compiled_sql"],
        ),
        "executor": "job-executor-1",
        "idempotency_key": "6404:1",
        "failures": [],
        "result": MaterializeViewResult(
            dataset_id=6404,
            snapshot_id=739881302291276700,
            recalculation_id="abf9a2ec-426b-4751-bd16-fcb435061925",
        ),
        "compute_pool_id": UUID("0c7f3f0e-4d53-4c57-8a39-1d1a5f2f6f10"),
        "execution_cluster": ExecutionCluster.DEDICATED,
    },
)
EXPECTED["unheard-of"] = (
    OtherJob,
    {
        "job_id": VIEW,
        "type": "not-a-type",
        "state": "not-a-state",
        "execution_cluster": "not-a-cluster",
        "request_source": RequestSource(
            type="robot",
            company_id=9223372036854775808,
            additional_properties={"not-a-field": {"id": 7}},
        ),
        "input": {"anything": [1, {"deep": None}]},
        "result": {"partial": 0.5},
        "failures": [
            Failure(
                message="slow",
                value={"retry": True},
                additional_properties={"not-a-field": "warning"},
            )
        ],
        "created_at": datetime(2023, 10, 31, 11, 19, 13, 400498, UTC),
        "updated_at": datetime(2023, 11, 1, tzinfo=timezone(timedelta(hours=2))),
        "additional_properties": {"not-a-field": 9, "nor-this": {"team": "data"}},
    },
)
EXPECTED["nulls"] = (
    MaterializeViewJob,
    {
        "job_id": VIEW,
        "type": "materialize-view",
        "state": JobState.PENDING,
        "created_at": datetime(2023, 10, 31, 11, 19, 13, tzinfo=UTC),
        "updated_at": datetime(2023, 10, 31, 11, 19, 13, tzinfo=UTC),
    },
)
EXPECTED["nulls"][1]["input"] = MaterializeViewInput()
EXPECTED["bare"] = (
    NqlForecastJob,
    {
        "job_id": VIEW,
        "type": "nql-forecast",
        "state": JobState.PENDING,
        "created_at": datetime(
            2023, 10, 31, 11, 19, 13, tzinfo=timezone(timedelta(hours=5, minutes=30))
        ),
        "updated_at": datetime(2023, 10, 31, 11, 19, 13, 1, timezone(timedelta(hours=-8))),
    },
)
EXPECTED["extra-fields"] = (
    MaterializeViewJob,
    {
        **EXPECTED["materialize-view-completed"][1],
        "input": MaterializeViewInput(
            nql="SELECT 1",
            dataset_id=10736,
            stats_enabled=False,
            additional_properties={"engine": {"name": "spark"}},
        ),
        "result": attrs.evolve(VIEW_RESULT, additional_properties={"row_count": 12}),
        "failures": [Failure(message="m", additional_properties={"code": 7})],
        "additional_properties": {"cost": {"amount": 1}},
        "executor": None,
        "idempotency_key": None,
    },
)

each_payload = pytest.mark.parametrize("name", PAYLOADS)


def instants(value: Any, key: str = "") -> Any:
    """Put timestamps, which may gain an offset, in place of their spelling."""
    if isinstance(value, dict):
        return {k: instants(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [instants(item) for item in value]
    if isinstance(value, str) and (key.endswith("_at") or key == "timestamp"):
        midnight = value.replace("T24:", "T00:")
        moment = datetime.fromisoformat(midnight.upper())
        days = timedelta(days=int("T24:" in value))
        return moment.replace(tzinfo=moment.tzinfo or UTC) + days
    return value


def test_every_payload_is_expected_to_say_something() -> None:
    assert PAYLOADS.keys() == EXPECTED.keys()


@each_payload
def test_every_field_reads_as_it_is_meant(name: str) -> None:
    job = job_from_dict(payload(name), strict=True)
    cls, fields = EXPECTED[name]
    assert type(job) is cls
    assert isinstance(job, Job)
    said = {"additional_properties": {}, **fields}
    for field in attrs.fields(cls):
        if field.name != "_nulls":
            value = getattr(job, field.name)
            assert value == said.get(field.name), field.name
            assert type(value) is type(said.get(field.name)) or isinstance(value, UUID), field.name
    for moment in (job.created_at, job.updated_at, job.ended_at):
        assert moment is None or moment.utcoffset() is not None


@each_payload
def test_nothing_is_lost_on_the_way_back(name: str) -> None:
    sent = payload(name)
    encoded = job_from_dict(sent).to_dict()
    assert sent == payload(name), "decoding changed the payload"
    assert instants(encoded) == instants(sent)
    assert job_from_dict(encoded) == job_from_dict(sent)
    assert job_from_dict(encoded).to_dict() == encoded


@each_payload
def test_the_payload_is_what_the_spec_says(name: str) -> None:
    validator("Job").validate(payload(name))


@each_payload
def test_what_is_encoded_is_what_the_spec_says(name: str) -> None:
    validator("Job").validate(job_from_dict(payload(name)).to_dict())


@each_payload
def test_a_job_survives_copying_and_pickling(name: str) -> None:
    job = job_from_dict(payload(name))
    for twin in (pickle.loads(pickle.dumps(job)), copy.deepcopy(job), copy.copy(job)):
        assert twin == job
        assert twin.to_dict() == job.to_dict()
        assert str(twin) == str(job)


def test_integers_keep_every_digit() -> None:
    job = job_from_dict(payload("page-sample"))
    assert isinstance(job, MaterializeViewJob)
    assert job.result is not None
    assert job.result.snapshot_id == 1724919539450264600
