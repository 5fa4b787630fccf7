"""A server on loopback that the tests tell what to answer, the API of scripts/stand-in among it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from generator.document import load
from httpx import Headers
from jobs_api import SPEC, Jobs

TOKEN = "stand-in-token"


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

            do_CONNECT = do_HEAD = do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

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


@cache
def _spec() -> dict[str, Any]:
    return load(SPEC)


def load_spec() -> dict[str, Any]:
    """Give openapi.yaml, as a copy of what is read once."""
    return deepcopy(_spec())


def jobs_of_the_spec() -> Callable[[Request], Answer]:
    """Answer as scripts/stand-in does, to TOKEN, and ask to come back soon."""
    jobs, soon = Jobs(TOKEN), {"Retry-After": "0.02"}
    return lambda asked: Answer(*jobs.answer(asked.path, asked.headers.get("Authorization")), soon)
