"""The clients over real HTTP: the requests they make, and what they make of the answers."""

from __future__ import annotations

import inspect
import pickle
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio
import httpx
import narrative_jobs.client
import pytest
from narrative_jobs import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    Client,
    ConflictError,
    InternalServerError,
    NarrativeError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Response,
    ResponseDecodeError,
    UnprocessableEntityError,
    job_from_dict,
)
from stand_in import TOKEN, Answer, Server, jobs_of_the_spec
from support import JOB_ID, Flavour, payload

JOB = payload("page-sample")
Serve = Callable[..., Server]


def get_job(client: Any) -> Any:
    return client.get_job(JOB_ID)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass between retries, and note how long it would have been."""
    delays: list[float] = []

    async def note(delay: float) -> None:
        delays.append(delay)

    monkeypatch.setattr("time.sleep", delays.append)
    monkeypatch.setattr("anyio.sleep", note)
    return delays


@pytest.mark.parametrize(
    "job_id",
    [JOB_ID, UUID(JOB_ID), JOB_ID.upper(), job_from_dict({**JOB, "job_id": JOB_ID.upper()}).job_id],
)
def test_it_asks_for_the_job_as_the_page_does(
    serve: Serve, flavour: Flavour, job_id: str | UUID
) -> None:
    server = serve(JOB)
    job = flavour.run(lambda client: client.get_job(job_id), base_url=server.url)
    assert job == job_from_dict(JOB)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", f"/jobs/{JOB_ID}", b"")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] == (
        f"narrative-jobs/{narrative_jobs.__version__} "
        f"python/{'.'.join(map(str, sys.version_info[:3]))} httpx/{httpx.__version__}"
    )


def test_a_raw_response_has_the_status_and_headers_too(serve: Serve, flavour: Flavour) -> None:
    server = serve(Answer(200, JOB, {"X-Request-Id": "r-1"}))
    response = flavour.run(
        lambda client: client.with_raw_response.get_job(JOB_ID), base_url=server.url
    )
    assert isinstance(response, Response)
    assert response.status_code == 200
    assert response.headers["x-request-id"] == response.request_id == "r-1"
    assert response.parsed == job_from_dict(JOB)
    assert b'"snapshot_id": 1724919539450264600' in response.content
    assert response.retries_taken == 0


ERRORS = [
    (400, BadRequestError),
    (401, AuthenticationError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (409, ConflictError),
    (418, APIStatusError),
    (422, UnprocessableEntityError),
    (429, RateLimitError),
    (500, InternalServerError),
    (502, InternalServerError),
    (503, InternalServerError),
    (520, InternalServerError),
    (599, InternalServerError),
]


@pytest.mark.parametrize(("status", "error_class"), ERRORS)
def test_every_status_has_its_error(
    serve: Serve, flavour: Flavour, status: int, error_class: type[APIStatusError]
) -> None:
    body = {"error": "Code", "error_description": "A sentence.", "hint": 1}
    server = serve(Answer(status, body, {"X-Request-Id": "r-2"}))
    with pytest.raises(APIStatusError) as caught:
        flavour.run(get_job, base_url=server.url)
    error = caught.value
    assert type(error) is error_class
    assert error.status_code == status
    assert error.headers["x-request-id"] == error.request_id == "r-2"
    assert (error.error, error.error_description) == ("Code", "A sentence.")
    assert error.body == body
    assert f"GET /jobs/{JOB_ID} answered {status}" in str(error)
    assert str(error).endswith(": Code: A sentence.")
    assert isinstance(error, APIError)
    assert isinstance(error, NarrativeError)
    retried = status == 429 or status >= 500
    assert error.retries_taken == (2 if retried else 0)
    assert len(server.requests) == error.retries_taken + 1
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is error_class
    assert (str(twin), vars(twin)) == (str(error), vars(error))


@pytest.mark.parametrize(
    ("body", "kept", "told"),
    [
        ("", "", "answered 404 Not Found"),
        ("<html>nginx</html>", "<html>nginx</html>", "Not Found: '<html>nginx</html>'"),
        (["a"], ["a"], "Not Found: ['a']"),
        ({"error": 7}, {"error": 7}, "Not Found: {'error': 7}"),
        ({"error": "NotFound"}, {"error": "NotFound"}, ": NotFound"),
        ("<p>" * 1000, "<p>" * 1000, "<p>"),
        ("[" * 980 + "]" * 980, "[" * 980 + "]" * 980, "Not Found: '[[["),
    ],
)
def test_the_body_of_an_error_may_be_anything(
    serve: Serve, flavour: Flavour, body: Any, kept: object, told: str
) -> None:
    server = serve(Answer(404, body))
    with pytest.raises(NotFoundError) as caught:
        flavour.run(get_job, base_url=server.url)
    assert caught.value.body == kept
    assert told in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.error_description is None


@pytest.mark.parametrize(
    ("charset", "sent", "kept"),
    [
        ("iso-8859-1", b"gesch\xfctzt", "geschützt"),
        ("utf-16", b"abc", "\u6261\ufffd"),
        ("unheard-of", b"abc\xff", "abc\ufffd"),
        ("hex", b"abc", "abc"),
        ("undefined", b"abc", "abc"),
    ],
)
def test_a_text_is_read_in_the_charset_that_it_names(
    serve: Serve, flavour: Flavour, charset: str, sent: bytes, kept: str
) -> None:
    headers = {"Content-Type": f"text/html; charset={charset}"}
    server = serve(Answer(404, sent, headers), Answer(200, sent, headers))
    for _ in range(2):
        with pytest.raises((NotFoundError, ResponseDecodeError)) as caught:
            flavour.run(get_job, base_url=server.url)
        assert vars(caught.value)["body"] == kept


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "expected an object, got None"),
        ("<html>maintenance</html>", "expected JSON, got '<html>maintenance</html>'"),
        ('{"job_id": "2a5b', "expected JSON, got"),
        ([JOB], "expected an object, got [{"),
        ("null", "expected an object, got None"),
        ("7", "expected an object, got 7"),
        ({**JOB, "created_at": "soon"}, "created_at: expected a timestamp (RFC 3339), got 'soon'"),
        (b"\xff\xfe\xfa", "expected JSON"),
        ("[" * 100_000 + "]" * 100_000, "expected"),
    ],
)
def test_a_200_that_is_no_job_is_one_clear_error(
    serve: Serve, flavour: Flavour, body: Any, said: str
) -> None:
    server = serve(Answer(200, body, {"X-Request-Id": "r-3"}))
    with pytest.raises(ResponseDecodeError) as caught:
        flavour.run(get_job, base_url=server.url)
    error = caught.value
    assert said in str(error)
    assert str(error).startswith(f"GET /jobs/{JOB_ID} answered 200: ")
    assert (error.status_code, error.request_id) == (200, "r-3")
    assert isinstance(error.body, str)
    if isinstance(body, str):
        assert error.body == body
    assert error.payload == (body if isinstance(body, (dict, list)) else {"7": 7}.get(body))
    assert len(server.requests) == 1, "what was said in full is not asked for again"
    twin = pickle.loads(pickle.dumps(error))
    assert (str(twin), vars(twin)) == (str(error), vars(error))


@pytest.mark.parametrize("status", [201, 202, 204, 304])
def test_a_status_that_the_spec_does_not_know_is_never_none(
    serve: Serve, flavour: Flavour, status: int
) -> None:
    server = serve(Answer(status))
    with pytest.raises(APIStatusError, match=f"answered {status}"):
        flavour.run(get_job, base_url=server.url)


@pytest.mark.parametrize(
    "job_id",
    [
        "",
        "42",
        "../jobs",
        JOB_ID + "0",
        JOB_ID[:-1] + "\n",
        f" {JOB_ID[:-1]}",
        f"{{{JOB_ID}}}",
        None,
        7,
        b"x",
    ],
)
def test_a_bad_job_id_is_refused_before_any_request(
    serve: Serve, flavour: Flavour, job_id: Any
) -> None:
    server = serve(JOB)
    with pytest.raises(ValueError, match=r"^job_id: expected a UUID, got ") as caught:
        flavour.run(lambda client: client.get_job(job_id), base_url=server.url)
    assert not isinstance(caught.value, NarrativeError)
    assert server.requests == []


def test_a_refused_connection_is_a_connection_error(flavour: Flavour) -> None:
    with pytest.raises(APIConnectionError) as caught:
        flavour.run(get_job, base_url="http://127.0.0.1:1", max_retries=1)
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert "got no answer from 127.0.0.1: ConnectError" in str(caught.value)
    assert caught.value.retries_taken == 1
    assert not isinstance(caught.value, APITimeoutError)


def test_a_silent_server_is_a_timeout(flavour: Flavour) -> None:
    release = threading.Event()

    def answer(_: object) -> Answer:
        release.wait(5)
        return Answer(200, JOB)

    with Server(answer) as server:
        with pytest.raises(APITimeoutError) as caught:
            flavour.run(get_job, base_url=server.url, timeout=0.05, max_retries=0)
        release.set()
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)


def test_what_may_be_cured_is_tried_again(
    serve: Serve, flavour: Flavour, no_waiting: list[float]
) -> None:
    server = serve(Answer(503), Answer(429, "", {"Retry-After": "3"}), Answer(200, JOB))
    response = flavour.run(
        lambda client: client.with_raw_response.get_job(JOB_ID), base_url=server.url
    )
    assert response.retries_taken == 2
    assert 0.375 <= no_waiting[0] <= 0.5
    assert no_waiting[1] == 3.0


def test_no_retry_where_none_is_wanted(
    serve: Serve, flavour: Flavour, no_waiting: list[float]
) -> None:
    server = serve(Answer(503))
    with pytest.raises(InternalServerError):
        flavour.run(get_job, base_url=server.url, max_retries=0)
    assert (len(server.requests), no_waiting) == (1, [])


@pytest.mark.parametrize(
    ("environment", "options", "url"),
    [
        ({}, {}, "https://api.narrative.io"),
        ({}, {"environment": "dev"}, "https://api-dev.narrative.io"),
        ({}, {"environment": "https://jobs.example/v1"}, "https://jobs.example/v1"),
        ({}, {"base_url": "https://jobs.example"}, "https://jobs.example"),
        ({}, {"base_url": httpx.URL("https://jobs.example/")}, "https://jobs.example/"),
        ({"NARRATIVE_ENVIRONMENT": "dev"}, {}, "https://api-dev.narrative.io"),
        ({"NARRATIVE_ENVIRONMENT": "http://127.0.0.1:9"}, {}, "http://127.0.0.1:9"),
        ({"NARRATIVE_ENVIRONMENT": ""}, {}, "https://api.narrative.io"),
        ({"NARRATIVE_ENVIRONMENT": "dev"}, {"environment": "prod"}, "https://api.narrative.io"),
        ({"NARRATIVE_ENVIRONMENT": "dev"}, {"base_url": "https://a.b"}, "https://a.b"),
    ],
)
def test_it_finds_its_server(
    flavour: Flavour,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: dict[str, Any],
    url: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert flavour.run(lambda client: client.base_url, **options) == httpx.URL(url)


def test_it_finds_its_token(
    serve: Serve, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(JOB)
    monkeypatch.setenv("NARRATIVE_API_KEY", "from-the-environment")
    flavour.run(get_job, token=None, base_url=server.url)
    flavour.run(get_job, token="given", base_url=server.url)
    sent = [request.headers["Authorization"] for request in server.requests]
    assert sent == ["Bearer from-the-environment", "Bearer given"]


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": None}, r"pass it as token=\.\.\., or .* NARRATIVE_API_KEY"),
        ({"token": ""}, "There is no API key"),
        ({"token": "abc\n"}, "^The API key is malformed"),
        ({"token": "schlüssel"}, "^The API key is malformed"),
        ({"environment": "staging"}, "no environment 'staging': pass one of 'prod', 'dev' or a"),
        ({"environment": "dev", "base_url": "https://a.b"}, "^Pass environment or base_url"),
        ({"base_url": "api.narrative.io"}, "is not of the form https://"),
        ({"base_url": "ftp://api.narrative.io"}, "is not of the form https://"),
        ({"base_url": "https://"}, "is not of the form https://"),
        ({"base_url": "https://a.b:port"}, "malformed"),
        ({"base_url": "https://me:pw@a.b"}, "must have no user"),
        ({"base_url": "https://a.b?x=1"}, "must have no user, password, query"),
        ({"max_retries": -1}, "^max_retries must be a whole number, 0 or more, not -1"),
        ({"headers": {"authorization": "x"}}, "is made from the request or the token"),
        ({"headers": {"X": "a\nb"}}, "The header 'X' is no name, or its value is not"),
        ({"headers": {"X\n": "a"}}, "or its value is not printable ASCII"),
        ({"headers": {"X": None}}, "or its value is not printable ASCII"),
        ({"base_url": "https://h/#"}, "must have no user, password, query or fragment"),
        ({"base_url": "https://h?"}, "must have no user, password, query or fragment"),
        ({"base_url": "https://a..b"}, "^The base URL is malformed"),
        ({"base_url": "https://h:99999"}, "is not of the form https://"),
        ({"base_url": "ftp://me:secret@h"}, "^The base URL must have no user"),
        ({"base_url": b"https://h"}, "^The base URL is malformed"),
        ({"environment": 5}, "^There is no environment 5"),
        ({"token": 5}, "^The API key is malformed: it is no string"),
        ({"timeout": "10"}, "^timeout must be a number of seconds above 0, or None, not '10'"),
        ({"timeout": httpx.Timeout(5, read=-1)}, r"^timeout \(read\) must be a number"),
        ({"max_retries": None}, "^max_retries must be a whole number"),
        ({"max_retries": 1.5}, "^max_retries must be a whole number"),
        ({"max_retries": True}, "^max_retries must be a whole number"),
        ({"http_client": object()}, "^http_client must be an httpx.*Client, not of type object"),
    ],
)
def test_a_bad_argument_is_one_clear_error(make: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make(**{"token": TOKEN, **options})


def test_options_make_a_copy_that_shares_the_connections(serve: Serve) -> None:
    server = serve(JOB)
    with Client(TOKEN, base_url=server.url) as client:
        client.get_job(JOB_ID)
        other = client.with_options(timeout=7, max_retries=0)
        with other:
            other.get_job(JOB_ID)
        assert server.connections == 1
        assert other.timeout == httpx.Timeout(7)
        assert (client.timeout, client.max_retries) == (httpx.Timeout(30, connect=5), 2)
        assert other.max_retries == 0
        assert other.with_options().max_retries == 0
        assert other.with_options(timeout=None).timeout == httpx.Timeout(None)
        client.get_job(JOB_ID)  # The copy was closed; the connections are not its own.
        assert server.connections == 1


def test_connections_are_kept_alive(serve: Serve, flavour: Flavour) -> None:
    server = serve(JOB)

    def thrice(client: Any) -> Any:
        if flavour.name == "sync":
            return [client.get_job(JOB_ID) for _ in range(3)]

        async def main() -> Any:
            return [await client.get_job(JOB_ID) for _ in range(3)]

        return main()

    assert len(flavour.run(thrice, base_url=server.url)) == 3
    assert server.connections == 1


def test_your_own_http_client_is_used_and_left_open(serve: Serve) -> None:
    server = serve(JOB)
    with httpx.Client(headers={"X-Mine": "yes"}, timeout=11) as mine:
        with Client(TOKEN, base_url=server.url, http_client=mine) as client:
            client.get_job(JOB_ID)
            assert client.timeout == httpx.Timeout(11)
        assert server.requests[0].headers["X-Mine"] == "yes"
        assert not mine.is_closed
        assert Client(TOKEN, http_client=mine, timeout=3).timeout == httpx.Timeout(3)
    with httpx.Client() as plain:
        assert Client(TOKEN, http_client=plain).timeout == httpx.Timeout(30, connect=5)


def test_further_headers_are_sent(serve: Serve, flavour: Flavour) -> None:
    server = serve(JOB)
    headers = {"X-Team": "data", "User-Agent": "mine/1"}
    flavour.run(get_job, base_url=server.url, headers=headers)
    assert server.requests[0].headers["X-Team"] == "data"
    assert server.requests[0].headers["User-Agent"] == "mine/1"


def test_the_base_url_may_have_a_path(serve: Serve, flavour: Flavour) -> None:
    server = serve(JOB)
    flavour.run(get_job, base_url=f"{server.url}/proxy/v1/")
    assert server.requests[0].path == f"/proxy/v1/jobs/{JOB_ID}"


def test_threads_share_a_client(serve: Serve) -> None:
    def answer(request: Any) -> Answer:
        time.sleep(0.002)
        return Answer(200, {**JOB, "job_id": request.path.removeprefix("/jobs/")})

    ids = [UUID(int=number) for number in range(200)]
    with (
        Server(answer) as server,
        Client(TOKEN, base_url=server.url) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        assert [job.job_id for job in pool.map(client.get_job, ids)] == ids


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_share_a_client(serve: Serve, backend: str) -> None:
    ids = [UUID(int=number) for number in range(100)]
    got: dict[UUID, UUID] = {}

    def answer(request: Any) -> Answer:
        return Answer(200, {**JOB, "job_id": request.path.removeprefix("/jobs/")})

    async def main() -> None:
        async with (
            AsyncClient(TOKEN, base_url=server.url) as client,
            anyio.create_task_group() as g,
        ):

            async def one(job_id: UUID) -> None:
                got[job_id] = (await client.get_job(job_id)).job_id

            for job_id in ids:
                g.start_soon(one, job_id)

    with Server(answer) as server:
        anyio.run(main, backend=backend)
    assert got == {job_id: job_id for job_id in ids}


def test_a_closed_client_says_so(flavour: Flavour) -> None:
    kept: list[Any] = []
    flavour.run(kept.append)
    with pytest.raises(RuntimeError, match="closed"):
        flavour.run(lambda _: get_job(kept[0]))


def test_the_stand_in_behaves_as_the_spec_says(flavour: Flavour) -> None:
    with Server(jobs_of_the_spec()) as server:
        states = [flavour.run(get_job, base_url=server.url).state for _ in range(4)]
        assert states == ["pending", "running", "completed", "pending"]
        with pytest.raises(AuthenticationError, match="Unauthorized: The access token"):
            flavour.run(get_job, token="wrong", base_url=server.url)
        with pytest.raises(NotFoundError, match="NotFound: There is no such job"):
            flavour.run(lambda client: client.get_job(UUID(int=0)), base_url=server.url)


def public(cls: type) -> dict[str, Any]:
    return {name: vars(cls)[name] for name in vars(cls) if not name.startswith("_")}


@pytest.mark.parametrize("suffix", ["", "WithRawResponse"])
def test_the_clients_are_twins(suffix: str) -> None:
    one: Any = getattr(narrative_jobs.client, f"Client{suffix}")
    other: Any = getattr(narrative_jobs.client, f"AsyncClient{suffix}")
    renamed = {"close": "aclose"}
    assert [renamed.get(name, name) for name in public(one)] == list(public(other))
    for name, member in public(one).items():
        twin = getattr(other, renamed.get(name, name))
        text = inspect.getdoc(twin) or ""
        text = text.replace("AsyncClient", "Client").replace(" It may be an async function.", "")
        assert inspect.getdoc(member) == text
        if callable(member):
            signature = str(inspect.signature(twin)).replace("AsyncGenerator", "Generator")
            assert str(inspect.signature(member)) == signature
            is_iterator = "AsyncGenerator" in str(inspect.signature(twin))
            assert inspect.iscoroutinefunction(twin) != is_iterator
    (parameters, twins) = (list(inspect.signature(cls).parameters) for cls in (one, other))
    assert [p for p in parameters if p != "transport"] == [p for p in twins if p != "transport"]
