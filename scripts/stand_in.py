"""A stand-in for the API on loopback. The tests use it, too.

It answers until Ctrl-C, or while a COMMAND runs, which is told where it is and the key.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
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

    def __init__(self, answer: Callable[[Request], Answer], port: int = 0) -> None:
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

        self._server = Listener(("127.0.0.1", port), Handler)
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


def jobs_of_the_spec(
    pace: float = 0.0, soon: str = "0.02", *, token: str = TOKEN, rest: float = math.inf
) -> Callable[[Request], Answer]:
    """Answer as the API does, with the examples of the spec.

    Each job of the examples lives through its states: one further with each request, or when it
    has been in one for `pace` seconds. It begins anew once nobody has looked at its end for `rest`.
    `soon` is what the answers ask for as `Retry-After`. Without the token, with a bad id and with
    an unknown one, come the documented errors.
    """
    spec = load_spec()
    operation = spec["paths"]["/jobs/{job_id}"]["get"]
    order = ["pending", "running", "completed"]
    examples = operation["responses"]["200"]["content"]["application/json"]["examples"].values()
    jobs = sorted((one["value"] for one in examples), key=lambda job: order.index(job["state"]))
    lives = {job["job_id"]: [one for one in jobs if one["job_id"] == job["job_id"]] for job in jobs}
    seen: dict[str, tuple[int, float, float]] = {}

    def error(status: int) -> Answer:
        name = operation["responses"][str(status)]["$ref"].rsplit("/", 1)[-1]
        content = spec["components"]["responses"][name]["content"]
        return Answer(status, content["application/json"]["example"])

    def answer(request: Request) -> Answer:
        if request.headers["Authorization"] != f"Bearer {token}":
            return error(401)
        job_id = request.path.removeprefix("/jobs/")
        try:
            UUID(job_id)
        except ValueError:
            return error(400)
        if job_id not in lives:
            return error(404)
        now = time.monotonic()
        step, since, last = seen.get(job_id, (-1, -math.inf, now))
        has_ended = step + 1 == len(lives[job_id])
        if has_ended and now - last >= rest:
            step, since = 0, now
        elif not has_ended and now - since >= pace:
            step, since = step + 1, now
        seen[job_id] = step, since, now
        return Answer(200, lives[job_id][step], {"Retry-After": soon} if soon else {})

    return answer


def main() -> int:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is quiet.
    parser = argparse.ArgumentParser(prog="scripts/stand-in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="by default one that is free")
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    answer = jobs_of_the_spec(pace=1.0, soon="0.3", token="demo", rest=10)  # noqa: S106
    with Server(answer, options.port) as server:
        told = {"NARRATIVE_API_KEY": "demo", "NARRATIVE_ENVIRONMENT": server.url}
        if options.command:
            return subprocess.run(options.command, env={**os.environ, **told}).returncode
        print(f"An API at {server.url}, key `demo`, until Ctrl-C. In another terminal:")
        print("export", *(f"{name}={value}" for name, value in told.items()), flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
