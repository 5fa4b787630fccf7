"""What holds for one call alone, calls that no method stands for, and the log by a variable."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from operator import methodcaller
from typing import Any

import httpx
import pytest
from fault_server import FaultServer
from narrative_jobs import (
    APIStatusError,
    APITimeoutError,
    Client,
    InternalServerError,
    NotFoundError,
    Response,
    ResponseDecodeError,
    job_from_dict,
)
from narrative_jobs._runtime.calls import UNSET
from stand_in import TOKEN, Answer, Server
from support import JOB_ID, ROOT, Flavour, payload, take

Serve = Callable[..., Server]
JOB = payload("page-sample")
RUNNING = payload("materialize-view-running")

ASKING: list[Callable[..., Any]] = [
    lambda client, **options: client.get_job(JOB_ID, **options),
    lambda client, **options: client.with_raw_response.get_job(JOB_ID, **options),
    lambda client, **options: client.request("GET", f"/jobs/{JOB_ID}", **options),
    lambda client, **options: client.with_raw_response.request("GET", "/jobs", **options),
    lambda client, **options: client.wait_for_job(JOB_ID, **options),
    lambda client, **options: client.with_raw_response.wait_for_job(JOB_ID, **options),
    lambda client, **options: take(client.wait_for_jobs([JOB_ID], **options)),
    lambda client, **options: take(client.with_raw_response.wait_for_jobs([JOB_ID], **options)),
]
CALLS = ASKING[:4]
each_way = pytest.mark.parametrize("ask", ASKING, ids=range(len(ASKING)))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass between retries."""
    monkeypatch.setattr("narrative_jobs._runtime.client.backoff", lambda _: 0.0)


@each_way
def test_headers_of_one_call_go_with_it_alone(
    serve: Serve, flavour: Flavour, ask: Callable[..., Any]
) -> None:
    server = serve(JOB)

    def act(client: Any) -> Any:
        first = ask(client, headers={"X-Team": "mine", "user-agent": "me/1"})
        if not inspect.isawaitable(first):
            return ask(client)

        async def both() -> None:
            await first
            await ask(client)

        return both()

    flavour.run(act, base_url=server.url, headers={"X-Team": "ours", "X-All": "yes"})
    one, other = (request.headers for request in server.requests)
    assert (one["X-Team"], one["X-All"], one["User-Agent"]) == ("mine", "yes", "me/1")
    assert (other["X-Team"], other["X-All"]) == ("ours", "yes")
    assert other["User-Agent"].startswith("narrative-jobs/")
    assert one["Authorization"] == other["Authorization"] == f"Bearer {TOKEN}"
    assert server.connections == 1


@pytest.mark.parametrize("ask", CALLS, ids=range(len(CALLS)))
def test_timeouts_of_one_call(flavour: Flavour, ask: Callable[..., Any]) -> None:
    for options in ({"timeout": 0.05}, {"total_timeout": 0.05}):
        with FaultServer("stall") as server, pytest.raises(APITimeoutError):
            flavour.run(
                partial(ask, **options),
                base_url=server.url,
                timeout=20,
                max_retries=0,
            )


def test_a_timeout_of_a_wait_is_that_of_each_poll(flavour: Flavour) -> None:
    with FaultServer("stall", "ok") as server:
        job = flavour.run(
            lambda c: c.wait_for_job(JOB_ID, timeout=0.05, poll_interval=0.01), base_url=server.url
        )
        assert job.is_final
        assert len(server.requests) == 2


@pytest.mark.parametrize("ask", CALLS, ids=range(len(CALLS)))
def test_retries_of_one_call(serve: Serve, flavour: Flavour, ask: Callable[..., Any]) -> None:
    for retries in (0, 4):
        server = serve(Answer(503))
        with pytest.raises(InternalServerError) as caught:
            flavour.run(partial(ask, max_retries=retries), base_url=server.url)
        assert caught.value.retries_taken == retries
        assert len(server.requests) == retries + 1


@pytest.mark.parametrize("ask", ASKING[4:], ids=range(4))
def test_retries_of_a_wait_are_how_many_errors_in_a_row_it_forgives(
    serve: Serve, flavour: Flavour, ask: Callable[..., Any]
) -> None:
    def act(client: Any) -> Any:
        return ask(client, max_retries=1, poll_interval=0.01)

    for answers in ([Answer(503), JOB], [Answer(503), RUNNING, Answer(503), JOB]):
        server = serve(*answers)
        flavour.run(act, base_url=server.url, max_retries=0)
        assert len(server.requests) == len(answers)
    server = serve(RUNNING, Answer(503), Answer(502), JOB)
    with pytest.raises((InternalServerError, ExceptionGroup)) as caught:
        flavour.run(act, base_url=server.url)
    error = caught.value.exceptions[0] if isinstance(caught.value, ExceptionGroup) else caught.value
    assert isinstance(error, InternalServerError)
    assert (error.status_code, len(server.requests)) == (502, 3)


@each_way
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"timeout": -1}, ValueError),
        ({"max_retries": "many"}, ValueError),
        ({"headers": {"authorization": "Bearer x"}}, ValueError),
        ({"headers": {"X": "a\nb"}}, ValueError),
        ({"headers": [("X", "y")]}, ValueError),
        ({"retries": 3}, TypeError),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_before_any_request(
    serve: Serve,
    flavour: Flavour,
    ask: Callable[..., Any],
    options: dict[str, Any],
    error: type[Exception],
) -> None:
    server = serve(JOB)
    with pytest.raises(error, match=next(iter(options)).removesuffix("s")):
        flavour.run(lambda client: ask(client, **options), base_url=server.url)
    assert server.requests == []


def test_headers_of_a_copy_go_with_all_that_it_sends(serve: Serve) -> None:
    server = serve(JOB)
    with Client(TOKEN, base_url=server.url, headers={"X-A": "1", "X-B": "1"}) as client:
        other = client.with_options(headers={"x-b": "2", "Accept-Encoding": "br"})
        other.get_job(JOB_ID)
        other.with_options(headers={"X-C": "3"}).get_job(JOB_ID)
        client.get_job(JOB_ID)
    sent = [request.headers for request in server.requests]
    assert [one.get("X-B") for one in sent] == ["2", "2", "1"]
    assert [one.get("X-C") for one in sent] == [None, "3", None]
    assert [one["X-A"] for one in sent] == ["1", "1", "1"]
    assert {one["Accept-Encoding"] for one in sent} == {"gzip, deflate"}


def test_a_call_that_no_method_stands_for_gives_its_json(serve: Serve, flavour: Flavour) -> None:
    server = serve(Answer(200, {"records": [JOB], "total": 10**30}))
    params = {"state": ["failed", "x y"], "page": 2, "all": True, "none": None}
    found = flavour.run(
        lambda client: client.request("get", "/jobs/ä b%2F", params=params),
        base_url=f"{server.url}/v1/",
    )
    assert found == {"records": [JOB], "total": 10**30}
    assert job_from_dict(found["records"][0]).is_final
    (request,) = server.requests
    query = "state=failed&state=x+y&page=2&all=true"
    assert (request.method, request.path) == ("GET", f"/v1/jobs/%C3%A4%20b%2F?{query}")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_query_may_be_one_of_httpx(serve: Serve, flavour: Flavour) -> None:
    server = serve(JOB)
    params = httpx.QueryParams([("state", "failed"), ("state", "running")])
    flavour.run(lambda client: client.request("GET", "/jobs", params=params), base_url=server.url)
    assert server.requests[0].path == "/jobs?state=failed&state=running"


def test_it_may_have_a_body(serve: Serve, flavour: Flavour) -> None:
    server = serve(Answer(201, "[1]"), Answer(204))
    moment = datetime(2024, 1, 2, tzinfo=UTC)

    def act(client: Any) -> Any:
        return client.request("POST", "/jobs", json={"since": (moment,), "ü": "\ud800"})

    assert flavour.run(act, base_url=server.url) == [1]
    assert flavour.run(act, base_url=server.url) is None
    request = server.requests[0]
    assert json.loads(request.body) == {"since": ["2024-01-02T00:00:00Z"], "ü": "\ud800"}
    assert request.headers["Content-Type"] == "application/json"


def test_what_one_call_says_of_its_body_is_not_said_of_the_next(serve: Serve) -> None:
    server = serve(JOB)
    with Client(TOKEN, base_url=server.url) as client:
        for method in ("POST", "GET", "POST"):
            client.request(method, "/jobs", json=[1] if len(server.requests) == 2 else UNSET)
    lengths = [request.headers.get("Content-Length") for request in server.requests]
    assert lengths == ["0", None, "3"]
    assert "Content-Type" not in server.requests[0].headers


def test_its_raw_response_has_the_status_and_headers(serve: Serve, flavour: Flavour) -> None:
    server = serve(Answer(202, {"a": 1}, {"X-Request-Id": "r-1"}))
    response = flavour.run(
        lambda c: c.with_raw_response.request("DELETE", "/jobs"), base_url=server.url
    )
    assert isinstance(response, Response)
    assert (response.parsed, response.status_code, response.request_id) == ({"a": 1}, 202, "r-1")


@pytest.mark.parametrize(
    ("answer", "method", "options", "error", "requests"),
    [
        (Answer(404, {"error": "NotFound"}), "GET", {}, NotFoundError, 1),
        (Answer(302, "", {"Location": "/x"}), "GET", {}, APIStatusError, 1),
        (Answer(503), "GET", {}, InternalServerError, 3),
        (Answer(503), "POST", {}, InternalServerError, 1),
        (Answer(200, "<html>"), "GET", {}, ResponseDecodeError, 1),
        (Answer(200, [1] * 50), "GET", {"max_response_bytes": 50}, ResponseDecodeError, 1),
    ],
)
def test_its_errors_and_bounds_are_those_of_the_others(
    serve: Serve,
    flavour: Flavour,
    answer: Answer,
    method: str,
    options: dict[str, Any],
    error: type[Exception],
    requests: int,
) -> None:
    server = serve(answer)
    with pytest.raises(error, match=f"{method} /jobs answered {answer.status}"):
        flavour.run(lambda c: c.request(method, "/jobs"), base_url=server.url, **options)
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "https://elsewhere.example/jobs", "path must begin with '/'"),
        ("GET", "jobs", "path must begin with '/'"),
        ("GET", "/jobs?page=2", "have its query in params; got '/jobs\\?page=2'"),
        ("GET", "/jobs#x", "have its query in params"),
        ("GET /x", "/jobs", "method must be one of HTTP, such as 'GET', not 'GET /x'"),
        ("", "/jobs", "method must be one of HTTP"),
    ],
)
def test_where_it_would_go_is_checked_first(
    serve: Serve, flavour: Flavour, method: str, path: str, said: str
) -> None:
    server = serve(JOB)
    with pytest.raises(ValueError, match=said):
        flavour.run(lambda client: client.request(method, path), base_url=server.url)
    assert server.requests == []


def test_half_a_pair_of_surrogates_is_refused_by_name(flavour: Flavour) -> None:
    """As the name of a file may have, or a text that was cut in the midst of an emoji."""
    half = "\ud83d"
    for path, query, name in (f"/jobs/{half}", {}, "path"), ("/jobs", {"q": half}, "q"):
        with pytest.raises(ValueError, match=rf"^{name} cannot be sent: .*'\\ud83d' in position"):
            flavour.run(methodcaller("request", "GET", path, params=query))


def test_it_goes_over_an_http_client_too(serve: Serve) -> None:
    server = serve(JOB)
    with httpx.Client() as mine, Client(TOKEN, base_url=server.url, http_client=mine) as client:
        assert client.request("GET", "/jobs", params={"a": "ü"}, headers={"X-A": "1"}) == JOB
    assert server.requests[0].path == "/jobs?a=%C3%BC"
    assert server.requests[0].headers["X-A"] == "1"


def logged(url: str, level: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Wait for a job in a process of its own."""
    code = f"import logging; {before}\nfrom narrative_jobs import Client\nfor _ in 1, 2:\n"
    code += f" with Client('{TOKEN}', base_url='{url}') as c: c.wait_for_job('{JOB_ID}')"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "generated",
        env={**os.environ, "NARRATIVE_LOG": level},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_variable_shows_the_log(serve: Serve) -> None:
    url = serve(JOB).url
    lines = logged(url, "debug").stderr.splitlines()
    calls = [line for line in lines if " -> 200 (" in line]
    assert len(calls) == 2
    assert all(" DEBUG narrative_jobs: GET /jobs/" in line for line in calls)
    assert TOKEN not in str(lines)
    assert " DEBUG " not in logged(url, "INFO").stderr
    assert logged(url, "").stderr == ""


@pytest.mark.parametrize("before", ["", "import narrative_jobs; narrative_jobs.Client('key');"])
def test_the_log_of_the_program_itself_comes_first(serve: Serve, before: str) -> None:
    """Also where a module made a client before the program said where its log goes."""
    set_up = f"{before} logging.basicConfig(level='DEBUG', format='OURS %(message)s')"
    lines = logged(serve(JOB).url, "debug", set_up).stderr.splitlines()
    assert lines
    assert all(line.startswith("OURS ") for line in lines)
    assert sum(" -> 200 (" in line for line in lines) == 2


def test_a_level_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARRATIVE_LOG", "1")
    with pytest.raises(ValueError, match="variable NARRATIVE_LOG must be debug or info, not '1'"):
        Client(TOKEN)
