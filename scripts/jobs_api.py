"""A stand-in for the API on loopback.

It answers until Ctrl-C, or while a COMMAND runs, which is told where it is and the key.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from generator.document import load

SPEC = Path(__file__).resolve().parent.parent / "openapi.yaml"


class Jobs:
    """Answers as the API does, with the examples of the spec.

    The first job of the examples is pending and running before it is as it is there: one further
    with each request, or when it has been in one for `pace` seconds. It begins anew once nobody has
    looked at its end for `rest`. `soon` is what the answers ask for as `Retry-After`.
    """

    def __init__(self, token: str, *, pace: float, soon: str, rest: float) -> None:
        self.token, self.pace, self.soon, self.rest = token, pace, soon, rest
        self.spec = load(SPEC)
        self.operation = self.spec["paths"]["/jobs/{job_id}"]["get"]
        content = self.operation["responses"]["200"]["content"]["application/json"]
        first, *others = [example["value"] for example in content["examples"].values()]
        self.lives: dict[str, list[Any]] = {job["job_id"]: [job] for job in others}
        before = {**first, "result": None, "updated_at": first["created_at"], "ended_at": None}
        states = [{**before, "state": state} for state in ("pending", "running")]
        self.lives[first["job_id"]] = [*states, first]
        self.seen: dict[str, tuple[int, float, float]] = {}

    def answer(self, path: str, authorization: str | None) -> tuple[int, Any, dict[str, str]]:
        """Return the status, the JSON and the headers; the documented errors where it has to."""
        if authorization != f"Bearer {self.token}":
            return self.error(401)
        job_id = path.removeprefix("/jobs/")
        try:
            UUID(job_id)
        except ValueError:
            return self.error(400)
        if job_id not in self.lives:
            return self.error(404)
        life, now = self.lives[job_id], time.monotonic()
        step, since, last = self.seen.get(job_id, (-1, -math.inf, now))
        has_ended = step + 1 == len(life)
        if has_ended and now - last >= self.rest:
            step, since = 0, now
        elif not has_ended and now - since >= self.pace:
            step, since = step + 1, now
        self.seen[job_id] = step, since, now
        return 200, life[step], {"Retry-After": self.soon} if self.soon else {}

    def error(self, status: int) -> tuple[int, Any, dict[str, str]]:
        """Return the error that the spec shows for a status."""
        name = self.operation["responses"][str(status)]["$ref"].rsplit("/", 1)[-1]
        content = self.spec["components"]["responses"][name]["content"]
        return status, content["application/json"]["example"], {}


def main() -> int:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is quiet.
    parser = argparse.ArgumentParser(prog="scripts/stand-in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="by default one that is free")
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    jobs = Jobs("demo", pace=1.0, soon="0.3", rest=10)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, said, headers = jobs.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", options.port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        told = {"NARRATIVE_API_KEY": "demo", "NARRATIVE_ENVIRONMENT": url}
        if options.command:
            return subprocess.run(options.command, env={**os.environ, **told}).returncode
        print(f"An API at {url}, key `demo`, until Ctrl-C. In another terminal:")
        print("export", *(f"{name}={value}" for name, value in told.items()), flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
