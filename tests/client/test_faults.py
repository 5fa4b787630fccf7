"""What people meet between them and the API: one outcome for each fault, sync and async."""

from __future__ import annotations

import gc
import json
import logging
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from fault_server import JOB, FaultServer, message, say
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from narrative_jobs import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncClient,
    BadRequestError,
    Client,
    InternalServerError,
    MaterializeViewJob,
    NarrativeError,
    NotFoundError,
    RateLimitError,
    ResponseDecodeError,
    job_from_dict,
)
from stand_in import TOKEN
from support import JOB_ID, JSON, Flavour, payload

BRIEF = {"timeout": 0.25}
LITTLE = {"max_response_bytes": 100_000}


def get_job(client: Any) -> Any:
    return client.get_job(JOB_ID)


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass between retries, and note how long it would have been."""
    slept: list[float] = []

    async def note(delay: float) -> None:
        slept.append(delay)

    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("anyio.sleep", note)
    return slept


# A script of faults, the client's options, the outcome, how many requests it took, what is said.
Row = tuple[str, dict[str, Any], type[Any], int, str]
OUTCOMES: list[Row] = [
    ("ok", {}, MaterializeViewJob, 1, ""),
    ("reset", {}, APIConnectionError, 3, "ReadError"),
    ("reset, ok", {}, MaterializeViewJob, 2, ""),
    ("reset in headers", {}, APIConnectionError, 3, "ReadError"),
    ("reset in headers, ok", {}, MaterializeViewJob, 2, ""),
    ("reset in body", {}, APIConnectionError, 3, "ReadError"),
    ("reset in body, reset in body, ok", {}, MaterializeViewJob, 3, ""),
    ("hang up", {}, APIConnectionError, 3, "Server disconnected without sending a response"),
    ("hang up, hang up, ok", {}, MaterializeViewJob, 3, ""),
    ("hang up in body", {}, APIConnectionError, 3, "peer closed connection without sending"),
    ("hang up in body, ok", {}, MaterializeViewJob, 2, ""),
    ("length too long", {}, APIConnectionError, 3, "peer closed connection"),
    ("length too short", {}, ResponseDecodeError, 1, "expected JSON"),
    ("length is no number", {}, APIConnectionError, 3, "RemoteProtocolError"),
    ("stall", BRIEF, APITimeoutError, 3, "ReadTimeout"),
    ("stall, ok", BRIEF, MaterializeViewJob, 2, ""),
    ("stall in body", BRIEF, APITimeoutError, 3, "ReadTimeout"),
    ("stall in body, ok", BRIEF, MaterializeViewJob, 2, ""),
    ("garbage", {}, APIConnectionError, 3, "RemoteProtocolError"),
    ("garbage, ok", {}, MaterializeViewJob, 2, ""),
    ("html 502", {}, InternalServerError, 3, "502 Bad Gateway: '<html>nginx</html>'"),
    ("html 502, empty 503, ok", {}, MaterializeViewJob, 3, ""),
    ("empty 503", {}, InternalServerError, 3, "503 Service Unavailable"),
    ("408", {}, APIStatusError, 3, "408 Request Timeout"),
    ("408, ok", {}, MaterializeViewJob, 2, ""),
    ("500", {}, InternalServerError, 3, "500 Internal Server Error: E: D"),
    ("520", {}, InternalServerError, 3, "answered 520"),
    ("520, ok", {}, MaterializeViewJob, 2, ""),
    ("429", {}, RateLimitError, 3, "429"),
    ("429 in 2, ok", {}, MaterializeViewJob, 2, ""),
    ("429 in an hour, ok", {}, RateLimitError, 1, "asks to come back in 3600 seconds"),
    ("400", {}, BadRequestError, 1, "400"),
    ("404", {}, NotFoundError, 1, "NotFound: No."),
    ("302", {}, APIStatusError, 1, "302 Found and points to 127.0.0.1, where the client"),
    ("302 to nowhere", {}, APIStatusError, 1, "302 Found and points to no URL, where"),
    ("302 by mail", {}, APIStatusError, 1, "302 Found and points to"),
    ("404 in a charset", {}, NotFoundError, 1, "NotFound: No."),
    ("304", {}, APIStatusError, 1, "304 Not Modified"),
    ("half a json", {}, ResponseDecodeError, 1, "expected JSON"),
    ("not a json", {}, ResponseDecodeError, 1, "expected JSON, got '<html>maintenance</html>'"),
    ("http/1.0", {}, MaterializeViewJob, 1, ""),
    ("chunked", {}, MaterializeViewJob, 1, ""),
    ("header of 50 KiB", {}, MaterializeViewJob, 1, ""),
    ("bad chunks", {}, APIConnectionError, 3, "RemoteProtocolError"),
    ("chunks cut short, ok", {}, MaterializeViewJob, 2, ""),
    ("gzip", {}, MaterializeViewJob, 1, ""),
    ("deflate", {}, MaterializeViewJob, 1, ""),
    ("half a gzip", {}, ResponseDecodeError, 1, "expected a body in gzip, got half of it"),
    ("no gzip", {}, ResponseDecodeError, 1, "expected a body in gzip"),
    ("brotli", {}, ResponseDecodeError, 1, "expected a body in gzip, or as it is, got 'br'"),
    ("bomb", {}, ResponseDecodeError, 1, "at most 67,108,864 bytes (max_response_bytes)"),
    ("bomb", LITTLE, ResponseDecodeError, 1, "at most 100,000 bytes"),
    ("endless", LITTLE, ResponseDecodeError, 1, "at most 100,000 bytes"),
    ("ok", {"max_response_bytes": len(JOB)}, MaterializeViewJob, 1, ""),
    ("ok", {"max_response_bytes": len(JOB) - 1}, ResponseDecodeError, 1, "at most"),
    ("drip", {"total_timeout": 0.3}, APITimeoutError, 1, "was not done in 0.3 seconds"),
    ("drip headers", {"total_timeout": 0.3}, APITimeoutError, 1, "was not done in 0.3 seconds"),
    ("stall", {"total_timeout": 0.3}, APITimeoutError, 1, "was not done in 0.3 seconds"),
    ("empty 503", {"total_timeout": 0.3}, APITimeoutError, 1, "0.3 seconds; last: GET /jobs/2a5b"),
    ("429 in 2", {"total_timeout": 1}, APITimeoutError, 1, "was not done in 1 seconds"),
    ("reset", {"max_retries": 0}, APIConnectionError, 1, "ReadError"),
    ("empty 503, reset, hang up, ok", {"max_retries": 3}, MaterializeViewJob, 4, ""),
]


AIOHTTP_SAYS = {
    "peer closed connection": "Not enough data",
    "Server disconnected without": "Server disconnected",
}
"""What aiohttp says in place of httpcore."""


@pytest.mark.parametrize(
    ("script", "options", "outcome", "requests", "said"),
    OUTCOMES,
    ids=[f"{script} {options or ''}" for script, options, *_ in OUTCOMES],
)
def test_a_fault_has_one_outcome(
    flavour: Flavour,
    script: str,
    options: dict[str, Any],
    outcome: type[Any],
    requests: int,
    said: str,
) -> None:
    started = time.monotonic()
    with FaultServer(*script.split(", ")) as server:
        try:
            result = flavour.run(
                lambda client: client.with_raw_response.get_job(JOB_ID),
                base_url=server.url,
                **options,
            )
            ended, error = type(result.parsed), result
        except NarrativeError as caught:
            result, ended, error = None, type(caught), caught
        assert (ended, len(server.requests)) == (outcome, requests), error
    if flavour.name == "aiohttp":
        said = next(
            (words for start, words in AIOHTTP_SAYS.items() if said.startswith(start)), said
        )
    assert said in str(error) or result
    assert error.retries_taken == requests - 1
    if result:
        assert result.parsed == job_from_dict(payload("page-sample"))
    assert time.monotonic() - started < 15.0, "half of what a request may take by itself"


RETRY_AFTER = [
    ("2", 2.0),
    ("0", 0.0),
    ("1.5", 1.5),
    ("60", 60.0),
    ("60.1", None),
    ("3600", None),
    ("date+30", 30.0),
    ("date+30 without a zone", 30.0),
    ("date-30", 0.0),
    ("date+3600", None),
    ("Fri, 31 Dec 9999 23:59:59 GMT", None),
    ("", "backoff"),
    ("-1", "backoff"),
    ("1790000000", "backoff"),
    ("1790000000000", "backoff"),
    ("nan", "backoff"),
    ("inf", "backoff"),
    ("-inf", "backoff"),
    ("1e400", "backoff"),
    ("soon", "backoff"),
    ("1,5", "backoff"),
    ("٣", "backoff"),
    ("Fri, 99 Dec 2026 23:59:59 GMT", "backoff"),
    ("Fri, 31 Dec 99999 23:59:59 GMT", "backoff"),
]


@pytest.mark.parametrize(("value", "expected"), RETRY_AFTER)
def test_retry_after_is_obeyed_where_it_makes_sense(
    delays: list[float], value: str, expected: float | str | None
) -> None:
    if value.startswith("date"):
        shift = int(value.removeprefix("date").split()[0])
        text = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + shift))
        value = text.replace(" GMT", " -0000") if "without" in value else text
    answers = [
        httpx.Response(429, headers=[(b"Retry-After", value.encode())]),
        httpx.Response(200, json=payload("page-sample")),
    ]
    transport = httpx.MockTransport(lambda _: answers.pop(0))
    with Client(TOKEN, http_client=httpx.Client(transport=transport)) as client:
        if expected is None:
            with pytest.raises(RateLimitError, match=r"asks to come back in \d+ seconds"):
                client.get_job(JOB_ID)
            assert delays == []
        else:
            client.get_job(JOB_ID)
            (delay,) = delays
            if expected == "backoff":
                assert 0.375 <= delay <= 0.5
            else:
                assert delay == pytest.approx(expected, abs=1.1 if expected == 30.0 else 0.0)


def test_the_backoff_doubles_up_to_eight_seconds_with_jitter(delays: list[float]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    with (
        Client(TOKEN, http_client=httpx.Client(transport=transport), max_retries=7) as client,
        pytest.raises(InternalServerError),
    ):
        client.get_job(JOB_ID)
    assert len(delays) == 7
    for delay, most in zip(delays, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
        assert 0.75 * most <= delay <= most
    assert len(set(delays[4:])) > 1


@pytest.mark.parametrize("fault", ["bomb", "endless"])
def test_memory_stays_within_the_bound(flavour: Flavour, fault: str) -> None:
    bound = 4 * 1024 * 1024
    with FaultServer(fault) as server:
        gc.collect()
        tracemalloc.start()
        with pytest.raises(ResponseDecodeError):
            flavour.run(get_job, base_url=server.url, max_response_bytes=bound)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # The body, and its text in the error; the fault server counts too.
    assert peak < 4 * bound


def test_every_attempt_and_every_retry_is_logged_and_nothing_that_was_sent(
    flavour: Flavour, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        FaultServer("empty 503", "reset in body", "ok") as server,
        caplog.at_level(logging.DEBUG, "narrative_jobs"),
    ):
        flavour.run(get_job, base_url=server.url)
    records = [r for r in caplog.records if r.name == "narrative_jobs"]
    said = [(r.levelname, r.getMessage()) for r in records]
    assert [level for level, _ in said] == ["DEBUG", "WARNING", "DEBUG", "WARNING", "DEBUG"]
    assert said[0][1].startswith(f"GET /jobs/{JOB_ID} -> 503 (request id None, ")
    assert said[0][1].endswith(" ms)")
    assert f"retrying GET /jobs/{JOB_ID} in 0." in said[1][1]
    assert said[1][1].endswith(" s (retry 1 of 2) after status 503")
    assert said[2][1].startswith(f"GET /jobs/{JOB_ID} -> ReadError (")
    assert said[3][1].endswith(" s (retry 2 of 2) after ReadError")
    assert f"GET /jobs/{JOB_ID} -> 200" in said[4][1]
    assert "Authorization" not in str([vars(record) for record in records])
    kept = [one for record in records for one in record.args or ()]
    assert not [one for one in kept if isinstance(one, tuple)], "a call, with its body"


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_job_or_a_decode_error(body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with Client(TOKEN, http_client=httpx.Client(transport=transport)) as client:
        try:
            client.get_job(JOB_ID)
        except ResponseDecodeError as error:
            said = str(error)
            assert f"GET /jobs/{JOB_ID} answered 200" in said


ODD_BODIES = [
    (b"[" * 100_000 + b"]" * 100_000, "expected"),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "expected"),
    (b'{"job_id": NaN}', ": NaN is not JSON at line 1, column 12"),
    (b'{"NaN":\n ["\\"NaN", -Infinity]}', ": -Infinity is not JSON at line 2, column 12"),
    (b'{"job_id": ' + b"9" * 5000 + b"}", ": an integer of 5000 digits is more than Python reads"),
    (b'{"type": 1', ": Expecting ',' delimiter at line 1, column 11"),
    (b'{"job_id": "\xff"}', ": byte 12 is not UTF-8"),
    (b'"\\ud800"', "expected an object"),
    (b'{"type": "\\ud800"}', "job_id: expected a value"),
    (b"\xef\xbb\xbf{}", "type: expected a value"),
    (b"\x80", "expected JSON"),
]


@pytest.mark.parametrize(("body", "said"), ODD_BODIES, ids=range(len(ODD_BODIES)))
def test_an_odd_body_is_a_decode_error(flavour: Flavour, body: bytes, said: str) -> None:
    kind = httpx.Client if flavour.name == "sync" else httpx.AsyncClient
    mine = kind(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    with pytest.raises(ResponseDecodeError) as caught:
        flavour.run(get_job, http_client=mine)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500


def test_of_two_equal_keys_the_last_one_counts() -> None:
    body = JOB.replace(b'"state": "completed"', b'"state": "running", "state": "completed"')
    assert body != JOB
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with Client(TOKEN, http_client=httpx.Client(transport=transport)) as client:
        assert client.get_job(JOB_ID).state == "completed"


def test_lone_surrogates_survive() -> None:
    body = b'{"executor": "\\ud800", ' + JOB.strip()[1:]
    body = body.replace(b'"executor": "job-executor-98', b'"other": "')
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with Client(TOKEN, http_client=httpx.Client(transport=transport)) as client:
        assert client.get_job(JOB_ID).executor == "\ud800"


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("http://api.example", False),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example", False),
        ("http://localhost:80", True),
        ("http://api.localhost", True),
        ("http://127.0.0.1:80", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("https://api.example", True),
    ],
)
def test_the_token_does_not_travel_in_the_open(make: Any, url: str, is_safe: bool) -> None:
    if is_safe:
        assert make(TOKEN, base_url=url).base_url == httpx.URL(url)
    else:
        with pytest.raises(ValueError, match=r"unencrypted.*allow_insecure_http=True"):
            make(TOKEN, base_url=url)
        assert make(TOKEN, base_url=url, allow_insecure_http=True).base_url == httpx.URL(url)


@pytest.mark.parametrize("follow", [True, False])
def test_redirects_are_not_followed_whatever_the_http_client_says(follow: bool) -> None:
    with FaultServer("ok") as other:
        away = say(message("307 Temporary Redirect", b"", f"Location: {other.url}/stolen"))
        with (
            FaultServer("away", faults={"away": away}) as server,
            httpx.Client(follow_redirects=follow) as mine,
            Client(TOKEN, base_url=server.url, http_client=mine) as client,
            pytest.raises(APIStatusError, match=r"307.*points to 127.0.0.1, where"),
        ):
            client.get_job(JOB_ID)
        assert other.requests == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("fault", ["stall", "stall in body"])
def test_a_cancelled_task_leaves_the_pool_usable(backend: str, fault: str) -> None:
    async def main() -> None:
        limits = httpx.Limits(max_connections=1)
        async with (
            httpx.AsyncClient(limits=limits) as mine,
            AsyncClient(TOKEN, base_url=server.url, http_client=mine) as client,
        ):
            for _ in range(3):
                with anyio.move_on_after(0.1) as scope:
                    await client.get_job(JOB_ID)
                assert scope.cancelled_caught
            assert isinstance(await client.get_job(JOB_ID), MaterializeViewJob)

    with FaultServer(fault, fault, fault, "ok") as server:
        anyio.run(main, backend=backend)


def test_total_timeout_counts_the_waiting_too(flavour: Flavour, delays: list[float]) -> None:
    with FaultServer("429 in 2") as server, pytest.raises(APITimeoutError) as caught:
        flavour.run(get_job, base_url=server.url, total_timeout=1.5)
    assert delays == [], "it gives up at once where the wait alone would take too long"
    assert isinstance(caught.value.__cause__, RateLimitError)


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (503, APITimeoutError)])
def test_an_answer_that_no_retry_would_change_is_told_however_late_it_came(
    status: int, error: type[Exception]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        threading.Event().wait(0.05)
        return httpx.Response(status)

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as mine,
        Client(TOKEN, http_client=mine, total_timeout=0.02) as client,
        pytest.raises(error),
    ):
        client.get_job(JOB_ID)


@pytest.mark.parametrize(
    "options",
    [
        {"total_timeout": 0},
        {"total_timeout": -1},
        {"total_timeout": float("nan")},
        {"total_timeout": float("inf")},
        {"timeout": 0},
        {"timeout": -3},
        {"timeout": float("nan")},
        {"max_response_bytes": -1},
    ],
)
def test_a_bound_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ValueError, match=name):
        Client(TOKEN, **options)
    if name != "max_response_bytes":
        with pytest.raises(ValueError, match=name):
            Client(TOKEN).with_options(**options)


def test_only_what_is_safe_to_repeat_is_repeated(delays: list[float]) -> None:
    from narrative_jobs._runtime.calls import Call

    for method, times in {"GET": 3, "PUT": 3, "DELETE": 3, "POST": 1, "PATCH": 1}.items():
        seen: list[str] = []

        def answer(request: httpx.Request, seen: list[str] = seen) -> httpx.Response:
            seen.append(request.method)
            return httpx.Response(503)

        send: Callable[[Call[Any]], Any] = Client(
            TOKEN, http_client=httpx.Client(transport=httpx.MockTransport(answer))
        )._send
        with pytest.raises(InternalServerError):
            send(Call(method=method, url="/x", decoders={}))
        assert seen == [method] * times
