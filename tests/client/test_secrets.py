"""One fake token, looked for wherever it could come out."""

from __future__ import annotations

import copy
import html
import json
import logging
import pickle
import re
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fault_server import FaultServer, say
from narrative_jobs import (
    APIConnectionError,
    APIStatusError,
    AsyncClient,
    Client,
    NarrativeError,
    NotFoundError,
)
from stand_in import Answer, Server
from support import JOB_ID, Flavour, payload

SECRET = "s3cr3t-0f-a-t0k3n"
ECHO = {"error": "Unauthorized", "error_description": f"Bearer {SECRET} is unknown"}
Serve = Callable[..., Server]


def traces(value: Any) -> list[str]:
    """Give every text that a value may come out as."""
    texts = [str(value), repr(value), f"{value}"]
    try:
        texts.append(pickle.dumps(value).decode("latin-1"))
    except TypeError as error:
        texts.append(str(error))
    if isinstance(value, BaseException):
        texts += traceback.format_exception(value)
        texts += [repr(value.args), repr(vars(value))]
        for chained in (value.__cause__, value.__context__):
            if chained is not None:
                texts += traces(chained)
                request = vars(chained).get("_request")
                texts += [] if request is None else [str(dict(request.headers))]
    return texts


ANSWERS = [
    Answer(200, payload("page-sample")),
    Answer(200, "<html>"),
    Answer(200, {"job_id": SECRET}),
    Answer(401, ECHO, {"WWW-Authenticate": f'Bearer realm="{SECRET}"'}),
    Answer(403, f"<html>{SECRET}"),
    Answer(302, "", {"Location": f"https://elsewhere.example/?token={SECRET}"}),
    Answer(503, ECHO),
    None,
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer and answer.status))
def test_the_token_comes_out_nowhere(
    serve: Serve, flavour: Flavour, caplog: pytest.LogCaptureFixture, answer: Answer | None
) -> None:
    server = serve(answer or Answer(200))
    url = server.url if answer else "http://127.0.0.1:1"
    seen: list[str] = []

    def action(client: Any) -> Any:
        seen.extend(traces(client) + traces(client.with_raw_response))
        seen.extend(traces(client.with_options(timeout=1)))
        return client.with_raw_response.get_job(JOB_ID)

    with caplog.at_level(logging.DEBUG):
        try:
            response = flavour.run(action, token=SECRET, base_url=url, max_retries=0)
            seen.extend(traces(response) + traces(response.parsed))
        except NarrativeError as error:
            logging.getLogger("mine").exception("failed", exc_info=error)
            seen.extend(traces(error))
    if answer:
        assert server.requests[0].headers["Authorization"] == f"Bearer {SECRET}", "it was sent"
    for record in caplog.records:
        if answer and SECRET in str(answer.headers) and record.name.startswith("httpcore"):
            continue  # httpcore's debug log shows the headers of answers, and this one echoes.
        seen += [record.getMessage(), str(record.args), str(record.exc_info), str(vars(record))]
        if record.exc_info and record.exc_info[1]:
            seen += traceback.format_exception(record.exc_info[1])
    assert len(seen) > 10
    for text in seen:
        assert SECRET not in text


@pytest.mark.parametrize("fault", ["garbage", "reset", "hang up in body", "bad chunks", "stall"])
def test_the_token_is_in_nothing_that_a_connection_error_keeps(
    flavour: Flavour, fault: str
) -> None:
    with FaultServer(fault) as server, pytest.raises(APIConnectionError) as caught:
        flavour.run(get_job, token=SECRET, base_url=server.url, max_retries=0, timeout=0.1)
    assert server.requests
    assert not [text for text in traces(caught.value) if SECRET in text]
    # As Sentry, loguru and rich show them; what aiohttp has in variables of its own is its own.
    shown: Any = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    while shown := shown.__cause__ or shown.__context__:
        for frame in shown.stack:
            if "aiohttp/client" not in frame.filename:
                assert SECRET not in str(frame.locals), frame


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize("token", [f"{SECRET}\n", f" {SECRET}", f"{SECRET}é", f"{SECRET}\x00"])
def test_a_malformed_token_is_not_repeated(make: Any, token: str) -> None:
    with pytest.raises(ValueError, match="malformed") as caught:
        make(token)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_client_refuses_to_be_duplicated(make: Any, duplicate: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"cannot be copied or pickled.*with_options") as caught:
        duplicate(make(SECRET))
    assert SECRET not in str(caught.value)


JWT = "eyJhbGciOiJIUzI1NiJ9." + "QWxhZGRpbjpvcGVuIHNlc2FtZQ/+" * 30
ODD = 'k3y/with+"quotes"\\and=more'
BARE = '"type": "not-a-type", "state": "x", "created_at": "2023-10-31T11:19:13Z"'


def raw(status: str, body: str = "", *headers: str) -> bytes:
    data = body.encode()
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", *headers])
    return f"{head}\r\n\r\n".encode() + data


def escaped(token: str) -> str:
    """Write a token as PHP and .NET write it in JSON."""
    return json.dumps(token)[1:-1].replace("/", "\\/").replace("+", "\\u002B")


def in_html(token: str) -> str:
    """Write a token as Go writes it in HTML."""
    return html.escape(token).replace("+", "&#43;")


ECHOES: list[Callable[[str], bytes]] = [
    lambda token: raw(f"401 Bad token {token}"),
    lambda token: raw("401 Unauthorized", "", f"X-Request-Id: {token}"),
    lambda token: raw("200 OK", "{}", f"X-Request-Id: {token}"),
    lambda token: raw("401 Unauthorized", f'{{"error": "Bearer {escaped(token)}"}}'),
    lambda token: raw("401 Unauthorized", f'{{"{escaped(token)}": {{"a": ["{escaped(token)}"]}}}}'),
    lambda token: raw("200 OK", f"<html>{token}"),
    lambda token: raw("200 OK", "", f"Content-Encoding: {'x' * 90}{token}"),
    lambda token: raw("200 OK", f'{{{BARE}, "job_id": "{escaped(token)}"}}'),
    lambda token: raw("200 OK", f'{{{BARE}, "updated_at": "2023-10-31T11:19:13{escaped(token)}"}}'),
    lambda token: raw("200 OK", json.dumps({"type": [token]})),
    lambda token: raw("200 OK", json.dumps({"type": token})),
    lambda token: raw("302 Found", "", f"Location: https://{token[:20]}.example/{token}"),
    lambda token: raw("302 Found", "", f"Location: https://e:{token}/"),
    lambda token: raw("302 Found", "", f"Location: /?{quote(token, safe='')}"),
    lambda token: raw("404 Not Found", quote(token, safe="")),
    lambda token: raw("502 Bad Gateway", f"<p>{in_html(token)}</p>"),
    lambda token: raw("400 Bad Request", json.dumps({"error": json.dumps({"sent": token})})),
    lambda token: f"HTTP/1.1 4a1 {token}\r\n\r\n".encode(),
    lambda token: f"HTTP/1.1 200 OK\r\nno colon {token}\r\n\r\n".encode(),
]


@pytest.mark.parametrize("token", [SECRET, JWT, ODD], ids=["plain", "long", "odd"])
@pytest.mark.parametrize("echo", ECHOES, ids=range(len(ECHOES)))
def test_a_server_that_repeats_the_token_does_not_bring_it_out(
    flavour: Flavour, caplog: pytest.LogCaptureFixture, echo: Callable[[str], bytes], token: str
) -> None:
    with (
        caplog.at_level(logging.DEBUG, "narrative_jobs"),
        FaultServer("echo", faults={"echo": say(echo(token), close=True)}) as server,
        pytest.raises(NarrativeError) as caught,
    ):
        flavour.run(get_job, token=token, base_url=server.url, max_retries=0)
    forms = {token, escaped(token), quote(token, safe=""), repr(token)[1:-1], token[:150]}
    forms |= {in_html(token), json.dumps(json.dumps(token))[3:-3]}
    logged = [str(vars(record)) for record in caplog.records if record.name == "narrative_jobs"]
    assert logged
    for text in traces(caught.value) + logged:
        assert not [form for form in forms if form in text], text


@pytest.mark.parametrize(
    "write", [str.upper, str.lower, str.title, lambda token: quote(token, safe="").lower()]
)
def test_a_token_in_another_case_is_a_secret_too(serve: Serve, write: Callable[[str], str]) -> None:
    """As a database writes a UUID."""
    token = "0f8fad5b/D9CB-469f:a165"
    server = serve(Answer(401, f"There is no key {write(token)}"))
    with (
        Client(token, base_url=server.url) as client,
        pytest.raises(APIStatusError) as caught,
    ):
        client.get_job(JOB_ID)
    assert caught.value.body == "There is no key [token]"
    assert "d9cb" not in "".join(traces(caught.value)).lower()


def get_job(client: Any) -> Any:
    return client.get_job(JOB_ID)


@pytest.mark.parametrize("token", [SECRET, JWT], ids=["short", "long"])
@pytest.mark.parametrize(
    "call",
    [
        lambda client, token: client.get_job(token),
        lambda client, token: client.with_raw_response.get_job(token),
        lambda client, token: client.wait_for_job(token),
        lambda client, token: client.wait_for_jobs([token]),
        lambda client, token: client.wait_for_jobs(token),
        lambda client, token: client.request("GET", token),
    ],
)
def test_a_token_in_the_place_of_another_argument_is_not_repeated(
    flavour: Flavour, call: Callable[[Any, str], Any], token: str
) -> None:
    with pytest.raises(ValueError, match=re.escape("[token]")) as caught:
        flavour.run(lambda client: call(client, token), token=token)
    assert token[:20] not in "".join(traces(caught.value))


def test_a_short_token_does_not_garble_errors(serve: Serve, flavour: Flavour) -> None:
    server = serve(Answer(404, {"error": "NotFound", "error_description": "It is not there."}))
    with pytest.raises(NotFoundError, match="NotFound: It is not there") as caught:
        flavour.run(get_job, token="t", base_url=server.url)
    assert caught.value.error == "NotFound"
    assert caught.value.headers["content-type"] == "application/json"


def test_the_token_is_not_in_what_a_wait_raises(
    serve: Serve, flavour: Flavour, caplog: pytest.LogCaptureFixture
) -> None:
    """The job itself is the caller's data; the words about it are ours."""
    job = payload("page-sample") | {"state": "failed"}
    job |= {"failures": [{"message": f"Bearer {SECRET} has expired"}]}
    paused = payload("page-sample") | {"state": SECRET, "ended_at": None}
    for answer, options in (job, {}), (paused, {"max_wait": 0.1}), (Answer(503, ECHO), {}):
        server = serve(answer)

        def action(client: Any, options: dict[str, Any] = options) -> Any:
            return client.wait_for_job(JOB_ID, poll_interval=0.01, max_outage=0.1, **options)

        with caplog.at_level(logging.DEBUG), pytest.raises(NarrativeError) as caught:
            flavour.run(action, token=SECRET, base_url=server.url)
        assert SECRET not in "".join([str(caught.value), *traceback.format_exception(caught.value)])
        assert "[token]" in str(caught.value)
    assert SECRET not in caplog.text
