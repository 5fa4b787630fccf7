"""Whose answer it is, and the codings that its body may have."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fault_server import JOB, FaultServer, Wire, bomb, message
from narrative_jobs import APITimeoutError, BadRequestError, ResponseDecodeError, job_from_dict
from narrative_jobs._runtime.body import unpacked
from stand_in import Answer, Server
from support import JOB_ID, Flavour, payload, take

Serve = Callable[..., Server]
OTHER = str(UUID(int=7))
SENT = payload("page-sample")
ASKING: list[Callable[[Any], Any]] = [
    lambda client: client.get_job(OTHER),
    lambda client: client.with_raw_response.get_job(UUID(OTHER)),
    lambda client: client.wait_for_job(OTHER),
    lambda client: take(client.wait_for_jobs([OTHER])),
]


@pytest.mark.parametrize("ask", ASKING)
def test_another_jobs_answer_is_not_believed(
    serve: Serve, flavour: Flavour, ask: Callable[[Any], Any]
) -> None:
    with pytest.raises((ResponseDecodeError, ExceptionGroup)) as caught:
        flavour.run(ask, base_url=serve(SENT).url)
    error = caught.value.exceptions[0] if isinstance(caught.value, ExceptionGroup) else caught.value
    assert isinstance(error, ResponseDecodeError)
    said = f"job_id: expected '{OTHER}', which was asked for, got '{JOB_ID}'"
    assert str(error) == f"GET /jobs/{OTHER} answered 200: {said}"
    assert (error.path, error.payload) == ("job_id", SENT)


@pytest.mark.parametrize("asked", [JOB_ID, JOB_ID.upper(), UUID(JOB_ID), job_from_dict(SENT)])
def test_an_id_is_the_same_in_capitals_and_a_job_will_do_for_it(
    serve: Serve, flavour: Flavour, asked: Any
) -> None:
    server = serve({**SENT, "job_id": JOB_ID.upper()})
    asks: list[Callable[[Any], Any]] = [lambda c: c.get_job(asked), lambda c: c.wait_for_job(asked)]
    for ask in asks:
        assert str(flavour.run(ask, base_url=server.url).job_id) == JOB_ID.upper()
    assert [request.path for request in server.requests] == [f"/jobs/{JOB_ID}"] * 2


def test_what_a_raw_response_gave_will_do_for_a_job(serve: Serve, flavour: Flavour) -> None:
    server = serve(SENT)
    response = flavour.run(lambda c: c.with_raw_response.get_job(JOB_ID), base_url=server.url)
    asks: list[Callable[[Any], Any]] = [
        lambda c: c.get_job(response),
        lambda c: c.wait_for_job(response),
        lambda c: take(c.wait_for_jobs([response])),
    ]
    for ask in asks:
        flavour.run(ask, base_url=server.url)
    assert [request.path for request in server.requests] == [f"/jobs/{JOB_ID}"] * 4


@pytest.mark.parametrize("number", ["NaN", "9" * 5000])
def test_two_faults_in_one_body_are_one_clear_error(
    serve: Serve, flavour: Flavour, number: str
) -> None:
    """Half a pair of surrogates, which Python's reader lets pass, and a number that it does not."""
    body = b'{"a": "\xed\xa0\x80", "b": ' + number.encode() + b"}"
    with pytest.raises(ResponseDecodeError, match=r"expected JSON, got .* at line 1, column 17"):
        flavour.run(lambda c: c.get_job(JOB_ID), base_url=serve(Answer(200, body)).url)


def test_a_message_can_be_printed_whatever_the_server_says(serve: Serve, flavour: Flavour) -> None:
    answer = Answer(400, b'{"error": "\\ud800", "error_description": "\\udc00?"}')
    with pytest.raises(BadRequestError) as caught:
        flavour.run(lambda c: c.get_job(JOB_ID), base_url=serve(answer).url)
    assert str(caught.value).encode().endswith(rb": \ud800: \udc00?")


@pytest.mark.parametrize("coding", ["br", "zstd", "aws-chunked"])
def test_a_body_in_an_unknown_coding_is_kept_as_it_came(
    serve: Serve, flavour: Flavour, coding: str
) -> None:
    server = serve(Answer(200, b"packed", {"Content-Encoding": coding}))
    with pytest.raises(ResponseDecodeError, match=f"or as it is, got '{coding}'") as caught:
        flavour.run(lambda client: client.get_job(JOB_ID), base_url=server.url)
    assert caught.value.body == "packed"


def test_many_empty_members_of_gzip_take_little_time() -> None:
    """Each of them is unpacked without a copy of all that follow it."""
    started = time.thread_time()
    assert unpacked(gzip.compress(b"") * 200_000, "gzip", 10_000_000) == (b"", "")
    assert time.thread_time() - started < 10.0


def raw(data: bytes) -> bytes:
    """Pack data as deflate without the header of zlib, as some servers do."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


CODINGS = [
    ("gzip", gzip.compress(JOB[:99]) + gzip.compress(JOB[99:])),
    ("gzip", b"".join(gzip.compress(JOB[at : at + 9]) for at in range(0, len(JOB), 9))),
    ("gzip", gzip.compress(JOB) + bytes(9)),
    ("x-gzip", gzip.compress(JOB)),
    ("deflate", zlib.compress(JOB)),
    ("deflate", raw(JOB)),
    ("gzip, identity", gzip.compress(JOB)),
    ("Identity", JOB),
    ("", JOB),
    ("gzip, gzip", gzip.compress(gzip.compress(JOB))),
    ("deflate,GZIP", gzip.compress(raw(JOB))),
    ("gzip, deflate", zlib.compress(gzip.compress(JOB[:9]) + gzip.compress(JOB[9:]))),
]


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize(("coding", "body"), CODINGS, ids=range(len(CODINGS)))
def test_a_body_is_read_in_every_coding_however_it_arrives(
    flavour: Flavour, coding: str, body: bytes, step: int
) -> None:
    async def in_pieces(wire: Wire, _: str) -> None:
        sent = message("200 OK", body, f"Content-Encoding: {coding}")
        for at in range(0, len(sent), step):
            wire.write(sent[at : at + step])
            await wire.drain()
            await asyncio.sleep(0)

    with FaultServer("pieces", faults={"pieces": in_pieces}) as server:
        job = flavour.run(
            lambda client: client.get_job(JOB_ID),
            base_url=server.url,
            max_response_bytes=len(JOB),
        )
    assert job == job_from_dict(SENT)


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        ("gzip", gzip.compress(JOB[:9]) + gzip.compress(JOB[9:])[:-9], "in gzip, got half of it"),
        ("gzip", b"\x1f", "in gzip, got half of it"),
        ("deflate", raw(JOB)[:-9], "in deflate, got half of it"),
        ("deflate", b"\xff" * 9, "in deflate: Error"),
        ("gzip", zlib.compress(JOB)[:9], "in gzip, got half of it"),
        ("gzip, gzip", gzip.compress(JOB), "in gzip: Error"),
        ("gzip, br", gzip.compress(JOB), "in gzip, or as it is, got 'gzip, br'"),
        ("gzip, gzip, gzip, gzip, gzip", JOB, "in gzip, or as it is, got 'gzip, gzip, gzip"),
        ("gzip", gzip.compress(JOB) + gzip.compress(b" "), f"of at most {len(JOB):,} bytes"),
    ],
)
def test_a_coding_that_is_broken_or_unknown_is_one_clear_error(
    serve: Serve, flavour: Flavour, coding: str, body: bytes, said: str
) -> None:
    server = serve(Answer(200, body, {"Content-Encoding": coding}))
    with pytest.raises(ResponseDecodeError) as caught:
        flavour.run(
            lambda client: client.get_job(JOB_ID), base_url=server.url, max_response_bytes=len(JOB)
        )
    assert f"expected a body {said}" in str(caught.value)


def test_two_codings_in_a_row_stay_within_the_bound(serve: Serve, flavour: Flavour) -> None:
    bodies = {
        "gzip, gzip": gzip.compress(bomb()),
        "gzip, deflate": raw(gzip.compress(b"") * 100_000),  # Nothing, in two megabytes.
    }
    for coding, body in bodies.items():
        server = serve(Answer(200, body, {"Content-Encoding": coding}))
        tracemalloc.start()
        with pytest.raises(ResponseDecodeError, match="at most 1,000,000 bytes"):
            flavour.run(
                lambda c: c.get_job(JOB_ID), base_url=server.url, max_response_bytes=1_000_000
            )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10_000_000


@pytest.mark.parametrize("options", [{"timeout": 0.1}, {"total_timeout": 0.1}])
@pytest.mark.parametrize("fault", ["stall", "stall in body"])
def test_a_timeout_says_the_same_each_time(
    flavour: Flavour, fault: str, options: dict[str, Any]
) -> None:
    said: set[str] = set()
    with FaultServer(fault) as server:
        for _ in range(2):
            with pytest.raises(APITimeoutError) as caught:
                flavour.run(
                    lambda c: c.get_job(JOB_ID), base_url=server.url, max_retries=0, **options
                )
            said.add(str(caught.value))
    assert len(said) == 1
    assert "scope" not in said.pop()
