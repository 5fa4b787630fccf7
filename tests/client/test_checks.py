"""Arguments, which are checked before any request goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import httpx
import pytest
from narrative_jobs import AsyncClient, Client, Failure, Job
from stand_in import TOKEN, Server
from support import JOB_ID, Flavour, payload, take

Serve = Callable[..., Server]
HUGE = "x" * 1_000_000


class Single:
    """A number as numpy's are: no `float` or `int`, but registered as what it is."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)


class Whole(Single):
    """The same, of an integer."""


Real.register(Single)
Integral.register(Whole)


class timedelta64(Whole):
    """A time span as numpy's are: an integer too, in a unit that it does not tell."""


ENDLESS: list[object] = []
ENDLESS.append(ENDLESS)


def deep(depth: int) -> object:
    """Give lists in lists."""
    lists: object = None
    for _ in range(depth):
        lists = [lists]
    return lists


async def hear(_: Job) -> None:
    """Do nothing, in an async function."""


class Hearer:
    """Something to call that is async."""

    async def __call__(self, _: Job) -> None:
        """Do nothing."""


BAD: list[tuple[Callable[[Any], Any], str]] = [
    (lambda c: c.wait_for_job(JOB_ID, max_wait=10**400), "^max_wait must be a number of seconds"),
    (lambda c: take(c.wait_for_jobs([JOB_ID], max_wait=10**400)), "^max_wait must be a number"),
    (lambda c: c.wait_for_job(JOB_ID, poll_interval=timedelta(0)), "^poll_interval must be"),
    (lambda c: c.with_options(timeout=10**400), "^timeout must be a number of seconds above 0"),
    (lambda c: c.with_options(timeout=timedelta(-1)), "^timeout must be a number of seconds"),
    (lambda c: c.with_options(total_timeout=True), "^total_timeout must be a number of seconds"),
    (lambda c: c.with_options(max_retries=Fraction(1)), "^max_retries must be a whole number"),
    (
        lambda c: c.wait_for_job(JOB_ID, max_wait=timedelta64(2)),
        "^max_wait must be a number",
    ),
    (lambda c: c.with_options(headers={"Host": "x"}), "^The header Host is made from the request"),
    (lambda c: c.with_options(headers={"content-length": "5"}), "is made from the request"),
    (lambda c: c.with_options(headers={"X Y": "z"}), "^The header 'X Y' is no name, or its value"),
    (lambda c: c.request("GET", None), "^path must begin with '/'"),
    (lambda c: c.request(None, "/x"), "^method must be one of HTTP"),
    (lambda c: c.request("GET", "/x", params=[1]), "^params must be a mapping"),
    (
        lambda c: c.request("POST", "/x", json={"s": {1}}),
        "^The body cannot be sent: set is no type",
    ),
    (
        lambda c: c.request("POST", "/x", json=ENDLESS),
        "^The body cannot be sent: Circular reference",
    ),
    (
        lambda c: c.request("POST", "/x", json=deep(50_000)),
        "^The body cannot be sent: maximum recurs",
    ),
    (
        lambda c: c.request("GET", "/x", params={"since": {1}}),
        "^since cannot be sent: set is no type",
    ),
    (
        lambda c: c.request("GET", "/x", params={"q": "\ud800"}),
        r"can't encode character '\\ud800'",
    ),
    (
        lambda c: c.request("GET", "/x", params={"q": [timedelta(1)]}),
        "^q cannot be sent: timedelta",
    ),
    (
        lambda c: c.request("GET", "/x", params={"q": Failure}),
        "^q cannot be sent: type is no type of",
    ),
    (lambda c: c.get_job(Failure()), r"^job_id: expected a UUID, got Failure\(\)"),
    (lambda c: take(c.wait_for_jobs(None)), "^expected many ids, got None: put it into a list"),
    (lambda c: take(c.wait_for_jobs(7)), "^expected many ids, got 7: put it into a list"),
    (lambda c: take(c.wait_for_jobs([JOB_ID], on_update=7)), "^on_update must be something to"),
]


@pytest.mark.parametrize(("act", "said"), BAD)
def test_a_bad_argument_is_refused_before_any_request(
    serve: Serve, flavour: Flavour, act: Callable[[Any], Any], said: str
) -> None:
    server = serve(payload("page-sample"))
    with pytest.raises(ValueError, match=said):
        flavour.run(act, base_url=server.url)
    assert server.requests == []


@pytest.mark.parametrize("on_update", [hear, Hearer()])
@pytest.mark.parametrize("many", [False, True])
def test_an_async_on_update_is_for_the_async_client(
    serve: Serve, flavour: Flavour, on_update: Any, many: bool
) -> None:
    server = serve(payload("page-sample"))

    def act(client: Any) -> Any:
        if many:
            return take(client.wait_for_jobs([JOB_ID], on_update=on_update))
        return client.wait_for_job(JOB_ID, on_update=on_update)

    if flavour.name == "sync":
        with pytest.raises(ValueError, match=r"^on_update is async, which AsyncClient alone"):
            flavour.run(act, base_url=server.url)
        assert server.requests == []
    else:
        flavour.run(act, base_url=server.url)


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize("token", ["Bearer abcdefgh", "bearer abcdefgh"])
def test_the_client_adds_the_word_bearer(make: Any, token: str) -> None:
    with pytest.raises(ValueError, match="begins with 'Bearer ', which the client adds") as caught:
        make(token)
    assert "abcdefgh" not in str(caught.value)
    make("Bearerabcdefgh")


@pytest.mark.parametrize(
    "seconds",
    [2, 2.0, timedelta(seconds=2), Fraction(2), Single(2), Decimal(2)],
)
def test_seconds_may_be_a_number_of_any_library_or_a_timedelta(
    serve: Serve, flavour: Flavour, seconds: Any
) -> None:
    server = serve(payload("page-sample"))

    def act(client: Any) -> Any:
        other = client.with_options(timeout=seconds, total_timeout=seconds, max_retries=Whole(3))
        for one in (client, other):
            assert one.timeout == httpx.Timeout(2.0)
            assert (one.total_timeout, one.max_retries) == (2.0, 3)
        return other.wait_for_job(JOB_ID, max_wait=seconds, poll_interval=lambda _: seconds)

    options = {"timeout": seconds, "total_timeout": seconds, "max_retries": Whole(3)}
    flavour.run(act, base_url=server.url, **options)
    assert len(server.requests) == 1


@pytest.mark.parametrize("pause", [timedelta(seconds=0.01), Fraction(1, 100), Single(0.01)])
def test_a_pause_may_be_given_in_the_same_ways(serve: Serve, flavour: Flavour, pause: Any) -> None:
    def act(interval: Any) -> Callable[[Any], Any]:
        return lambda client: client.wait_for_job(JOB_ID, poll_interval=interval)

    for interval in (pause, lambda _: pause):
        server = serve(payload("materialize-view-running"), payload("materialize-view-completed"))
        assert flavour.run(act(interval), base_url=server.url).is_final


def test_a_very_long_time_is_as_good_as_none(serve: Serve, flavour: Flavour) -> None:
    server = serve(payload("page-sample"))
    job = flavour.run(
        lambda c: c.wait_for_job(JOB_ID, max_wait=1e300), base_url=server.url, total_timeout=1e300
    )
    assert job.is_final


@pytest.mark.parametrize(
    "act",
    [
        lambda: Client(TOKEN).get_job(HUGE),
        lambda: Client(TOKEN).get_job([HUGE] * 100),  # type: ignore[arg-type]
        lambda: list(Client(TOKEN).wait_for_jobs(HUGE)),
        lambda: Client(TOKEN).wait_for_job(JOB_ID, on_update=HUGE),  # type: ignore[arg-type]
        lambda: Client(TOKEN).wait_for_job(JOB_ID, max_wait=HUGE),  # type: ignore[arg-type]
        lambda: Client(TOKEN).wait_for_job(JOB_ID, max_wait=-(10**100_000)),
        lambda: Client(TOKEN).with_options(max_retries=HUGE),  # type: ignore[arg-type]
        lambda: Client(TOKEN, environment=HUGE),
        lambda: Client(TOKEN, base_url=HUGE),
        lambda: Client(TOKEN, base_url="http://example.com/" + "a" * 50_000),
        lambda: Client(TOKEN, base_url="https://example.com:" + "a" * 50_000),
        lambda: Client(TOKEN, headers={HUGE + "\n": "x"}),
        lambda: AsyncClient(TOKEN, transport=HUGE),  # type: ignore[arg-type]
        lambda: AsyncClient(TOKEN, transport=[HUGE]),  # type: ignore[arg-type]
    ],
)
def test_a_message_does_not_grow_with_what_was_given(act: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"^.{20,2000}$"):
        act()
