"""Waiting for jobs, on a clock that only sleeping moves; sync and async from one test body."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import anyio
import httpx
import narrative_jobs.client
import pytest
import sniffio
import trio
from fault_server import JOB, FaultServer, Wire, message, say
from narrative_jobs import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    Job,
    JobCancelledError,
    JobEndedError,
    JobFailedError,
    JobWaitTimeoutError,
    NarrativeError,
    NotFoundError,
    PermissionDeniedError,
    ResponseDecodeError,
    job_from_dict,
)
from stand_in import TOKEN
from support import JOB_ID, Flavour, payload

ENDED = ("completed", "failed", "cancelled")
PACE = [min(1.5**n, 30.0) for n in range(20)]


OVER_SOCKETS = pytest.mark.parametrize(
    "flavour", ["sync", "asyncio", "trio", "aiohttp"], indirect=True
)


@pytest.fixture(params=["sync", "asyncio", "trio"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """Leave out the transport of aiohttp where a function stands in for the transport."""
    return Flavour(request.param)


ODD = {"html": "<html>", "empty": "", "half": '{"job_id": "2a5b', "error": '{"error": "Busy"}'}


class Clock:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0.0
        self.slept.append(seconds)
        self.now += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the package another clock, and take the chance out of its pace."""
    clock = Clock()
    fake = SimpleNamespace(
        monotonic=clock.monotonic,
        time=clock.monotonic,
        sleep=clock.sleep,
        perf_counter=time.perf_counter,
    )
    for name, module in list(sys.modules.items()):
        if name.startswith("narrative_jobs._runtime.") and hasattr(module, "time"):
            monkeypatch.setattr(module, "time", fake)
    monkeypatch.setattr(anyio, "sleep", clock.async_sleep)
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    return clock


class Script:
    """A server that plays a script: a word for each request, and the last one ever after.

    A state, or a status; `!` after it ends the job in a state that nobody knows, `@7` sends a
    `Retry-After`, `+5` has the request take so many seconds of the clock; `<` has the job end
    before it began, by the clocks of two servers.
    """

    def __init__(self, clock: Clock, words: str, job_id: str = JOB_ID) -> None:
        self.clock, self.job_id = clock, job_id
        self.words = words.split()
        self.requests = 0
        self.shown: Job | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        self.job_id = request.url.path.rsplit("/", 1)[-1]
        word = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        word, _, takes = word.partition("+")
        word, _, asked = word.partition("@")
        self.clock.now += float(takes or 0)
        headers = {"Retry-After": asked} if asked else {}
        if word == "reset":
            raise httpx.ReadError("reset", request=request)
        if word in ODD:
            return httpx.Response(200, text=ODD[word])
        if word.isdigit():
            return httpx.Response(int(word), headers=headers)
        self.shown = job_from_dict(self.job(word))
        return httpx.Response(200, json=self.job(word), headers=headers)

    def job(self, word: str) -> dict[str, Any]:
        state = word.rstrip("!<")
        job = payload("page-sample") | {"job_id": self.job_id, "state": state}
        if state not in ENDED and not word.endswith("!"):
            job |= {"result": None, "ended_at": None}
        if word.endswith("<"):
            job |= {"ended_at": "2023-10-31T11:19:12Z"}
        if state == "failed":
            job |= {"failures": [{"message": "out of memory"}, {}, {"message": "no disk"}]}
        return job


def play(
    flavour: Flavour, handler: Callable[[httpx.Request], httpx.Response], action: Any, **more: Any
) -> Any:
    """Do `action` with a client of a server that is no more than a function."""
    transport = httpx.MockTransport(handler)
    if flavour.name == "sync":
        with httpx.Client(transport=transport) as http_client:
            return flavour.run(action, http_client=http_client, **more)

    async def main() -> Any:
        async with (
            httpx.AsyncClient(transport=transport) as http_client,
            narrative_jobs.AsyncClient(TOKEN, http_client=http_client, **more) as client,
        ):
            result = action(client)
            return await result if inspect.isawaitable(result) else result

    return anyio.run(main, backend=flavour.backend)


def take(jobs: Any, into: list[Any] | None = None) -> Any:
    """Put what an iteration yields into a list, and give that; for either kind of iterator."""
    taken = [] if into is None else into
    if isinstance(jobs, Iterator):
        taken.extend(jobs)
        return taken

    async def all_of_them() -> list[Any]:
        async for job in jobs:
            taken.append(job)
        return taken

    return all_of_them()


# What the server answers, the options, the outcome, the requests made, the seconds slept.
Row = tuple[str, dict[str, Any], Any, int | None, list[float] | None]
TABLE: list[Row] = [
    # Every state.
    ("completed", {}, "completed", 1, []),
    ("pending running completed", {}, "completed", 3, PACE[:2]),
    ("running failed", {}, JobFailedError, 2, PACE[:1]),
    ("running cancelled", {}, JobCancelledError, 2, PACE[:1]),
    ("running failed", {"check": False}, "failed", 2, PACE[:1]),
    ("running cancelled", {"check": False}, "cancelled", 2, PACE[:1]),
    ("not-a-state not-a-state completed", {}, "completed", 3, PACE[:2]),
    ("running not-a-state!", {}, JobEndedError, 2, PACE[:1]),
    ("running not-a-state!", {"check": False}, "not-a-state", 2, PACE[:1]),
    ("running! completed", {}, "completed", 2, PACE[:1]),
    # The pace.
    ("pending " * 12 + "completed", {}, "completed", 13, PACE[:12]),
    ("pending " * 3 + "completed", {"poll_interval": 5}, "completed", 4, [5, 5, 5]),
    ("pending completed", {"poll_interval": timedelta(minutes=1)}, "completed", 2, [60]),
    (
        "pending " * 3 + "completed",
        {"poll_interval": lambda elapsed: 1 + elapsed},
        "completed",
        4,
        [1, 2, 4],
    ),
    ("pending@7 running@0.5 completed", {}, "completed", 3, [7, 0.5]),
    ("pending@0 pending@soon pending@-1 completed", {}, "completed", 4, PACE[:3]),
    ("pending@7 running completed", {"poll_interval": 2}, "completed", 3, [7, 2]),
    ("pending@1 completed", {"poll_interval": 2}, "completed", 2, [2]),
    ("pending@86400 completed", {"max_wait": None}, "completed", 2, [3600]),
    ("503@4 completed", {}, "completed", 2, [4]),
    # The deadline.
    ("pending", {"max_wait": 10}, JobWaitTimeoutError, 6, [*PACE[:4], 0.875]),
    ("pending", {"max_wait": timedelta(seconds=10)}, JobWaitTimeoutError, 6, [*PACE[:4], 0.875]),
    ("pending", {"max_wait": 0.1}, JobWaitTimeoutError, 2, [0.09]),
    ("pending completed", {"max_wait": 0.1}, "completed", 2, [0.09]),
    ("pending pending failed", {"max_wait": 2}, JobFailedError, 3, [1, 0.8]),
    ("pending@60 pending", {"max_wait": 10}, JobWaitTimeoutError, 2, [9]),
    ("pending+9.5", {"max_wait": 10}, JobWaitTimeoutError, 1, []),
    ("pending completed+99", {"max_wait": 10}, "completed", 2, [1]),
    ("pending " * 200 + "completed", {"max_wait": None}, "completed", 201, PACE + [30.0] * 180),
    ("reset", {"max_wait": 10}, JobWaitTimeoutError, 6, [*PACE[:4], 0.875]),
    # An outage, and answers that are none of the API's.
    ("reset 502 408 520 completed", {}, "completed", 5, PACE[:4]),
    ("503 " * 9 + "running " + "503 " * 9 + "completed", {}, "completed", 20, PACE[:19]),
    ("503", {}, InternalServerError, 18, PACE[:17]),
    ("running reset", {}, APIConnectionError, 18, PACE[:17]),
    ("503", {"poll_interval": 1}, InternalServerError, 301, [1] * 300),
    ("503", {"poll_interval": 1, "max_outage": 15}, InternalServerError, 16, [1] * 15),
    ("503", {"max_outage": timedelta(seconds=1)}, InternalServerError, 3, PACE[:2]),
    ("503 " * 2 + "running", {"max_outage": 1, "max_wait": 9}, JobWaitTimeoutError, 5, None),
    ("503", {"poll_interval": 600, "max_wait": None}, InternalServerError, 3, [600] * 2),
    ("503", {"poll_interval": 10, "max_outage": None}, JobWaitTimeoutError, 361, None),
    *(
        (f"running {odd} completed", {}, "completed", 3, PACE[:2])
        for odd in ("html", "empty", "half", "error", "204", "302")
    ),
    *(
        (f"running {odd}", {}, ResponseDecodeError, 18, PACE[:17])
        for odd in ("html", "empty", "half", "error")
    ),
    ("running 204", {}, APIStatusError, 18, PACE[:17]),
    ("running 302", {}, APIStatusError, 18, PACE[:17]),
    ("html", {}, ResponseDecodeError, 1, []),
    ("204", {}, APIStatusError, 1, []),
    ("503 302", {}, APIStatusError, 2, PACE[:1]),
    # A rate limit: by 429, pauses grow as the pace is halved; no number of them ends a wait.
    ("429@7 completed", {}, "completed", 2, [7 * 1.25]),
    ("429@86400 completed", {"max_wait": None}, "completed", 2, [4500]),
    ("429 429 429 completed", {}, "completed", 4, None),
    ("running 429", {"max_wait": 600, "max_outage": 1}, JobWaitTimeoutError, None, None),
    ("429@60", {"max_wait": 10}, JobWaitTimeoutError, 1, [10]),
    ("503 503 429 503 503 completed", {"max_outage": 0.1}, "completed", 6, None),
    # What ends it at once.
    ("running 401", {}, AuthenticationError, 2, PACE[:1]),
    ("running 403", {}, PermissionDeniedError, 2, PACE[:1]),
    ("running 404", {}, NotFoundError, 2, PACE[:1]),
    ("running 400", {}, BadRequestError, 2, PACE[:1]),
    ("404", {"check": False}, NotFoundError, 1, []),
]


def seconds(span: Any) -> float:
    return span.total_seconds() if isinstance(span, timedelta) else float(span)


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0][:30].strip()} {' '.join(row[1])}")
def test_a_wait(flavour: Flavour, clock: Clock, row: Row, many: bool) -> None:
    words, options, outcome, requests, slept = row
    script = Script(clock, words)
    began = clock.now

    def action(client: Any) -> Any:
        if not many:
            return client.wait_for_job(JOB_ID, **options)
        return take(client.wait_for_jobs([JOB_ID], **{"check": True, **options}))

    if isinstance(outcome, str):
        result = play(flavour, script, action)
        if many:
            (result,) = result
        assert result.state == outcome
    else:
        with pytest.raises((outcome, ExceptionGroup)) as caught:
            play(flavour, script, action)
        error: Any = caught.value
        if isinstance(error, ExceptionGroup):
            assert str(error) == "1 of 1 jobs could not be followed to their end (1 sub-exception)"
            (error,) = error.exceptions
        assert type(error) is outcome
        assert error.job_id == JOB_ID
        assert error.job == script.shown
        if outcome is JobWaitTimeoutError:
            assert clock.now - began <= seconds(options.get("max_wait", 3600))
    assert requests is None or script.requests == requests
    assert slept is None or clock.slept == pytest.approx(slept)


FAILED = f"job {JOB_ID} (materialize-view) ended as failed after 0:05:55: out of memory; no disk"
SAID = [
    ("running failed", {}, FAILED),
    ("cancelled", {}, f"job {JOB_ID} (materialize-view) ended as cancelled after 0:05:55"),
    ("cancelled<", {}, f"job {JOB_ID} (materialize-view) ended as cancelled"),
    (
        "not-a-state!",
        {},
        f"job {JOB_ID} (materialize-view) ended as not-a-state (a state that this version of the "
        "package does not know) after 0:05:55",
    ),
    (
        "not-a-state",
        {"max_wait": 1.5},
        f"job {JOB_ID} (materialize-view) did not end within 1.5 seconds; when last seen, it was "
        "not-a-state (a state that this version of the package does not know)",
    ),
    (
        "running",
        {"max_wait": timedelta(days=14), "poll_interval": 10**6},
        f"job {JOB_ID} (materialize-view) did not end within 1,209,600 seconds; when last seen, it "
        "was running",
    ),
    (
        "503",
        {"max_wait": timedelta(seconds=5)},
        f"job {JOB_ID} did not end within 5 seconds; last: GET /jobs/{JOB_ID} answered 503 Service "
        "Unavailable",
    ),
]


@pytest.mark.parametrize(("words", "options", "said"), SAID, ids=lambda value: str(value)[:12])
def test_an_error_says_how_it_ended(
    flavour: Flavour, clock: Clock, words: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(NarrativeError) as caught:
        play(flavour, Script(clock, words), lambda c: c.wait_for_job(JOB_ID, **options))
    assert str(caught.value) == said
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), vars(again)) == (said, vars(caught.value))
    assert isinstance(caught.value, TimeoutError) == isinstance(caught.value, JobWaitTimeoutError)


def test_a_flood_of_failures_makes_no_flood_of_text(flavour: Flavour, clock: Clock) -> None:
    script = Script(clock, "failed")
    job = script.job("failed") | {"failures": [{"message": f"m{n}"} for n in range(10_000)]}
    with pytest.raises(JobFailedError) as caught:
        play(flavour, lambda _: httpx.Response(200, json=job), lambda c: c.wait_for_job(JOB_ID))
    assert "ended as failed after 0:05:55: m0; m1; m2; m3; " in str(caught.value)
    assert len(str(caught.value)) == 2000
    assert caught.value.job.failures is not None
    assert len(caught.value.job.failures) == 10_000


def test_a_message_without_end_makes_no_text_without_end(flavour: Flavour, clock: Clock) -> None:
    script = Script(clock, "failed")
    job = script.job("failed") | {"failures": [{"message": "m" * 10**6}]}
    with pytest.raises(JobFailedError) as caught:
        play(flavour, lambda _: httpx.Response(200, json=job), lambda c: c.wait_for_job(JOB_ID))
    assert len(str(caught.value)) < 500
    assert caught.value.job.failures is not None
    assert len(caught.value.job.failures[0].message or "") == 10**6


def test_an_outage_leaves_a_note(flavour: Flavour, clock: Clock) -> None:
    with pytest.raises(InternalServerError) as caught:
        play(flavour, Script(clock, "running 503"), lambda c: c.wait_for_job(JOB_ID))
    name = f"job {JOB_ID} (materialize-view)"
    assert caught.value.__notes__ == [
        f"Gave up waiting for {name}: 17 errors and nothing else in 314 seconds."
    ]


def test_the_clients_retries_play_no_part(flavour: Flavour, clock: Clock) -> None:
    script = Script(clock, "503 503 503 completed")
    play(flavour, script, lambda client: client.wait_for_job(JOB_ID), max_retries=9)
    assert (script.requests, clock.slept) == (4, PACE[:3])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"max_wait": 0}, "max_wait must be a number of seconds above 0, or None, not 0"),
    ({"max_wait": -1}, "max_wait must be"),
    ({"max_wait": float("nan")}, "max_wait must be"),
    ({"max_wait": "60"}, "max_wait must be .*not '60'"),
    ({"max_wait": True}, "max_wait must be"),
    ({"max_wait": timedelta(0)}, "max_wait must be"),
    ({"poll_interval": 0}, "poll_interval must be"),
    ({"poll_interval": "1"}, "poll_interval must be"),
    ({"poll_interval": lambda _: "soon"}, "poll_interval must give .*not 'soon'"),
    ({"poll_interval": lambda _: None}, "poll_interval must give .*not None"),
    ({"poll_interval": lambda _: -1}, "poll_interval must give .*not -1"),
    ({"on_update": "print"}, "on_update must be something to call, not 'print'"),
]


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize(("options", "said"), BAD, ids=range(len(BAD)))
def test_a_bad_argument_is_one_clear_error(
    flavour: Flavour, clock: Clock, options: dict[str, Any], said: str, many: bool
) -> None:
    script = Script(clock, "running")

    def action(client: Any) -> Any:
        if many:
            return take(client.wait_for_jobs([JOB_ID], **options))
        return client.wait_for_job(JOB_ID, **options)

    with pytest.raises(ValueError, match=said):
        play(flavour, script, action)
    assert script.requests == ("give" in said)


@pytest.mark.parametrize(
    ("ids", "options", "said"),
    [
        (JOB_ID, {}, f"expected many ids, got '{JOB_ID}': put it into a list"),
        (None, {}, "expected many ids, got None: put it into a list"),
        (b"2a5b", {}, "expected many ids, got b'2a5b': put it into a list"),
        ([JOB_ID, "x"], {}, "job_id: expected a UUID, got 'x'"),
        ([JOB_ID, None], {}, "job_id: expected a UUID, got None"),
        ([JOB_ID], {"max_concurrency": 0}, "max_concurrency must be a whole number, 1 or more"),
    ],
)
def test_bad_ids_are_refused_before_any_request(
    flavour: Flavour, clock: Clock, ids: Any, options: dict[str, Any], said: str
) -> None:
    script = Script(clock, "running")
    with pytest.raises(ValueError, match=said):
        play(flavour, script, lambda client: client.wait_for_jobs(ids, **options))
    assert script.requests == 0


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_on_update_hears_of_each_state_once(flavour: Flavour, clock: Clock, many: bool) -> None:
    script = Script(clock, "pending pending running 503 running not-a-state not-a-state completed")
    heard: list[str] = []

    async def hear(job: Job) -> None:
        await anyio.lowlevel.checkpoint()
        heard.append(str(job.state))

    def action(client: Any) -> Any:
        told = hear if flavour.name == "trio" else lambda job: heard.append(str(job.state))
        if many:
            return take(client.wait_for_jobs([JOB_ID], on_update=told))
        return client.wait_for_job(JOB_ID, on_update=told)

    play(flavour, script, action)
    assert heard == ["pending", "running", "not-a-state", "completed"]


@pytest.mark.parametrize("where", ["on_update", "poll_interval"])
def test_no_error_of_the_callers_ends_a_loop_in_silence(
    flavour: Flavour, clock: Clock, where: str
) -> None:
    def stop(_: object) -> float:
        raise StopIteration if flavour.name == "sync" else StopAsyncIteration

    with pytest.raises(RuntimeError, match="poll_interval or on_update raised Stop"):
        play(
            flavour,
            Script(clock, "pending running"),
            lambda client: take(client.wait_for_jobs([JOB_ID], **{where: stop})),
        )


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_an_error_from_on_update_keeps_its_cause(
    flavour: Flavour, clock: Clock, many: bool
) -> None:
    def tell(job: Job) -> None:
        raise LookupError from KeyError("why")

    def action(client: Any) -> Any:
        if many:
            return take(client.wait_for_jobs([JOB_ID], on_update=tell))
        return client.wait_for_job(JOB_ID, on_update=tell)

    with pytest.raises(LookupError) as caught:
        play(flavour, Script(clock, "pending"), action)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt, SystemExit])
def test_an_error_from_on_update_ends_the_wait(
    flavour: Flavour, clock: Clock, error: type[BaseException], many: bool
) -> None:
    script = Script(clock, "pending running completed")

    def tell(job: Job) -> None:
        if job.state == "running":
            raise error("enough")

    def action(client: Any) -> Any:
        if many:
            return take(client.wait_for_jobs([JOB_ID, str(UUID(int=7))], on_update=tell))
        return client.wait_for_job(JOB_ID, on_update=tell)

    with pytest.raises(error, match="enough"):
        play(flavour, script, action)
    assert script.requests <= 3


def test_a_job_will_do_for_its_id(flavour: Flavour, clock: Clock) -> None:
    script = Script(clock, "running completed")
    job = job_from_dict(script.job("running"))
    assert play(flavour, script, lambda c: c.wait_for_job(job)).state == "completed"
    jobs = play(flavour, script, lambda c: take(c.wait_for_jobs([job, JOB_ID, UUID(JOB_ID)])))
    assert [job.job_id for job in jobs] == [UUID(JOB_ID)]


def test_a_raw_response_shows_the_last_answer(flavour: Flavour, clock: Clock) -> None:
    def action(client: Any) -> Any:
        return client.with_raw_response.wait_for_job(JOB_ID, check=False)

    script = Script(clock, "running failed")
    response = play(flavour, script, action)
    assert (response.status_code, response.parsed.state) == (200, "failed")
    assert json.loads(response.content) == script.job("failed")
    script = Script(clock, "running completed")
    (response,) = play(flavour, script, lambda c: take(c.with_raw_response.wait_for_jobs([JOB_ID])))
    assert json.loads(response.content) == script.job("completed")


# Many jobs at once.

IDS = [str(UUID(int=n)) for n in range(1, 7)]


def by_id(scripts: dict[str, Script]) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: scripts[request.url.path.removeprefix("/jobs/")](request)


def plays(clock: Clock, *words: str) -> dict[str, Script]:
    return {IDS[n]: Script(clock, each, IDS[n]) for n, each in enumerate(words)}


def test_jobs_come_as_they_finish_and_the_rest_in_one_group(flavour: Flavour, clock: Clock) -> None:
    scripts = plays(
        clock,
        "running " * 6 + "completed",
        "404",
        "running failed",
        "503",
        "running html",
        "not-a-state",
    )
    taken: list[Job] = []
    with pytest.raises(ExceptionGroup) as caught:
        play(
            flavour,
            by_id(scripts),
            lambda client: take(
                client.wait_for_jobs([*IDS, *IDS], max_wait=300, max_outage=60), taken
            ),
        )
    assert [(str(job.job_id), job.state) for job in taken] == [
        (IDS[2], "failed"),
        (IDS[0], "completed"),
    ]
    assert caught.value.message == "4 of 6 jobs could not be followed to their end"
    found: dict[str, Any] = {vars(error)["job_id"]: error for error in caught.value.exceptions}
    assert {job_id: type(error) for job_id, error in found.items()} == {
        IDS[1]: NotFoundError,
        IDS[3]: InternalServerError,
        IDS[4]: ResponseDecodeError,
        IDS[5]: JobWaitTimeoutError,
    }
    assert [found[IDS[n]].job for n in (1, 3)] == [None, None]
    assert [found[IDS[n]].job.state for n in (4, 5)] == ["running", "not-a-state"]


def test_check_raises_at_the_first_bad_end(flavour: Flavour, clock: Clock) -> None:
    scripts = plays(clock, "completed", "running failed", "running running completed")
    taken: list[Job] = []

    def action(client: Any) -> Any:
        jobs = client.wait_for_jobs(IDS[:3], check=True, poll_interval=1, max_concurrency=1)
        return twice(jobs, taken)

    with pytest.raises(JobFailedError, match="out of memory") as caught:
        play(flavour, by_id(scripts), action)
    assert caught.value.job_id == IDS[1]
    assert [str(job.job_id) for job in taken] == IDS[:1]


def twice(jobs: Any, taken: list[Job]) -> Any:
    """Iterate, and see that after an error nothing more comes."""
    if isinstance(jobs, Iterator):
        try:
            return take(jobs, taken)
        finally:
            assert list(jobs) == []

    async def both() -> Any:
        try:
            return await take(jobs, taken)
        finally:
            assert await take(jobs) == []

    return both()


@pytest.mark.parametrize(
    ("status", "kind"), [("401", AuthenticationError), ("403", PermissionDeniedError)]
)
def test_a_refusal_ends_it_all_at_once(
    flavour: Flavour, clock: Clock, status: str, kind: type[Exception]
) -> None:
    scripts = plays(clock, "completed", status, "running", "running")
    taken: list[Job] = []
    with pytest.raises(kind) as caught:
        play(
            flavour,
            by_id(scripts),
            lambda client: twice(client.wait_for_jobs(IDS[:4], max_concurrency=1), taken),
        )
    assert str(taken[0].job_id) == IDS[0]
    assert vars(caught.value)["job_id"] == IDS[1]
    assert sum(script.requests for script in scripts.values()) <= 3


def test_no_ids_are_no_jobs(flavour: Flavour, clock: Clock) -> None:
    assert play(flavour, by_id({}), lambda client: take(client.wait_for_jobs([]))) == []


@pytest.mark.parametrize("asked", [None, "8"], ids=["by interval", "by Retry-After"])
def test_the_looks_at_many_jobs_are_spread(
    flavour: Flavour, clock: Clock, monkeypatch: pytest.MonkeyPatch, asked: str | None
) -> None:
    chance = random.Random(4)
    monkeypatch.setattr(random, "uniform", lambda least, most: chance.uniform(least, most))
    looks: list[float] = []
    ids = [str(UUID(int=n)) for n in range(200)]

    def answer(request: httpx.Request) -> httpx.Response:
        looks.append(clock.now)
        job = Script(clock, "", request.url.path.removeprefix("/jobs/")).job("running")
        return httpx.Response(200, json=job, headers={"Retry-After": asked} if asked else {})

    def action(client: Any) -> Any:
        interval = None if asked else 10
        return take(
            client.wait_for_jobs(ids, poll_interval=interval, max_wait=60, max_concurrency=1)
        )

    with pytest.raises(ExceptionGroup):
        play(flavour, answer, action)
    began = looks[0]
    middle = [int(moment - began) for moment in looks if 10 <= moment - began < 50]
    assert len(middle) == 800 if asked is None else 750 < len(middle) < 1000
    assert max(middle.count(second) for second in range(10, 50)) < 45, "20 a second on average"


def test_500_jobs_and_20_requests_a_second(flavour: Flavour, clock: Clock) -> None:
    ids = [str(UUID(int=n)) for n in range(500)]
    admitted: dict[int, int] = {}
    requests: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(clock.now)
        second = int(clock.now)
        admitted[second] = admitted.get(second, 0) + 1
        if admitted[second] > 20:
            return httpx.Response(429, headers={"Retry-After": "1"})
        job_id = request.url.path.removeprefix("/jobs/")
        return httpx.Response(200, json=Script(clock, "", job_id).job("completed"))

    jobs = play(flavour, answer, lambda client: take(client.wait_for_jobs(ids)))
    assert sorted(str(job.job_id) for job in jobs) == ids
    assert len(requests) < 600
    assert requests[-1] - requests[0] < 60, "25 seconds at the best"


def test_a_retry_after_that_is_a_date_holds_back_too(flavour: Flavour, clock: Clock) -> None:
    answers = [
        httpx.Response(429, headers={"Retry-After": "Thu, 01 Jan 1970 00:17:00 GMT"}),
        httpx.Response(200, json=Script(clock, "").job("completed")),
    ]
    play(flavour, lambda _: answers.pop(0), lambda client: client.wait_for_job(JOB_ID))
    assert clock.slept == [25.0], "from second 1000 to 1020, and a quarter"


def test_waits_that_share_a_client_share_its_pace(flavour: Flavour, clock: Clock) -> None:
    """What one wait was refused holds back the next one, since both use one token."""
    script = Script(clock, "429@8 running completed")

    def action(client: Any) -> Any:
        first = client.wait_for_jobs(IDS[:1], max_wait=1)
        second = client.with_options(timeout=5).with_raw_response
        if flavour.name == "sync":
            with pytest.raises(ExceptionGroup):
                take(first)
            return second.wait_for_job(IDS[1])

        async def both() -> Any:
            with pytest.raises(ExceptionGroup):
                await take(first)
            return await second.wait_for_job(IDS[1])

        return both()

    assert play(flavour, script, action).parsed.state == "completed"
    assert clock.slept[0] == 1
    assert clock.slept[1] >= 9, "8 and a quarter more, after the 1"


# Over real sockets.


@OVER_SOCKETS
def test_max_wait_cuts_the_last_request_short(flavour: Flavour) -> None:
    with FaultServer("stall") as server:
        began = time.monotonic()
        with pytest.raises(JobWaitTimeoutError) as caught:
            flavour.run(lambda c: c.wait_for_job(JOB_ID, max_wait=0.3), base_url=server.url)
        assert 0.2 < time.monotonic() - began < 15, "half of what a request may take by itself"
        assert isinstance(caught.value.__cause__, APITimeoutError)
        assert caught.value.job is None


@OVER_SOCKETS
@pytest.mark.parametrize("max_wait", [1e10, timedelta.max], ids=["a number", "a timedelta"])
def test_a_wait_of_centuries_is_no_trouble(flavour: Flavour, max_wait: Any) -> None:
    with FaultServer("ok") as server:
        job = flavour.run(
            lambda client: client.wait_for_job(JOB_ID, max_wait=max_wait),
            base_url=server.url,
            timeout=None,
        )
        assert job.state == "completed"


@OVER_SOCKETS
def test_total_timeout_bounds_each_look(flavour: Flavour) -> None:
    with FaultServer("stall", "stall", "ok") as server:
        job = flavour.run(
            lambda client: client.wait_for_job(JOB_ID, poll_interval=0.01),
            base_url=server.url,
            total_timeout=0.1,
        )
        assert job.state == "completed"
        assert len(server.requests) == 3


@OVER_SOCKETS
def test_a_wait_lives_through_what_a_network_does(flavour: Flavour) -> None:
    running = JOB.replace(b'"completed"', b'"running"')
    faults = {"running": say(message("200 OK", running))}
    script = "running", "reset", "hang up in body", "html 502", "garbage", "429", "running", "ok"
    with FaultServer(*script, faults=faults) as server:
        job = flavour.run(
            lambda client: client.wait_for_job(JOB_ID, poll_interval=0.01), base_url=server.url
        )
        assert job.state == "completed"
        assert len(server.requests) == len(script)


@OVER_SOCKETS
def test_a_slow_answer_is_waited_for_while_others_come(flavour: Flavour) -> None:
    """Each look is worth its answer, however many jobs end while it is under way."""
    ids = [str(UUID(int=n)) for n in range(1, 9)]

    async def job(wire: Wire, path: str) -> None:
        number = UUID(path.rsplit("/", 1)[-1]).int
        await asyncio.sleep(0.8 if number == 1 else 0.05 * number)
        wire.write(message("200 OK", job_of(path)))

    with FaultServer("job", faults={"job": job}) as server:
        jobs = flavour.run(
            lambda client: take(client.wait_for_jobs(ids, max_concurrency=4)), base_url=server.url
        )
        assert len(jobs) == len(server.requests) == len(ids)
        assert server.accepted <= 4


def test_a_slow_api_is_asked_no_more_often(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll under way gets the time that answers take, and is not begun again for each end."""
    for module in ("async_polling", "sync_polling"):
        monkeypatch.setattr(f"narrative_jobs._runtime.{module}.LAST_MOMENT", 0.05)
    ids = [str(UUID(int=n)) for n in range(1, 4)]

    async def job(wire: Wire, path: str) -> None:
        await asyncio.sleep(0.3 * UUID(path.rsplit("/", 1)[-1]).int)
        wire.write(message("200 OK", job_of(path)))

    with FaultServer("job", faults={"job": job}) as server:
        jobs = flavour.run(lambda client: take(client.wait_for_jobs(ids)), base_url=server.url)
        assert [str(job.job_id) for job in jobs] == ids
        assert len(server.requests) == len(ids)


def test_what_stalls_is_asked_again_after_the_others(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("async_polling", "sync_polling"):
        monkeypatch.setattr(f"narrative_jobs._runtime.{module}.LAST_MOMENT", 0.05)
    ids = [str(UUID(int=n)) for n in range(1, 9)]
    ended: set[str] = set()

    async def job(wire: Wire, path: str) -> None:
        if path.endswith(("2", "3")):
            await asyncio.sleep(30)
        wire.write(message("200 OK", job_of(path)))

    def tell(job: Job) -> None:
        ended.add(str(job.job_id))
        if ended == {ids[0], *ids[3:]}:
            raise LookupError("all the others")

    with FaultServer("job", faults={"job": job}) as server, pytest.raises(LookupError):
        flavour.run(
            lambda client: take(
                client.wait_for_jobs(ids, max_wait=15, max_concurrency=2, on_update=tell)
            ),
            base_url=server.url,
        )


def job_of(path: str) -> bytes:
    """Return the job that was asked for, completed."""
    return JOB.replace(JOB_ID.encode(), path.rsplit("/", 1)[-1].encode())


def leave_by_break(client: Any, ids: list[str]) -> Any:
    jobs = client.wait_for_jobs(ids, poll_interval=0.01)
    if isinstance(jobs, Iterator):
        for job in jobs:
            if job.state == "completed":
                break
        return job

    async def first() -> Any:
        async for job in jobs:
            if job.state == "completed":
                break
        return job

    return first()


def leave_by_error(client: Any, ids: list[str]) -> Any:
    def tell(job: Job) -> None:
        if job.state == "completed":
            raise LookupError("enough")

    return take(client.wait_for_jobs(ids, poll_interval=0.01, on_update=tell))


def leave_by_check(client: Any, ids: list[str]) -> Any:
    return take(client.wait_for_jobs([*ids, str(UUID(int=0))], poll_interval=0.01, check=True))


def leave_by_interrupt(client: Any, ids: list[str]) -> Any:
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return take(client.wait_for_jobs(ids[1:], poll_interval=0.01))


def leave_by_cancelling(client: Any, ids: list[str]) -> Any:
    async def cancelled() -> None:
        with anyio.fail_after(0.3):
            await take(client.wait_for_jobs(ids[1:], poll_interval=0.01))

    return cancelled()


LEAVING = [
    (leave_by_break, None),
    (leave_by_error, LookupError),
    (leave_by_check, JobFailedError),
    (leave_by_interrupt, KeyboardInterrupt),
]


def tasks() -> int:
    """Count the tasks of the loop, without its own."""
    if sniffio.current_async_library() == "trio":
        return trio.lowlevel.current_statistics().tasks_living - 3
    return len(asyncio.all_tasks()) - 1


@pytest.mark.parametrize(
    ("flavour", "leave", "error"),
    [(name, *way) for name in ("sync", "asyncio", "trio", "aiohttp") for way in LEAVING]
    + [(name, leave_by_cancelling, TimeoutError) for name in ("asyncio", "trio", "aiohttp")],
    indirect=["flavour"],
)
def test_leaving_early_leaves_nothing_behind(
    flavour: Flavour,
    leave: Callable[[Any, list[str]], Any],
    error: type[BaseException] | None,
) -> None:
    """Some jobs complete or fail, some run on, and one request is answered after the end alone."""
    ids = [str(UUID(int=n)) for n in range(1, 6)]
    before = threading.active_count()
    left: list[int] = []
    is_over = threading.Event()

    async def job(wire: Wire, path: str) -> None:
        number = UUID(path.rsplit("/", 1)[-1]).int
        if number == 3:
            while not is_over.is_set():
                await asyncio.sleep(0.01)
        state = {0: b"failed", 1: b"completed"}.get(number, b"running")
        wire.write(message("200 OK", job_of(path).replace(b"completed", state)))

    def action(client: Any) -> Any:
        result = leave(client, ids)

        async def then_count() -> Any:
            try:
                return await result
            finally:
                left.append(tasks())

        return then_count() if inspect.isawaitable(result) else result

    with FaultServer("job", faults={"job": job}) as server:
        began = time.monotonic()
        if error:
            with pytest.raises(error):
                flavour.run(action, base_url=server.url)
        else:
            assert flavour.run(action, base_url=server.url).state == "completed"
        assert time.monotonic() - began < 15, "half of what a request may take by itself"
        is_over.set()
        while server.open and time.monotonic() - began < 15:
            time.sleep(0.01)
        assert server.open == 0
        assert threading.active_count() == before + 1, "the server's own"
    assert left == ([] if flavour.name == "sync" else [0])
