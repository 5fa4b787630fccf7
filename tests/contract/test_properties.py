"""Payloads drawn at random: from the spec's own schemas, and from all that JSON can say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from jsonschema import Draft202012Validator
from narrative_jobs import ResponseDecodeError, job_from_dict
from stand_in import load_spec
from support import JSON, SOUND, assert_same

SPEC = load_spec()
JOB: dict[str, Any] = {
    "$ref": "#/components/schemas/Job",
    "components": {"schemas": SPEC["components"]["schemas"]},
}


UUIDS = st.uuids().map(str) | st.uuids().map(lambda value: str(value).upper())


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.deferred(lambda: from_schema(JOB, custom_formats={"uuid": UUIDS})))
def test_whatever_the_spec_allows_decodes_and_comes_back(sent: dict[str, Any]) -> None:
    assert_same(job_from_dict(sent, strict=True).to_dict(), sent)


FIELDS = [*SPEC["components"]["schemas"]["JobBase"]["properties"], "type", "input", "result"]


@settings(max_examples=150, deadline=None)
@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda some: {**SOUND, **some}))
@example({**SOUND, "created_at": "9999-12-31T24:00:00"})
@example({**SOUND, "type": True})
@example({**SOUND, "job_id": "{2a5b9ad7-dc8f-47bb-8e62-843a38f8054c}"})
def test_anything_is_a_job_or_one_clear_error(value: Any) -> None:
    try:
        job = job_from_dict(value, strict=True)
    except ResponseDecodeError as error:
        said = (error.expected, str(error))
        assert all(said)
    else:
        assert_same(job.to_dict(), value)
        assert Draft202012Validator(JOB).is_valid(job.to_dict())


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),
    st.none() | st.integers(-23 * 60, 23 * 60),
    st.sampled_from(["T", "t", " "]),
)
def test_timestamps_keep_their_instant(moment: datetime, minutes: int | None, sep: str) -> None:
    zone = None if minutes is None else timezone(timedelta(minutes=minutes))
    text = moment.replace(tzinfo=zone).isoformat(sep=sep)
    decoded = job_from_dict({**SOUND, "created_at": text}).created_at
    assert decoded == moment.replace(tzinfo=zone or UTC)
    assert decoded.utcoffset() == timedelta(minutes=minutes or 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-10-31T11:19:13.400498", "2023-10-31T11:19:13.400498Z"),
        ("2025-04-11T23:37:40.796820Z", "2025-04-11T23:37:40.796820Z"),
        ("2023-10-31t11:19:13z", "2023-10-31T11:19:13Z"),
        ("2023-10-31T24:00:00", "2023-11-01T00:00:00Z"),
        ("2023-12-31t24:00:00z", "2024-01-01T00:00:00Z"),
        ("2023-10-31T11:19:13.4Z", "2023-10-31T11:19:13.400000Z"),
        ("2023-10-31T11:19:13,4Z", "2023-10-31T11:19:13.400000Z"),
        ("2023-10-31T11:19:13.400498999Z", "2023-10-31T11:19:13.400498Z"),
        ("20231031T111913Z", "2023-10-31T11:19:13Z"),
        ("2023-10-31T11:19:13-00:00", "2023-10-31T11:19:13Z"),
        ("2023-10-31T11:19:13+02:00", "2023-10-31T11:19:13+02:00"),
        ("2023-10-31T11:19:13+00:00:30", "2023-10-31T11:19:13+00:00:30"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60", "2017-01-01T00:00:00Z"),
        ("2016-12-31t23:59:60.999z", "2017-01-01T00:00:00Z"),
        ("20161231T235960Z", "2017-01-01T00:00:00Z"),
        ("1990-12-31T15:59:60-08:00", "1990-12-31T16:00:00-08:00"),
    ],
)
def test_timestamps_are_written_as_in_rfc_3339(text: str, expected: str) -> None:
    assert job_from_dict({**SOUND, "created_at": text}).to_dict()["created_at"] == expected


NO_TIMESTAMPS = [
    *("", "now", "2023", "2023-10-31", "2023-13-01T00:00:00Z", "T", "1" * 5000),
    *("2023-W44T11:19:13Z", "2023-10T11:19:13Z"),  # No day is named.
    *("2023-10-31\x0011:19:13", "2023-10-31T11:19:13Zulu", "٢023-10-31T11:19:13"),
    # A leap second ends no other minute than the last of an hour.
    "2016-12-31T23:58:60Z",
    *("2016-12-31T23:59:61Z", "2016-12-31T23:59:60Zulu", "9999-12-31T23:59:60Z"),
]


@pytest.mark.parametrize("text", NO_TIMESTAMPS)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ResponseDecodeError, match=r"^created_at: expected a timestamp"):
        job_from_dict({**SOUND, "created_at": text})
