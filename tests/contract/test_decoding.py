"""What the models make of sound and unsound payloads, beyond the contract."""

from __future__ import annotations

import copy
import pickle
from typing import Any
from uuid import UUID

import attrs
import pytest
from narrative_jobs import (
    ExecutionCluster,
    Failure,
    Job,
    JobState,
    MaterializeViewJob,
    MaterializeViewResult,
    NarrativeError,
    NqlForecastJob,
    OtherJob,
    ResponseDecodeError,
    job_from_dict,
)
from narrative_jobs._runtime.codec import Decoder, array_of, as_date, as_object, as_str, const
from narrative_jobs._runtime.errors import MismatchError
from narrative_jobs._runtime.oddities import one_of
from support import payload, without

SAMPLE = payload("page-sample")


def changed(path: str, value: object) -> dict[str, Any]:
    """Give the page's sample with one field replaced."""
    sent = payload("page-sample")
    target = sent
    *outer, last = path.split(".")
    for step in outer:
        target = target[step]
    target[last] = value
    return sent


def nested(depth: int) -> list[Any]:
    """Give lists in lists."""
    lists: list[Any] = []
    for _ in range(depth):
        lists = [lists]
    return lists


@pytest.mark.parametrize(
    ("sent", "path", "said"),
    [
        (None, "", "expected an object, got None"),
        ([], "", "expected an object, got []"),
        ("<html>", "", "expected an object, got '<html>'"),
        ({}, "type", "type: expected a value, but the field is missing"),
        (changed("type", None), "type", "type: expected a string, got None"),
        (without(SAMPLE, "job_id"), "job_id", "job_id: expected a value, but the field"),
        (without(SAMPLE, "state"), "state", "state: expected a value, but the field"),
        (changed("state", None), "state", "state: expected a string, got None"),
        (changed("state", nested(5000)), "state", "state: expected a string, got [[[[[["),
        (changed("job_id", "2a5b9ad7-dc8f-47bb-8e62-843a38f8054\n"), "job_id", "a UUID"),
        (changed("state", 3), "state", "state: expected a string, got 3"),
        (changed("job_id", ""), "job_id", "job_id: expected a UUID (RFC 9562), got ''"),
        (changed("job_id", "42"), "job_id", "job_id: expected a UUID (RFC 9562), got '42'"),
        (changed("job_id", 42), "job_id", "job_id: expected a UUID (RFC 9562), got 42"),
        (changed("created_at", 0), "created_at", "created_at: expected a timestamp"),
        (changed("executor", ["x"]), "executor", "executor: expected a string, got ['x']"),
        (changed("result", "x"), "result", "result: expected an object, got 'x'"),
        (
            changed("result.snapshot_id", "1724919539450264600"),
            "result.snapshot_id",
            "result.snapshot_id: expected an integer, got '1724919539450264600'",
        ),
        (changed("result.snapshot_id", 1.5), "result.snapshot_id", "expected an integer, got 1.5"),
        (changed("result.snapshot_id", True), "result.snapshot_id", "an integer, got True"),
        (changed("input.stats_enabled", 1), "input.stats_enabled", "expected true or false, got 1"),
        (changed("failures", {}), "failures", "failures: expected an array, got {}"),
        (changed("failures", [{}, 7]), "failures[1]", "failures[1]: expected an object, got 7"),
        (
            changed("failures", [{}, {}, {"timestamp": "yesterday"}]),
            "failures[2].timestamp",
            "failures[2].timestamp: expected a timestamp (RFC 3339), got 'yesterday'",
        ),
        (
            {
                **payload("nql-forecast-completed"),
                "result": {"success": {"result": {"Forecast": 1}}},
            },
            "result.success.result.Forecast",
            "result.success.result.Forecast: expected an object, got 1",
        ),
    ],
)
def test_a_wrong_payload_says_where_and_what(sent: Any, path: str, said: str) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        job_from_dict(sent, strict=True)
    error = caught.value
    assert error.path == path
    assert said in str(error)
    assert error.payload is sent, "the error keeps the payload, whole"
    assert error.body is sent
    assert isinstance(error, ValueError)
    assert isinstance(error, NarrativeError)
    if "[[[[" not in said:  # pickle does not go as deep.
        twin = pickle.loads(pickle.dumps(error))
        assert (str(twin), twin.path, twin.payload) == (str(error), path, sent)
        # What a log shows by %r, and what Celery keeps as JSON.
        assert (repr(error), error.args) == (f"ResponseDecodeError({str(error)!r})", (str(error),))


def test_an_error_stays_short_however_long_the_value() -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        job_from_dict(changed("state", [{"stack": "x" * 10_000}] * 1000))
    assert len(str(caught.value)) < 500


def test_each_class_decodes_its_own_payload_and_no_other() -> None:
    assert MaterializeViewJob.from_dict(SAMPLE) == job_from_dict(SAMPLE)
    with pytest.raises(ResponseDecodeError, match=r"^type: expected 'nql-forecast'"):
        NqlForecastJob.from_dict(SAMPLE)


@pytest.mark.parametrize("state", ["not-a-state", "", "COMPLETED", "completed "])
def test_an_unlisted_enum_value_keeps_its_text(state: str) -> None:
    job = job_from_dict(changed("state", state))
    assert job.state == state
    assert not isinstance(job.state, JobState)
    assert f"{job.state}" == state
    assert job.to_dict()["state"] == state


def test_a_listed_enum_value_is_a_member_and_a_text() -> None:
    job = job_from_dict({**SAMPLE, "execution_cluster": "shared"})
    assert job.state == "completed"
    assert job.state is JobState.COMPLETED
    assert f"{job.state}" == "completed"
    assert job.execution_cluster is ExecutionCluster.SHARED
    assert type(job.to_dict()["state"]) is str


def test_absent_and_null_read_alike_and_are_written_as_they_came() -> None:
    absent = job_from_dict(without(SAMPLE, "result"))
    null = job_from_dict(changed("result", None))
    assert absent.result is null.result is None
    assert absent == null
    assert "result" not in absent.to_dict()
    assert null.to_dict()["result"] is None


def test_a_model_can_be_changed_and_written() -> None:
    job = job_from_dict(changed("executor", None))
    job.executor = "someone"
    job.additional_properties["not-a-field"] = 3
    encoded = job.to_dict()
    assert encoded["executor"] == "someone"
    assert encoded["not-a-field"] == 3
    moved = attrs.evolve(job_from_dict(changed("result", None)), state=JobState.FAILED)
    assert moved.to_dict() == {**changed("result", None), "state": "failed"} | {
        key: moved.to_dict()[key] for key in ("created_at", "updated_at", "ended_at")
    }


def test_a_model_can_be_made_by_hand() -> None:
    result = MaterializeViewResult(snapshot_id=2**60)
    assert result.to_dict() == {"snapshot_id": 2**60}
    assert Failure(message="m").to_dict() == {"message": "m"}


def test_models_have_slots_and_no_room_for_typos() -> None:
    job = job_from_dict(SAMPLE)
    assert not hasattr(job, "__dict__")
    with pytest.raises(AttributeError):
        job.stat = "x"  # type: ignore[union-attr]


def test_a_union_is_good_for_isinstance() -> None:
    assert isinstance(job_from_dict(SAMPLE), Job)
    assert not isinstance(SAMPLE, Job)
    assert {type(job_from_dict({**SAMPLE, "type": t})) for t in ("a", "nql-forecast")} == {
        OtherJob,
        NqlForecastJob,
    }


def test_a_union_within_itself_is_read_in_one_go() -> None:
    """Its members are told apart by what comes after what they hold, as in a filter's and/or."""
    calls: list[str] = []

    def joined_by(word: str) -> Decoder[dict[str, Any]]:
        def decode(value: object) -> dict[str, Any]:
            calls.append(word)
            found = as_object(value)
            found["parts"] = array_of(condition)(found["parts"])
            const(word)(found["joined_by"])
            return found

        return decode

    condition = one_of(as_str, joined_by("and"), joined_by("or"))
    sent: Any = "x"
    for word in ["and", "or"] * 25:
        sent = {"parts": [sent], "joined_by": word}
    assert condition(sent) == sent
    assert len(calls) == 2 * 51


@pytest.mark.parametrize("text", ["20231031", "2023-W44-2", "2023-10-32", "2023-10-31T00:00:00Z"])
def test_a_date_is_read_only_as_it_would_be_written(text: str) -> None:
    with pytest.raises(MismatchError, match=r"^expected a date \(RFC 3339\), got"):
        as_date(text)


def test_a_uuid_keeps_its_spelling() -> None:
    spelling = "2A5B9AD7-DC8F-47bb-8E62-843a38f8054c"
    job = job_from_dict(changed("job_id", spelling))
    assert job.job_id == UUID(spelling)
    assert hash(job.job_id) == hash(UUID(spelling))
    for twin in (job, copy.deepcopy(job), pickle.loads(pickle.dumps(job))):
        assert twin.to_dict()["job_id"] == spelling
        assert repr(twin.job_id) == f"UUID({spelling!r})"
