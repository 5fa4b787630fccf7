"""Odd fields, as the clients meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from narrative_jobs import (
    AsyncClient,
    Client,
    JobEndedError,
    MaterializeViewJob,
    ResponseDecodeError,
)
from stand_in import TOKEN, Answer, Server
from support import JOB_ID, Flavour, payload

ODD = {**payload("page-sample"), "executor": 7, "failures": [{"timestamp": "soon"}]}


def get_job(client: Client | AsyncClient) -> Any:
    return client.get_job(JOB_ID)


def test_an_odd_field_hides_no_job(serve: Callable[..., Server], flavour: Flavour) -> None:
    server = serve(ODD)
    job = flavour.run(get_job, base_url=server.url)
    assert isinstance(job, MaterializeViewJob)
    assert job.executor is None
    assert job.additional_properties == {"executor": 7}
    assert job.to_dict()["failures"] == ODD["failures"]


def test_a_strict_client_raises_at_the_first_odd_field(
    serve: Callable[..., Server], flavour: Flavour
) -> None:
    server = serve(ODD)
    for action in (get_job, lambda client: client.with_options(timeout=9).get_job(JOB_ID)):
        with pytest.raises(ResponseDecodeError) as caught:
            flavour.run(action, base_url=server.url, strict_decoding=True)
        assert "answered 200: executor: expected a string, got 7" in str(caught.value)
        assert caught.value.payload == ODD
        assert json.loads(str(caught.value.body)) == ODD


def test_the_payload_of_an_error_has_no_token_in_it(
    serve: Callable[..., Server], flavour: Flavour
) -> None:
    sent = {**payload("page-sample"), "created_at": 0, "echo": {f"Bearer {TOKEN}": [TOKEN]}}
    server = serve(sent, Answer(200, json.dumps(sent).replace(TOKEN[0], f"\\u{ord(TOKEN[0]):04x}")))
    for _ in range(2):
        with pytest.raises(ResponseDecodeError) as caught:
            flavour.run(get_job, base_url=server.url)
        assert caught.value.payload["echo"] == {"Bearer [token]": ["[token]"]}
        assert TOKEN not in str(caught.value.body)


@pytest.mark.parametrize("before", range(80, 100))
def test_no_half_of_the_token_is_left_where_a_message_is_cut(before: int) -> None:
    token, filler = "abcdefghijklmnopqrstuvwxyz", "-" * 300
    for sent in (f"<p>{'-' * before}{token}{filler}", f'{{"a": "{token}{filler}", "b": NaN}}'):
        transport = httpx.MockTransport(lambda _, sent=sent: httpx.Response(200, text=sent))
        with (
            httpx.Client(transport=transport) as http_client,
            Client(token, http_client=http_client) as client,
            pytest.raises(ResponseDecodeError) as caught,
        ):
            client.get_job(JOB_ID)
        assert "..." in str(caught.value)
        assert token[:6] not in str(caught.value)


@pytest.mark.parametrize("before", range(270, 300, 3))
def test_nor_where_a_reason_or_a_state_is_cut(
    before: int, caplog: pytest.LogCaptureFixture
) -> None:
    token = "abcdefghijklmnopqrstuvwxyz"
    said = f"{'-' * before}{token}"
    failed = {**payload("materialize-view-failed"), "failures": [{"message": said}]}
    ended = {**failed, "state": said}
    for sent in (failed, ended):
        transport = httpx.MockTransport(lambda _, sent=sent: httpx.Response(200, json=sent))
        with (
            httpx.Client(transport=transport) as http_client,
            Client(token, http_client=http_client) as client,
            caplog.at_level("INFO"),
            pytest.raises(JobEndedError) as caught,
        ):
            client.wait_for_job(sent["job_id"])
        assert token[:6] not in str(caught.value) + caplog.text


def test_a_text_that_is_no_json_has_no_payload() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))
    with (
        httpx.Client(transport=transport) as http_client,
        Client(TOKEN, http_client=http_client) as client,
        pytest.raises(ResponseDecodeError) as caught,
    ):
        client.get_job(JOB_ID)
    assert (caught.value.payload, caught.value.body) == (None, "<html>")
    assert str(caught.value).endswith(
        "expected JSON, got '<html>': Expecting value at line 1, column 1"
    )


def test_no_message_is_longer_than_2000_characters() -> None:
    for sent in (
        {"x" * 5000: 1},
        {"type": "x", "job_id": "y" * 10_000},
        {"type": ["z" * 10_000] * 1000},
    ):
        transport = httpx.MockTransport(lambda request, sent=sent: httpx.Response(200, json=sent))
        with (
            httpx.Client(transport=transport) as http_client,
            Client(TOKEN, http_client=http_client) as client,
            pytest.raises(ResponseDecodeError) as caught,
        ):
            client.get_job(JOB_ID)
        assert len(str(caught.value)) <= 2000
