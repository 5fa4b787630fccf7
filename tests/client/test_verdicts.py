"""What a job says of its end, and an error of whether it may pass."""

from __future__ import annotations

import inspect
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest
from narrative_jobs import (
    APIConnectionError,
    APIError,
    APIStatusError,
    Client,
    Job,
    JobCancelledError,
    JobEndedError,
    JobFailedError,
    MaterializeViewJob,
    NqlForecastJob,
    OtherJob,
    job_from_dict,
)
from stand_in import TOKEN, Answer, Server
from support import JOB_ID, ROOT, Flavour, payload

TYPES = {"materialize-view": MaterializeViewJob, "nql-forecast": NqlForecastJob, "new": OtherJob}
NAMES = ("is_final", "succeeded", "duration", "raise_for_state")
Serve = Callable[..., Server]


def job(state: str, kind: str = "new", **more: Any) -> Job:
    return job_from_dict({**payload("other-running"), "state": state, "type": kind, **more})


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("state", "is_final", "succeeded"),
    [
        ("pending", False, False),
        ("running", False, False),
        ("completed", True, True),
        ("failed", True, False),
        ("cancelled", True, False),
        ("paused", False, False),
    ],
)
def test_a_job_says_whether_it_has_ended(
    kind: str, state: str, is_final: bool, succeeded: bool
) -> None:
    found = job(state, kind)
    assert type(found) is TYPES[kind]
    assert (found.is_final, found.succeeded) == (is_final, succeeded)


def test_an_unknown_state_is_final_once_the_job_has_ended() -> None:
    found = job("expired", ended_at="2023-10-31T12:00:00Z")
    assert (found.is_final, found.succeeded) == (True, False)


def test_a_job_says_how_long_it_took() -> None:
    times = {"created_at": "2023-10-31T11:19:13.400498", "ended_at": "2023-10-31T12:21:13.5+01:00"}
    assert job("completed", **times).duration == timedelta(minutes=2, microseconds=99502)
    assert job("running", ended_at=None).duration is None


@pytest.mark.parametrize(
    ("state", "error_class"),
    [("failed", JobFailedError), ("cancelled", JobCancelledError), ("expired", JobEndedError)],
)
def test_it_raises_what_a_wait_would_raise(
    serve: Serve, flavour: Flavour, state: str, error_class: type[JobEndedError]
) -> None:
    sent = {**payload("materialize-view-failed"), "state": state}
    with pytest.raises(JobEndedError) as waited:
        flavour.run(lambda c: c.wait_for_job(sent["job_id"]), base_url=serve(sent).url)
    found = job_from_dict(sent)
    with pytest.raises(JobEndedError) as caught:
        found.raise_for_state()
    assert type(caught.value) is type(waited.value) is error_class
    assert str(caught.value) == str(waited.value)
    assert caught.value.job is found
    assert str(caught.value.job_id) == str(waited.value.job_id)


@pytest.mark.parametrize("state", ["pending", "running", "completed", "paused"])
def test_a_job_that_goes_on_or_succeeded_raises_nothing(state: str) -> None:
    found = job(state)
    assert found.raise_for_state() is found


def test_what_it_says_is_no_field() -> None:
    for name in ("materialize-view-completed", "nql-forecast-completed", "other-completed"):
        sent = payload(name)
        found = job_from_dict(sent)
        assert not set(NAMES) & {field.name for field in attrs.fields(type(found))}
        assert found.to_dict().keys() == sent.keys()
        assert found == pickle.loads(pickle.dumps(found))
        assert found != attrs.evolve(found, state="running")
        assert set(NAMES) <= set(dir(found))
        assert not any(f"{said}=" in repr(found) for said in NAMES)
        assert all(inspect.getdoc(getattr(type(found), said)) for said in NAMES)
        with pytest.raises(AttributeError):
            found.is_final = True  # type: ignore[misc]


def test_a_value_that_the_api_sends_under_such_a_name_is_kept() -> None:
    found = job("running", duration=7, is_final="x")
    assert found.duration is None
    assert not found.is_final
    assert found.to_dict()["duration"] == found.additional_properties["duration"] == 7


def test_to_ask_it_takes_no_client() -> None:
    code = f"from narrative_jobs import models; job = {payload('other-failed')!r}; "
    code += "print(models.job_from_dict(job).is_final)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "generated", capture_output=True, check=True
    )
    assert result.stdout == b"True\n"


@pytest.mark.parametrize(
    ("status", "is_transient"),
    [(400, False), (401, False), (404, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_a_status_says_whether_it_may_pass(
    serve: Serve, flavour: Flavour, status: int, is_transient: bool
) -> None:
    with pytest.raises(APIStatusError) as caught:
        flavour.run(lambda c: c.get_job(JOB_ID), base_url=serve(Answer(status)).url, max_retries=0)
    assert caught.value.is_transient is is_transient


def test_what_httpx_refuses_to_send_is_no_error_that_may_pass() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError("Illegal header value")

    with (
        httpx.Client(transport=httpx.MockTransport(refuse)) as http_client,
        Client(TOKEN, http_client=http_client) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.get_job(JOB_ID)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert (error.is_transient, error.retries_taken) == (False, 0)


def test_so_do_other_errors(serve: Serve, flavour: Flavour) -> None:
    def error(**options: Any) -> APIError:
        with pytest.raises(APIError) as caught:
            flavour.run(lambda c: c.get_job(JOB_ID), max_retries=0, **options)
        return caught.value

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert error(base_url=url, timeout=0.05).is_transient
    assert error(base_url=url).is_transient
    assert not error(base_url=serve(Answer(200, b"[")).url).is_transient
