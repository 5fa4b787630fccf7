"""What the tests share."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from narrative_jobs import AsyncClient, Client
from stand_in import TOKEN, Answer, Request, Server, load_spec

ROOT = Path(__file__).resolve().parent.parent
PAYLOADS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests" / "payloads").glob("*.json"))
}


SLOW = ("test_specs", "test_release", "test_wheel", "test_waiting")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left with one at the end."""
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the variables of whoever runs the tests out of them."""
    for name in ("NARRATIVE_API_KEY", "NARRATIVE_ENVIRONMENT"):
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


Action = Callable[[Any], Any]


class Flavour:
    """One way of using the clients, so that one test body serves them all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client_class = Client if name == "sync" else AsyncClient
        self.backend = "trio" if name == "trio" else "asyncio"

    def run(self, action: Action, token: str | None = TOKEN, **options: Any) -> Any:
        """Make a client, do `action` with it, and close it; wait for what is to be awaited."""
        if self.name == "sync":
            with Client(token, **options) as client:
                return action(client)

        if self.name == "aiohttp" and "http_client" not in options:
            options["transport"] = "aiohttp"

        async def main() -> Any:
            async with AsyncClient(token, **options) as client:
                result = action(client)
                return await result if inspect.isawaitable(result) else result

        # By default trio lets Ctrl-C strike in the midst of any library's bookkeeping, anyio's too.
        calm = {"restrict_keyboard_interrupt_to_checkpoints": True} if self.name == "trio" else {}
        return anyio.run(main, backend=self.backend, backend_options=calm)


@pytest.fixture(params=["sync", "asyncio", "trio", "aiohttp"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """Run a test with the sync client, and the async one on both loops and over aiohttp."""
    return Flavour(request.param)


def payload(name: str) -> dict[str, Any]:
    """Give a fresh copy of one of tests/payloads/."""
    copy: dict[str, Any] = json.loads(json.dumps(PAYLOADS[name]))
    return copy


def without(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Give a mapping without some keys."""
    return {key: value for key, value in mapping.items() if key not in keys}
