"""The fixtures of all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from shell import Api
from stand_in import Answer, Request, Server, load_spec
from support import Flavour

collect_ignore = ["engines"]  # they need what scripts/test-engines installs
SLOW = (
    *("test_specs", "test_wheel", "test_release", "test_waiting", "test_large_spec"),
    *("test_regenerate", "test_connections", "test_growth", "test_readme", "test_demo"),
    *("test_soak", "test_field", "test_answers", "test_scale", "test_faults", "test_terminal"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left with one at the end."""
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the variables of whoever runs the tests out of them."""
    for name in ("NARRATIVE_API_KEY", "NARRATIVE_ENVIRONMENT", "NARRATIVE_LOG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def spec() -> dict[str, Any]:
    """Give the spec, parsed."""
    return load_spec()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server that gives the answers in turn, and the last one ever after."""
    servers: list[Server] = []

    def start(*answers: Answer | dict[str, Any]) -> Server:
        given = [a if isinstance(a, Answer) else Answer(200, a) for a in answers]

        def answer(_: Request) -> Answer:
            return given.pop(0) if len(given) > 1 else given[0]

        servers.append(Server(answer).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture
def api() -> Iterator[Server]:
    """Start a server with a job for each way that jobs go, for the command line."""
    with Server(Api()) as server:
        yield server


@pytest.fixture(params=["sync", "asyncio", "trio", "aiohttp"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """Run a test with the sync client, and the async one on both loops and over aiohttp."""
    return Flavour(request.param)
