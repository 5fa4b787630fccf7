"""Connections over time: forks, several event loops, cancelled calls, many callers, proxies."""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import random
import select
import socket
import socketserver
import subprocess
import sys
import threading
import time
import traceback
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest
from fault_server import FaultServer, Wire, message, sound
from narrative_jobs import APIConnectionError, APITimeoutError, AsyncClient, Client
from stand_in import TOKEN, Answer, Server
from support import JOB_ID, ROOT, Flavour, payload, take

TRANSPORTS = pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
LEFT_OPEN = pytest.mark.filterwarnings("ignore::ResourceWarning")
"""anyio loses a socket whose task is cancelled in the moment when it has connected."""

IDS = [str(UUID(int=n)) for n in range(1, 9)]


@pytest.fixture(autouse=True)
def collected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have what a test leaves open collected while its warnings are expected, and not later."""
    yield
    if request.node.get_closest_marker("filterwarnings"):
        gc.collect()


async def echo(wire: Wire, path: str) -> None:
    """Answer with the job that was asked for, a little later."""
    await asyncio.sleep(0.002)
    job = payload("page-sample") | {"job_id": path.rsplit("/", 1)[-1]}
    wire.write(message("200 OK", json.dumps(job).encode()))
    await wire.drain()


def answered(client: Client, job_ids: list[str], results: Any) -> None:
    """Ask for jobs, and tell for which of them another one came, or an error."""
    wrong: list[str] = []
    for job_id in job_ids:
        try:
            came = str(client.get_job(job_id).job_id)
            wrong += [] if came == job_id else [f"{came} for {job_id}"]
        except Exception as error:
            wrong.append(repr(error))
    results.put(wrong)


def test_children_of_a_fork_have_connections_of_their_own() -> None:
    fork = multiprocessing.get_context("fork")
    results = fork.SimpleQueue()
    with (
        FaultServer("echo", faults={"echo": echo}) as server,
        Client(TOKEN, base_url=server.url, timeout=2, max_retries=0) as client,
    ):
        client.get_job(JOB_ID)
        children = [
            fork.Process(target=answered, args=(client, [job_id] * 30, results))
            for job_id in IDS[:4]
        ]
        for child in children:
            child.start()
        answered(client, IDS[4:] * 8, results)
        assert [results.get() for _ in range(5)] == [[]] * 5
        for child in children:
            child.join(5)
        assert server.accepted == 5


def assert_nothing_is_open(server: FaultServer) -> None:
    """Give the server a moment to see that all connections were closed."""
    end = time.monotonic() + 2
    while server.open and time.monotonic() < end:
        time.sleep(0.01)
    assert server.open == 0


def in_child(action: Callable[[], Any]) -> None:
    """Do something in a child, which must end well within five seconds."""
    pid = os.fork()
    if not pid:
        try:
            action()
            os._exit(0)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert status == 0
            return
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    raise AssertionError("the child hangs")


@TRANSPORTS
def test_an_async_client_outlives_a_fork(transport: Any) -> None:
    async def ask(client: AsyncClient) -> None:
        assert str((await client.get_job(IDS[0])).job_id) == IDS[0]

    async def parent() -> None:
        await ask(client)
        await asyncio.to_thread(in_child, lambda: asyncio.run(ask(client)))
        await ask(client)
        await client.aclose()

    with FaultServer("echo", faults={"echo": echo}) as server:
        client = AsyncClient(TOKEN, base_url=server.url, transport=transport, max_retries=0)
        asyncio.run(parent())
        assert server.accepted == 2


@pytest.mark.parametrize("kind", ["asyncio", "trio", "aiohttp"])
def test_one_loop_after_another_uses_the_client_and_leaves_nothing_open(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    transport: Any = "aiohttp" if kind == "aiohttp" else "httpx"
    with FaultServer("echo", faults={"echo": echo}) as server:
        client = AsyncClient(TOKEN, base_url=server.url, transport=transport, max_retries=0)
        for job_id in IDS[:3]:

            async def ask(job_id: str = job_id) -> str:
                await client.get_job(JOB_ID)
                return str((await client.get_job(job_id)).job_id)

            assert anyio.run(ask, backend="trio" if kind == "trio" else "asyncio") == job_id
            assert_nothing_is_open(server)
        anyio.run(client.aclose)
        assert server.accepted == 3
    assert caplog.records == []


def test_a_client_that_nobody_holds_any_more_closes_its_connections() -> None:
    code = f"""
import asyncio, gc, sys
from narrative_jobs import AsyncClient, Client

Client({TOKEN!r}, base_url=sys.argv[1]).get_job({JOB_ID!r})

async def main(**options):
    client = AsyncClient({TOKEN!r}, base_url=sys.argv[1], **options)
    await client.get_job({JOB_ID!r})
    del client
    gc.collect()

asyncio.run(main())
asyncio.run(main(transport="aiohttp"))
client = Client({TOKEN!r}, base_url=sys.argv[1])
client.get_job({JOB_ID!r})
"""
    with FaultServer("ok") as server:
        ended = subprocess.run(
            [sys.executable, "-W", "always::ResourceWarning", "-c", code, server.url],
            env={**os.environ, "PYTHONPATH": str(ROOT / "generated")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (ended.stderr, server.accepted) == ("", 4)
        assert_nothing_is_open(server)


@TRANSPORTS
def test_loops_in_several_threads_use_the_client_at_once(transport: Any) -> None:
    wrong: list[Any] = []

    def run(job_id: str) -> None:
        async def ask() -> None:
            for _ in range(20):
                came = await asyncio.gather(*[client.get_job(job_id) for _ in range(3)])
                wrong.extend(job for job in came if str(job.job_id) != job_id)

        try:
            asyncio.run(ask())
        except Exception as error:
            wrong.append(error)

    with FaultServer("echo", faults={"echo": echo}) as server:
        client = AsyncClient(TOKEN, base_url=server.url, transport=transport, max_retries=0)
        threads = [threading.Thread(target=run, args=(job_id,), daemon=True) for job_id in IDS[:3]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)
        assert wrong == []
        assert server.accepted == 9


@LEFT_OPEN
@pytest.mark.parametrize("kind", ["asyncio", "trio", "aiohttp", "native"])
def test_cancelled_calls_do_not_wear_the_client_out(kind: str) -> None:
    """Six hundred calls cancelled at any moment, of one or two at a time; then all is as new."""
    transport: Any = "aiohttp" if kind == "aiohttp" else "httpx"
    chance = random.Random(7)

    async def cancelled(client: AsyncClient) -> None:
        after = chance.uniform(0.0, 0.006)
        if kind == "native":
            task = asyncio.ensure_future(client.get_job(IDS[0]))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            with anyio.move_on_after(after):
                await client.get_job(IDS[0])

    async def main() -> None:
        async with AsyncClient(
            TOKEN, base_url=server.url, transport=transport, max_retries=0
        ) as client:
            for round_ in range(300):
                async with anyio.create_task_group() as group:
                    for _ in range(1 + round_ % 3):
                        group.start_soon(cancelled, client)
            with anyio.fail_after(5):
                for job_id in IDS:
                    assert str((await client.get_job(job_id)).job_id) == job_id
                opened = server.accepted
                async with anyio.create_task_group() as group:
                    for _ in range(16):
                        group.start_soon(client.get_job, IDS[1])
                assert server.accepted - opened <= 16

    with FaultServer("echo", faults={"echo": echo}) as server:
        anyio.run(main, backend="trio" if kind == "trio" else "asyncio")
        assert_nothing_is_open(server)


@LEFT_OPEN
def test_short_timeouts_do_not_wear_the_client_out(flavour: Flavour) -> None:
    ended: list[Exception] = []

    async def many(client: Any) -> None:
        for _ in range(60):
            try:
                await client.with_options(total_timeout=0.001).get_job(JOB_ID)
            except APITimeoutError as error:
                ended.append(error)
        assert str((await client.get_job(IDS[0])).job_id) == IDS[0]

    def many_in_turn(client: Any) -> None:
        for _ in range(60):
            try:
                client.with_options(total_timeout=0.001).get_job(JOB_ID)
            except APITimeoutError as error:
                ended.append(error)
        assert str(client.get_job(IDS[0]).job_id) == IDS[0]

    async def slow(wire: Wire, path: str) -> None:
        await asyncio.sleep(0.05 if JOB_ID in path else 0.0)
        await echo(wire, path)

    with FaultServer("slow", faults={"slow": slow}) as server:
        action = many_in_turn if flavour.name == "sync" else many
        flavour.run(action, base_url=server.url, max_retries=0, timeout=2)
    assert len(ended) > 30


@pytest.mark.parametrize("kind", ["asyncio", "aiohttp", "no proxy"])
def test_a_thousand_tasks_share_a_client(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on, whoever else is busy on this machine; a few connections carry it all."""
    if kind == "no proxy":  # It makes `getproxies()` true.
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    worst = 0.0

    async def heartbeat() -> None:
        nonlocal worst
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            worst = max(worst, time.thread_time() - before)

    async def main() -> None:
        beating = asyncio.create_task(heartbeat())
        async with AsyncClient(
            TOKEN, base_url=server.url, transport="aiohttp" if kind == "aiohttp" else "httpx"
        ) as client:
            jobs = await asyncio.gather(*[client.get_job(JOB_ID) for _ in range(1000)])
        beating.cancel()
        assert len(jobs) == 1000

    with FaultServer("ok") as server:
        asyncio.run(main())
        assert server.accepted <= 16
    assert worst < 0.5


def test_a_thousand_waits_share_a_loop() -> None:
    """None of them blocks it, at the start neither, and each takes little memory."""
    count = 1000
    worst = 0.0

    async def heartbeat() -> None:
        nonlocal worst
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            worst = max(worst, time.thread_time() - before)

    async def main() -> None:
        async with AsyncClient(TOKEN, base_url=server.url) as client:
            await client.get_job(JOB_ID)
            beating = asyncio.create_task(heartbeat())
            gc.collect()
            tracemalloc.start(1)
            waits = [
                asyncio.create_task(client.wait_for_job(UUID(int=n), poll_interval=60))
                for n in range(count)
            ]
            while len(server.requests) <= count:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            beating.cancel()
            sizes.append(tracemalloc.get_traced_memory()[0] / count)
            tracemalloc.stop()
            assert not any(wait.done() for wait in waits)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    sizes: list[float] = []
    running = json.dumps(payload("materialize-view-running"))

    async def job(wire: Wire, path: str) -> None:
        sent = running.replace(JOB_ID, path.rsplit("/", 1)[-1])
        wire.write(message("200 OK", sent.encode()))

    with FaultServer("running", faults={"running": job}) as server:
        asyncio.run(main())
        assert server.accepted <= 16
    assert sizes[0] < 8 * 1024
    assert worst < 0.5, "scripts/benchmark has the figure of a machine with nothing else to do"


def test_threads_that_begin_at_once_share_one_set_of_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def a_little_later(wire: Wire, path: str) -> None:
        await asyncio.sleep(0.05)
        await echo(wire, path)

    slow = threading.Semaphore

    def semaphore(size: int) -> threading.Semaphore:
        time.sleep(0.02)  # Time for another thread to come in between.
        return slow(size)

    with FaultServer("later", faults={"later": a_little_later}) as server:
        for _ in range(3):
            with Client(TOKEN, base_url=server.url) as client, ThreadPoolExecutor(40) as pool:
                monkeypatch.setattr(
                    "narrative_jobs._runtime.deadline.threading.Semaphore", semaphore
                )
                accepted = server.accepted
                list(pool.map(client.get_job, IDS * 5))
                assert server.accepted - accepted <= 16


def threads_in(name: str) -> int:
    """Return how many threads are in a function of this name, or in what it calls."""
    frames = [traceback.walk_stack(frame) for frame in sys._current_frames().values()]
    return sum(any(frame.f_code.co_name == name for frame, _ in stack) for stack in frames)


def test_closing_amid_calls_lets_them_end_and_leaves_nothing_open(flavour: Flavour) -> None:
    """Also those that wait for their turn: they began before."""
    states: list[Any] = []
    is_closed = threading.Event()

    async def in_tasks(client: Any) -> None:
        async def get() -> None:
            states.append((await client.get_job(JOB_ID)).state)

        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(get)
            while len(server.requests) < 16:
                await anyio.sleep(0.01)
            await client.aclose()
            is_closed.set()

    def in_threads(client: Any) -> None:
        with ThreadPoolExecutor(40) as pool:
            jobs = [pool.submit(client.get_job, JOB_ID) for _ in range(40)]
            end = time.monotonic() + 30
            while len(server.requests) < 16 or threads_in("place") < 24:
                assert time.monotonic() < end
                time.sleep(0.01)
            client.close()
            is_closed.set()
        states.extend(job.result().state for job in jobs)

    async def slow(wire: Wire, path: str) -> None:
        while not is_closed.is_set():
            await asyncio.sleep(0.01)
        await echo(wire, path)

    with FaultServer("slow", faults={"slow": slow}) as server:
        action = in_threads if flavour.name == "sync" else in_tasks
        flavour.run(action, base_url=server.url, max_retries=0)
        assert_nothing_is_open(server)
    assert states == ["completed"] * 40


PROXIES = [
    ({"HTTP_PROXY": "{proxy}"}, "http://api.localhost", True),
    ({"HTTP_PROXY": "{address}"}, "http://api.localhost", True),
    ({"http_proxy": "{proxy}"}, "http://api.localhost", True),
    ({"ALL_PROXY": "{proxy}"}, "http://api.localhost", True),
    ({"HTTPS_PROXY": "{proxy}"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "*"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "127.0.0.0/8"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "fd07:b51a:cc66:f0::/64, 127.0.0.1"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "fd07:b51a:cc66:f0::/64"}, "http://127.0.0.9", True),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "10.0.0.0/8"}, "http://api.localhost", True),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "localhost,[::1]"}, "http://127.0.0.9", True),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "http://{address}"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "example.com"}, "http://api.localhost", True),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "*.local,127/8"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "169.254/16 127.0.0.1"}, "{proxy}", False),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "*.LOCAL,169.254/16"}, "http://api.localhost", True),
    ({"HTTP_PROXY": "{proxy}", "NO_PROXY": "x *.0.1"}, "{proxy}", False),
]


@pytest.mark.parametrize(("variables", "url", "is_proxied"), PROXIES)
def test_the_environment_says_which_hosts_have_a_proxy(
    flavour: Flavour,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    url: str,
    is_proxied: bool,
) -> None:
    with Server(lambda _: Answer(200, payload("page-sample"))) as proxy:
        address = proxy.url.removeprefix("http://")
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(proxy=proxy.url, address=address))
        flavour.run(
            lambda client: client.get_job(JOB_ID),
            base_url=url.format(proxy=proxy.url),
            total_timeout=5,
            max_retries=0,
        )
    assert proxy.requests[0].path.startswith("http://") == is_proxied


@pytest.mark.parametrize("excepted", ["[::1]:1", "[::1]", "::1"])
def test_a_server_of_ipv6_is_excepted(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, excepted: str
) -> None:
    proxy = serve(payload("page-sample"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", excepted)
    server = "http://[::1]:1"
    with Client(TOKEN, base_url=server, max_retries=0) as client, pytest.raises(APIConnectionError):
        client.get_job(JOB_ID)
    assert not proxy.requests


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"NO_PROXY": "10.0.0.0/99", "ALL_PROXY": "http://p:1"}, r"NO_PROXY has '10\.0\.0\.0/99'"),
        ({"HTTPS_PROXY": "http://proxy:port"}, "HTTPS_PROXY.* is not of the form http://host:port"),
        ({"ALL_PROXY": "http://proxy:port"}, "ALL_PROXY.* is not of the form http://host:port"),
        ({"ALL_PROXY": "http://proxy:99999"}, "ALL_PROXY.* is not of the form http://host:port"),
        ({"ALL_PROXY": "ftp://proxy:21"}, "ALL_PROXY.* is not of the form http://host:port"),
        ({"ALL_PROXY": "http://me:{token}/@p:1"}, "ALL_PROXY.* with a percent-encoded user:pass"),
        ({"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE cannot be read: .*No such file"),
        ({"SSL_CERT_FILE": __file__}, "certificates of SSL_CERT_FILE cannot be read"),
    ],
)
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_variable_that_makes_no_sense_is_named(
    make: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(token="pass/word"))
    with pytest.raises(ValueError, match=said) as caught:
        make(TOKEN)
    assert "word" not in str(caught.value).replace("password", "")


def test_a_proxy_has_its_user_from_the_url(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(lambda _: Answer(200, payload("page-sample"))) as proxy:
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTP_PROXY", f"http://me:p%40ss@{address}")
        flavour.run(lambda client: client.get_job(JOB_ID), base_url="http://api.localhost")
    assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic bWU6cEBzcw=="


def test_the_password_of_a_proxy_is_in_no_error(
    serve: Callable[..., Server], flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(Answer(407))
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:s3cret@{proxy.url.removeprefix('http://')}")
    with pytest.raises(APIConnectionError, match="ProxyError: 407") as caught:
        flavour.run(lambda client: client.get_job(JOB_ID), max_retries=0)
    assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic bWU6czNjcmV0"
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        assert "bWU6czNjcmV0" not in repr(error)
        error = error.__cause__


def test_a_proxy_that_says_nothing_is_waited_for_as_long_as_timeout_says(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer("stall") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(APITimeoutError):
            flavour.run(lambda client: client.get_job(JOB_ID), max_retries=0, timeout=0.1)


@pytest.mark.parametrize("flavour", ["sync", "asyncio", "trio"], indirect=True)
def test_a_proxy_may_speak_socks(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Server]
) -> None:
    """As it is said in RFC 1928: a greeting, the name of the server, and then all of HTTP."""
    asked: list[bytes] = []
    behind = serve(payload("page-sample"))

    class Proxy(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(262)
            self.request.sendall(b"\5\0")
            asked.append(self.request.recv(262))
            self.request.sendall(b"\5\0\0\1" + bytes(6))
            with socket.create_connection(("127.0.0.1", httpx.URL(behind.url).port)) as inner:
                others = {self.request: inner, inner: self.request}
                data = b"-"
                while data:
                    ready, *_ = select.select(list(others), [], [])
                    data = ready[0].recv(65536)
                    others[ready[0]].sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.server_address[1]}")
        job = flavour.run(lambda client: client.get_job(JOB_ID), base_url="http://api.localhost")
        proxy.shutdown()
    assert job.state == "completed"
    assert [one[5:-2] for one in asked] == [b"api.localhost"]


@pytest.mark.parametrize("flavour", ["sync", "asyncio", "trio"], indirect=True)
@pytest.mark.parametrize(
    ("said", "error"), [(b"", APITimeoutError), (b"HTTP/1.1 400 Bad\r\n\r\n", APIConnectionError)]
)
def test_what_is_no_socks_is_an_error(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch, said: bytes, error: type[Exception]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def answer() -> None:
            accepted.append(proxy.accept()[0])
            accepted[0].sendall(said)

        accepted: list[socket.socket] = []
        threading.Thread(target=answer, daemon=True).start()
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.getsockname()[1]}")
        with pytest.raises(error):
            flavour.run(lambda client: client.get_job(JOB_ID), max_retries=0, timeout=0.2)
        accepted[0].close()


def test_a_proxy_that_speaks_socks_is_refused_where_nothing_speaks_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    with pytest.raises(ValueError, match="SOCKS proxy, which aiohttp cannot use"):
        AsyncClient(TOKEN, transport="aiohttp")
    monkeypatch.setattr("narrative_jobs._runtime.connections.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"ALL_PROXY.* SOCKS: pip install 'httpx\[socks\]'"):
        Client(TOKEN)


def test_a_server_that_answers_twice_is_not_one_ahead_for_good(flavour: Flavour) -> None:
    def action(client: Any) -> Any:
        return take(client.wait_for_jobs(IDS, max_concurrency=1, poll_interval=0.01))

    twice = sound(lambda job: message("200 OK", job) * 2)
    with FaultServer("twice", "ok", faults={"twice": twice}) as server:
        jobs = flavour.run(action, base_url=server.url)
    assert sorted(str(job.job_id) for job in jobs) == IDS
    assert server.accepted == 2


def test_the_connections_of_an_idle_client_are_reused_and_dropped_when_they_are_stale() -> None:
    seen: Counter[int] = Counter()

    async def answer_and_hang_up(wire: Wire, path: str) -> None:
        await echo(wire, path)
        seen[server.accepted] += 1
        if len(server.requests) % 3 == 0:
            wire.close()

    with (
        FaultServer("x", faults={"x": answer_and_hang_up}) as server,
        Client(TOKEN, base_url=server.url, max_retries=0) as client,
    ):
        for _ in range(9):
            client.get_job(JOB_ID)
            time.sleep(0.01)
        assert dict(seen) == {1: 3, 2: 3, 3: 3}
