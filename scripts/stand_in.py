"""A stand-in for the API on loopback, for the demo and the tests."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

from httpx import Headers
from ruamel.yaml import YAML

SPEC = Path(__file__).resolve().parent.parent / "openapi.yaml"
TOKEN = "stand-in-token"  # noqa: S105, it opens nothing


class Request(NamedTuple):
    """A request as the server saw it."""

    method: str
    path: str
    headers: Headers
    body: bytes


class Answer(NamedTuple):
    """What the server is to answer."""

    status: int
    body: bytes | str | dict[str, Any] | list[Any] | None = b""
    headers: Mapping[str, str] = {}


class Server:
    """An HTTP server on loopback that answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(
                    self.command, self.path, Headers(list(self.headers.items())), body
                )
                outer.requests.append(request)
                status, content, headers = answer(request)
                kind, data = "text/html", content
                if isinstance(data, str):
                    data = data.encode()
                elif not isinstance(data, bytes):
                    kind, data = "application/json", json.dumps(data).encode()
                self.send_response(status)
                if status != 204:
                    headers = {"Content-Type": kind, "Content-Length": str(len(data)), **headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_CONNECT = do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256  # The default of 5 drops connections that come at once.

            def handle_error(self, *_: object) -> None:
                pass  # A client that hung up is none of its business.

        self._server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def load_spec() -> dict[str, Any]:
    """Read openapi.yaml."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(SPEC.read_text(encoding="utf-8"))
    return document


def jobs_of_the_spec(pace: float = 0.0, soon: str = "0.02") -> Callable[[Request], Answer]:
    """Answer as the API does, with the examples of the spec.

    Each job of the examples lives through its states: one further with each request, or when it
    has been in one for `pace` seconds. `soon` is what the answers ask for as `Retry-After`. Without
    the right token, with a bad id and with an unknown one, come the documented errors.
    """
    spec = load_spec()
    operation = spec["paths"]["/jobs/{job_id}"]["get"]
    order = ["pending", "running", "completed"]
    lives: dict[str, Iterator[dict[str, Any]]] = {}
    last: dict[str, dict[str, Any]] = {}
    since: dict[str, float] = {}
    examples = operation["responses"]["200"]["content"]["application/json"]["examples"]
    for job_id in {example["value"]["job_id"] for example in examples.values()}:
        life = [e["value"] for e in examples.values() if e["value"]["job_id"] == job_id]
        lives[job_id] = iter(sorted(life, key=lambda job: order.index(job["state"])))

    def error(status: int) -> Answer:
        name = operation["responses"][str(status)]["$ref"].rsplit("/", 1)[-1]
        content = spec["components"]["responses"][name]["content"]
        return Answer(status, content["application/json"]["example"])

    def answer(request: Request) -> Answer:
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return error(401)
        job_id = request.path.removeprefix("/jobs/")
        try:
            UUID(job_id)
        except ValueError:
            return error(400)
        if job_id not in lives:
            return error(404)
        if job_id not in since or time.monotonic() - since[job_id] >= pace:
            last[job_id] = next(lives[job_id], last.get(job_id, {}))
            since[job_id] = time.monotonic()
        return Answer(200, last[job_id], {"Retry-After": soon} if soon else {})

    return answer
