"""The recipe for Prefect, on a server of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from api import API, KEY, ended
from narrative_jobs import APIConnectionError, AsyncClient, AuthenticationError, JobCancelledError
from prefect.testing.utilities import prefect_test_harness
from prefect_recipe import NarrativeCredentials, publish, wait_for_job


@pytest.fixture(scope="module", autouse=True)
def prefect(api: API) -> Iterator[None]:
    with prefect_test_harness():
        NarrativeCredentials(api_key=KEY, server=api.url).save("narrative")
        NarrativeCredentials(api_key="no-such-key", server=api.url).save("bad-key")
        yield


def run(job_id: str, block: str = "narrative") -> Any:
    return asyncio.run(publish(job_id, block))


def test_a_flow_returns_the_job(api: API) -> None:
    job = run(api.job("running", ended("completed", result={"snapshot_id": 2**70})))
    assert job["result"]["snapshot_id"] == 2**70


def test_a_bad_end_and_a_bad_key_are_not_tried_again(api: API) -> None:
    job_id = api.job("running", ended("cancelled"))
    with pytest.raises(JobCancelledError) as caught:
        run(job_id)
    assert str(caught.value.job_id) == job_id
    assert api.looks(job_id) == 2
    with pytest.raises(AuthenticationError):
        run(job_id, "bad-key")
    assert api.looks(job_id) == 3


def test_what_may_pass_is_tried_again(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = wait_for_job.with_options(retry_delay_seconds=0)
    monkeypatch.setattr("prefect_recipe.wait_for_job", hurried)
    tries: list[str] = []

    def get_client(self: NarrativeCredentials) -> AsyncClient:
        tries.append(self.server)
        if len(tries) < 3:
            raise APIConnectionError("an outage beyond the patience of a wait")
        return AsyncClient(KEY, base_url=api.url)

    monkeypatch.setattr(NarrativeCredentials, "get_client", get_client)
    assert run(api.job("running", ended("completed")))["state"] == "completed"
    assert len(tries) == 3
