"""What carries the requests of clients that bring no `http_client` of their own."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from typing import Any

import anyio
import httpx
import pytest
from fault_server import JOB, FaultServer, Wire, message
from narrative_jobs import AsyncClient, Client
from stand_in import TOKEN
from support import JOB_ID


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"transport": "curl"}, "transport must be 'httpx' or 'aiohttp', not 'curl'"),
        (
            {"transport": "aiohttp", "http_client": httpx.AsyncClient()},
            "Pass http_client or transport, not both",
        ),
    ],
)
def test_a_transport_that_is_not_to_be_had_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AsyncClient(TOKEN, **options)


def test_without_the_extra_the_transport_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "narrative_jobs._runtime.aiohttp", None)
    with pytest.raises(ValueError, match=r"pip install 'narrative-jobs\[aiohttp\]'"):
        AsyncClient(TOKEN, transport="aiohttp")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_requests_at_once_share_a_few_connections(backend: str) -> None:
    """As many connections as requests, up to sixteen; they are kept, and closed in the end."""

    async def answer(wire: Wire, _: str) -> None:
        await asyncio.sleep(0.05)
        wire.write(message("200 OK", JOB))
        await wire.drain()

    async def main(url: str) -> None:
        async with AsyncClient(TOKEN, base_url=url) as client:
            for count in (8, 8, 100):
                async with anyio.create_task_group() as group:
                    for _ in range(count):
                        group.start_soon(client.get_job, JOB_ID)
                opened.append(server.accepted)

    opened: list[int] = []
    with FaultServer("slow", faults={"slow": answer}) as server:
        anyio.run(main, server.url, backend=backend)
        deadline = time.monotonic() + 2
        while server.open and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (opened, server.open) == ([8, 8, 16], 0)


def test_the_certificates_are_read_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ssl.SSLContext] = []
    make = httpx.create_ssl_context

    def make_one() -> ssl.SSLContext:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", make_one)
    monkeypatch.setenv("SSL_CERT_DIR", "")  # As no other test has it.
    for _ in range(3):
        Client(TOKEN).close()
        asyncio.run(AsyncClient(TOKEN).aclose())
    assert len(made) == 1
