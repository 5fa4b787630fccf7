"""A field that is not what the spec says hides no job."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import narrative_jobs._runtime.oddities as oddities
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from narrative_jobs import (
    Failure,
    Forecast,
    JobState,
    MaterializeViewJob,
    MaterializeViewResult,
    NqlForecastJob,
    ResponseDecodeError,
    job_from_dict,
)
from support import JSON, SOUND, assert_same, payload

SAMPLE = payload("page-sample")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give what is logged, as if no field had been odd before."""
    monkeypatch.setattr(oddities, "_logged", set())
    with caplog.at_level(logging.WARNING, "narrative_jobs"):
        yield caplog


def placed(job: Any, path: str) -> tuple[Any, str]:
    """Give the model that has a field, and the field."""
    *outer, last = path.split(".")
    for step in outer:
        job = getattr(job, step)
    return job, last


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("executor", 7, "MaterializeViewJob.executor: expected a string, got int"),
        ("executor", {"name": "x"}, "MaterializeViewJob.executor: expected a string, got dict"),
        ("ended_at", "yesterday", "ended_at: expected a timestamp (RFC 3339), got str"),
        ("ended_at", 1698751108, "ended_at: expected a timestamp (RFC 3339), got int"),
        ("compute_pool_id", "", "compute_pool_id: expected a UUID (RFC 9562), got str"),
        ("execution_cluster", ["shared"], "execution_cluster: expected a string, got list"),
        ("request_source", "me", "request_source: expected an object, got str"),
        ("request_source.company_id", "1", "RequestSource.company_id: expected an integer, got s"),
        ("result.snapshot_id", "1724919539450264600", "MaterializeViewResult.snapshot_id: expec"),
        ("result.snapshot_id", 1.5, "snapshot_id: expected an integer, got float"),
        ("result.snapshot_id", 1724919539450264600.0, "snapshot_id: expected an integer, got flo"),
        ("result.snapshot_id", True, "snapshot_id: expected an integer, got bool"),
        ("input.stats_enabled", 1, "stats_enabled: expected true or false, got int"),
        ("failures", {}, "MaterializeViewJob.failures: expected an array, got dict"),
        ("failures", [{}, 7], "MaterializeViewJob.failures.*: expected an object, got int"),
        ("failures", [[{}]], "MaterializeViewJob.failures.*: expected an object, got list"),
    ],
)
def test_an_odd_field_reads_as_none_and_stays_as_it_came(
    path: str, value: object, said: str, log: pytest.LogCaptureFixture
) -> None:
    sent = payload("page-sample")
    *outer, last = path.split(".")
    target = sent
    for step in outer:
        target = target[step]
    target[last] = value
    before = copy.deepcopy(sent)
    job = job_from_dict(sent)
    assert sent == before
    model, field = placed(job, path)
    assert getattr(model, field) is None
    assert model.additional_properties == {field: value}
    assert_same(job.to_dict(), sent)
    twin = pickle.loads(pickle.dumps(job))
    assert (twin, twin.to_dict()) == (job, job.to_dict())
    assert job == job_from_dict(sent) != job_from_dict(SAMPLE)
    (record,) = log.records
    assert (record.name, record.levelname) == ("narrative_jobs", "WARNING")
    assert said in record.getMessage()
    with pytest.raises(ResponseDecodeError) as caught:
        job_from_dict(sent, strict=True)
    assert caught.value.path.startswith(path)
    assert caught.value.payload is sent


def test_every_other_field_reads_as_it_did() -> None:
    sent = {**SAMPLE, "executor": 7, "failures": 1, "ended_at": [], "request_source": {"type": 0}}
    job, sound = job_from_dict(sent), job_from_dict(SAMPLE)
    assert isinstance(job, MaterializeViewJob)
    assert isinstance(sound, MaterializeViewJob)
    assert (job.state, job.created_at) == (JobState.COMPLETED, sound.created_at)
    assert (job.result, job.input) == (sound.result, sound.input)
    assert job.request_source is not None
    assert job.request_source.additional_properties == {"type": 0}


def test_a_field_within_an_item_is_odd_at_its_own_depth(log: pytest.LogCaptureFixture) -> None:
    failures = [{"message": "a"}, {"message": 1, "timestamp": "soon"}, {"value": []}]
    job = job_from_dict({**SAMPLE, "failures": failures})
    assert job.failures == [
        Failure(message="a"),
        Failure(additional_properties={"message": 1, "timestamp": "soon"}),
        Failure(additional_properties={"value": []}),
    ]
    assert job.to_dict()["failures"] == failures
    assert len(log.records) == 3


def test_the_log_tells_each_field_once_and_nothing_that_came(
    log: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        job_from_dict({**SAMPLE, "executor": ["s3cret"], "result": {"dataset_id": "s3cret"}})
    job_from_dict({**payload("nql-forecast-completed"), "executor": ["s3cret"]})
    said = [record.getMessage() for record in log.records]
    assert [text.partition(":")[0] for text in said] == [
        "MaterializeViewJob.executor",
        "MaterializeViewResult.dataset_id",
        "NqlForecastJob.executor",
    ]
    assert "s3cret" not in "".join(said)
    assert max(map(len, said)) < 500


def test_a_change_of_an_odd_field_is_written() -> None:
    job = job_from_dict({**SAMPLE, "executor": 7})
    job.executor = "someone"
    assert job.to_dict()["executor"] == "someone"


@pytest.mark.parametrize("field", ["job_id", "type", "state", "created_at", "updated_at"])
@pytest.mark.parametrize("value", [None, 7, [], {}])
def test_what_the_spec_relies_on_still_raises(field: str, value: object) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        job_from_dict({**SAMPLE, field: value})
    assert caught.value.path == field


def test_strict_is_for_one_call_alone() -> None:
    odd = {**SAMPLE, "executor": 7, "result": {"snapshot_id": "1"}}
    for decode in (job_from_dict, MaterializeViewJob.from_dict):
        with pytest.raises(ResponseDecodeError, match=r"^executor: expected a string, got 7$"):
            decode(odd, strict=True)
        assert decode(odd).executor is None
    with pytest.raises(ResponseDecodeError, match=r"^dataset_id: "):
        MaterializeViewResult.from_dict({"dataset_id": "x"}, strict=True)
    assert MaterializeViewResult.from_dict({"dataset_id": "x"}).dataset_id is None


def test_null_and_odd_fields_go_together() -> None:
    sent = {**SAMPLE, "executor": 7, "failures": None, "result": {"dataset_id": [], "x": None}}
    job = job_from_dict(sent)
    assert (job.executor, job.failures) == (None, None)
    assert_same(job.to_dict(), sent)


OPTIONAL = [
    *("ended_at", "request_source", "executor", "failures", "idempotency_key"),
    *("compute_pool_id", "execution_cluster", "input", "result", "unheard-of"),
]
INNER = ["type", "company_id", "message", "timestamp", "value", "nql", "stats_enabled", "success"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["materialize-view", "nql-forecast", "not-a-type"]),
    st.dictionaries(
        st.sampled_from(OPTIONAL),
        JSON
        | st.dictionaries(st.sampled_from(INNER), JSON, max_size=4)
        | st.lists(st.dictionaries(st.sampled_from(INNER), JSON, max_size=3), max_size=3),
    ),
)
@example("materialize-view", {"executor": float("1e400")})
@example("nql-forecast", {"result": {"success": {"result": {"Forecast": {"cost": "1"}}}}})
def test_any_json_in_an_optional_field_decodes_and_comes_back(
    kind: str, fields: dict[str, Any]
) -> None:
    sent = {**SOUND, "type": kind, **fields}
    before = copy.deepcopy(sent)
    job = job_from_dict(sent)
    assert sent == before
    encoded = job.to_dict()
    assert encoded.keys() == sent.keys()
    twin = job_from_dict(encoded)
    assert (twin, twin.to_dict()) == (job, encoded)
    for key, value in sent.items():
        if key in job.additional_properties:
            assert encoded[key] == value
    assert json.dumps(_without_times(encoded)) == json.dumps(_without_times(sent))


def _without_times(sent: Any) -> Any:
    """Give a payload in one order, without the texts that may be written differently."""
    if isinstance(sent, dict):
        kept = {k: _without_times(sent[k]) for k in sorted(sent)}
        times = ("timestamp", "ended_at", "created_at", "updated_at")
        return {k: "" if k in times and isinstance(v, str) else v for k, v in kept.items()}
    if isinstance(sent, list):
        return [_without_times(item) for item in sent]
    return int(sent) if isinstance(sent, float) and sent.is_integer() else sent


def test_a_field_may_be_as_deep_as_json_goes() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    sent = {**SOUND, "executor": deep, "failures": [{"value": {"x": deep}}], "more": deep}
    job = job_from_dict(sent)
    assert job.executor is None
    encoded = job.to_dict()
    assert encoded["executor"] is deep
    assert encoded["failures"][0]["value"]["x"] is deep


def test_a_forecast_of_odd_numbers_is_a_forecast() -> None:
    sent = payload("nql-forecast-completed")
    sent["result"]["success"]["result"]["Forecast"]["cost"] = "1250"
    job = job_from_dict(sent)
    assert isinstance(job, NqlForecastJob)
    assert job.result
    assert job.result.success
    assert job.result.success.result
    assert job.result.success.result.forecast == Forecast(
        rows=98304, additional_properties={"cost": "1250"}
    )
    assert_same(job.to_dict(), sent)
