"""What people meet in the field when they wait for many jobs for long; sync and async alike."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import anyio
import pytest
from fault_server import JOB, Fault, FaultServer, Wire, message
from narrative_jobs import (
    APIStatusError,
    AsyncClient,
    AuthenticationError,
    InternalServerError,
    JobFailedError,
    ResponseDecodeError,
)
from support import JOB_ID, ROOT, Flavour

IDS = [str(UUID(int=n)) for n in range(1, 61)]
Body = Callable[[Any], Awaitable[Any]]


def play(flavour: Flavour, server: FaultServer, body: Body) -> Any:
    """Run a body that awaits only what it has of an async client, with either client."""

    def action(client: Any) -> Any:
        try:
            body(client).__await__().send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("the body awaited something")

    return flavour.run(action if flavour.name == "sync" else body, base_url=server.url)


async def step(jobs: Any) -> Any:
    """Take the next job, `None` at the end."""
    return next(jobs, None) if isinstance(jobs, Iterator) else await anext(jobs, None)


async def rest(jobs: Any) -> list[str]:
    """Take all that comes, and return the ids."""
    came: list[str] = []
    while job := await step(jobs):
        came.append(str(job.job_id))
    return came


async def value(result: Any) -> Any:
    """Return what a method gives, once it is there."""
    return await result if isinstance(result, Awaitable) else result


def number(path: str) -> int:
    return UUID(path.rsplit("/", 1)[-1]).int


def answers(state_of: Callable[[int], str]) -> Fault:
    """Answer with the job that was asked for, in a state by its number."""

    async def answer(wire: Wire, path: str) -> None:
        job_id = path.rsplit("/", 1)[-1].encode()
        job = JOB.replace(JOB_ID.encode(), job_id)
        state = state_of(number(path)).encode()
        wire.write(message("200 OK", job.replace(b'"completed"', b'"%s"' % state)))
        await wire.drain()

    return answer


def say(status: str, body: bytes = b"", *headers: str) -> Fault:
    async def answer(wire: Wire, _: str) -> None:
        wire.write(message(status, body, *headers))
        await wire.drain()

    return answer


@pytest.mark.parametrize("flavour", ["sync", "asyncio"], indirect=True)
def test_a_rate_limit_loses_no_job(flavour: Flavour) -> None:
    """The API admits 50 requests in any second."""
    ids = [str(UUID(int=n)) for n in range(150)]
    admitted: deque[float] = deque([-1.0] * 50, maxlen=50)
    refusals: list[int] = []

    def admit(_: str) -> str:
        now = time.monotonic()
        if now < admitted[0] + 1:
            refusals.append(len(server.requests))
            return "refused"
        admitted.append(now)
        return "ok"

    async def body(client: Any) -> list[str]:
        return await rest(client.wait_for_jobs(ids))

    refused = say("429 Too Many Requests", b"", "Retry-After: 1")
    with FaultServer(choose=admit, faults={"refused": refused}) as server:
        assert sorted(play(flavour, server, body)) == ids
        assert len(server.requests) < 1.5 * len(ids)
    assert refusals[0] == 51
    assert len([count for count in refusals if count <= 58]) <= 8, "what was under way already"


ODD = {
    "html": say("200 OK", b"<html>maintenance</html>"),
    "empty": say("200 OK"),
    "half": say("200 OK", JOB[:200]),
    "error": say("200 OK", b'{"error": "Busy"}'),
    "204": say("204 No Content"),
    "redirect": say("302 Found", b"", "Location: http://127.0.0.1:1/login"),
}


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_an_outage_and_odd_answers_are_lived_through(flavour: Flavour, many: bool) -> None:
    faults = {**ODD, "running": answers(lambda _: "running")}
    script = ["reset", *["html 502"] * 12, "running", *ODD, "running", *["empty 503"] * 12, "ok"]

    async def body(client: Any) -> str:
        if many:
            return (await rest(client.wait_for_jobs([JOB_ID], poll_interval=0.01)))[0]
        return str((await value(client.wait_for_job(JOB_ID, poll_interval=0.01))).job_id)

    with FaultServer(*script, faults=faults) as server:
        assert play(flavour, server, body) == JOB_ID
        assert len(server.requests) == len(script)


@pytest.mark.parametrize("lasting", ["empty 503", *ODD])
def test_what_lasts_ends_the_wait_in_the_error_that_it_is(flavour: Flavour, lasting: str) -> None:
    faults = {**ODD, "running": answers(lambda _: "running")}

    async def body(client: Any) -> Any:
        return await value(client.wait_for_job(JOB_ID, poll_interval=0.01, max_outage=0.1))

    expected = {"empty 503": InternalServerError, "204": APIStatusError, "redirect": APIStatusError}
    with FaultServer("running", lasting, faults=faults) as server:
        with pytest.raises(expected.get(lasting, ResponseDecodeError)) as caught:
            play(flavour, server, body)
        assert len(server.requests) >= 4, "three errors at least"
    error: Any = caught.value
    assert error.job.state == "running"
    if isinstance(error, ResponseDecodeError):
        bodies = {"html": "<html>maintenance</html>", "empty": "", "half": JOB[:200].decode()}
        assert error.body == bodies.get(lasting, '{"error": "Busy"}')


@pytest.mark.parametrize("first", ODD)
def test_a_first_answer_that_is_odd_ends_the_wait(flavour: Flavour, first: str) -> None:
    async def body(client: Any) -> Any:
        return await value(client.wait_for_job(JOB_ID, poll_interval=0.01))

    with FaultServer(first, "ok", faults=ODD) as server:
        with pytest.raises((ResponseDecodeError, APIStatusError)):
            play(flavour, server, body)
        assert len(server.requests) == 1


class Heartbeat(BaseException):
    """What a signal handler may raise, as Ctrl-C does."""


@contextlib.contextmanager
def interrupted_after(flavour: Flavour, seconds: float) -> Iterator[None]:
    """Interrupt what is inside, by cancelling it or by a signal."""
    if flavour.name != "sync":
        with anyio.move_on_after(seconds):
            yield
        return

    def strike(*_: object) -> None:
        raise Heartbeat

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with contextlib.suppress(Heartbeat):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


# What strikes while Python drops a weak reference is lost, and only told.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", ["while it polls", "in on_update"])
def test_an_interrupted_step_loses_nothing(flavour: Flavour, way: str) -> None:
    """Jobs end after 0.05, 0.1, 0.15… seconds, and a step is interrupted again and again."""
    ids, began, heard = IDS[:12], time.monotonic(), itertools.count()

    def state(which: int) -> str:
        return "completed" if time.monotonic() - began > which / 20 else "running"

    def tell(_: object) -> None:
        if way == "in on_update" and next(heard) % 2:
            raise Heartbeat

    async def body(client: Any) -> tuple[list[str], int]:
        jobs = client.wait_for_jobs(ids, poll_interval=0.02, on_update=tell)
        came, interruptions = list[str](), 0
        while interruptions < 500:
            job: Any = "interrupted"
            with contextlib.suppress(Heartbeat), interrupted_after(flavour, 0.03):
                job = await step(jobs)
            if job is None:
                break
            if job == "interrupted":
                interruptions += 1
            else:
                came.append(str(job.job_id))
        return came, interruptions

    with FaultServer("job", faults={"job": answers(state)}) as server:
        came, interruptions = play(flavour, server, body)
    assert sorted(came) == ids
    assert interruptions >= 3


@pytest.mark.parametrize("end", ["check", "401"])
def test_what_ended_an_iteration_keeps_it_ended(flavour: Flavour, end: str) -> None:
    def fail(which: int) -> str:
        return "failed" if which == 2 else "running"

    faults = {"job": answers(fail), "401": say("401 Unauthorized")}
    script = ["job"] if end == "check" else ["job", "401", "job"]

    async def body(client: Any) -> None:
        jobs = client.wait_for_jobs(IDS[:6], poll_interval=0.01, check=True)
        with pytest.raises((JobFailedError, AuthenticationError)):
            await rest(jobs)
        time.sleep(0.1)  # What was under way has arrived.
        count = len(server.requests)
        assert await step(jobs) is None
        assert await step(jobs) is None
        assert len(server.requests) == count

    with FaultServer(*script, faults=faults) as server:
        play(flavour, server, body)


def test_a_second_consumer_is_refused_and_takes_nothing_away(flavour: Flavour) -> None:
    began = time.monotonic()
    came: list[str] = []
    refused: list[str] = []

    def state(_: int) -> str:
        return "completed" if time.monotonic() - began > 0.3 else "running"

    def work(jobs: Any) -> None:
        try:
            came.extend(str(job.job_id) for job in jobs)
        except RuntimeError as error:
            refused.append(str(error))

    async def work_async(jobs: Any) -> None:
        try:
            came.extend(await rest(jobs))
        except RuntimeError as error:
            refused.append(str(error))

    async def body(client: Any) -> None:
        jobs = client.wait_for_jobs(IDS, poll_interval=0.05)
        if flavour.name == "sync":
            threads = [threading.Thread(target=work, args=[jobs]) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(work_async, jobs)

    with FaultServer("job", faults={"job": answers(state)}) as server:
        play(flavour, server, body)
    assert sorted(came) == IDS
    assert refused == ["another thread or task is taking from this iterator: let one do it"] * 2


def test_an_iterator_can_be_closed(flavour: Flavour) -> None:
    async def body(client: Any) -> None:
        jobs = client.wait_for_jobs(IDS)
        if flavour.name == "sync":
            with contextlib.closing(jobs):
                assert await step(jobs)
        else:
            async with contextlib.aclosing(jobs):
                assert await step(jobs)
        assert await step(jobs) is None
        await value(jobs.close() if flavour.name == "sync" else jobs.aclose())
        with pytest.raises(LookupError):  # As on a generator.
            await value((jobs.throw if flavour.name == "sync" else jobs.athrow)(LookupError()))

    with FaultServer("ok") as server:
        play(flavour, server, body)


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_the_log_tells_each_state_and_each_call_with_the_id(
    flavour: Flavour, caplog: pytest.LogCaptureFixture, many: bool
) -> None:
    faults = {"pending": answers(lambda _: "pending"), "running": answers(lambda _: "running")}
    faults["a\\nb"] = answers(lambda _: r"a\nb")

    async def body(client: Any) -> None:
        if many:
            await rest(client.wait_for_jobs([JOB_ID], poll_interval=0.01))
        else:
            await value(client.wait_for_job(JOB_ID, poll_interval=0.01, check=False))

    script = ["pending", "pending", "running", "pending", "pending", "a\\nb"]
    with (
        FaultServer(*script, faults=faults) as server,
        caplog.at_level(logging.DEBUG, "narrative_jobs"),
    ):
        play(flavour, server, body)
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.INFO]
    assert told == [
        f"job {JOB_ID} is {state!r}" for state in ("pending", "running", "pending", "a\nb")
    ]
    calls = [r.getMessage() for r in caplog.records if r.levelno == logging.DEBUG]
    assert len([text for text in calls if text.startswith(f"GET /jobs/{JOB_ID} -> 200 (")]) == 6


def test_closing_waits_for_no_step_of_another_task_but_refuses() -> None:
    """As on a generator that is running."""

    async def body(url: str) -> None:
        async with AsyncClient("token", base_url=url) as client:
            jobs = client.wait_for_jobs(IDS[:2])
            task = asyncio.ensure_future(anext(jobs))
            while not server.requests:
                await asyncio.sleep(0.01)
            with pytest.raises(RuntimeError, match="another thread or task is taking from this"):
                await jobs.aclose()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await jobs.aclose()
            assert await anext(jobs, None) is None

    with FaultServer("stall") as server:
        asyncio.run(body(server.url))


STALLED = """
import signal
import sys

from narrative_jobs import Client

signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
with Client("token", base_url=sys.argv[1], timeout=30) as client:
    jobs = client.wait_for_jobs(sys.argv[2:])
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        next(jobs)
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c_ends_a_program_whose_server_stalls_while_it_connects() -> None:
    """A server that takes connections, and never says a word of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        run = subprocess.run(
            [sys.executable, "-c", STALLED, url, *IDS[:3]],
            env={"PYTHONPATH": str(ROOT / "generated")},
            capture_output=True,
            text=True,
            check=False,
            timeout=10,  # The time-out of the client is three times as long.
        )
    assert (run.returncode, run.stdout) == (0, "interrupted\n"), run.stderr
