"""A stand-in for the API on loopback.

It answers until Ctrl-C, or while a COMMAND runs, which is told where it is and the key.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any

from generator.document import load

SPEC = Path(__file__).resolve().parent.parent / "openapi.yaml"


class Jobs:
    """Answers as the API does, with the examples of the spec.

    The first of them is pending and running before it is as it is there: each request finds it one
    state further, and after its end at the beginning.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.spec = load(SPEC)
        answers = self.spec["paths"]["/jobs/{job_id}"]["get"]["responses"]["200"]["content"]
        first, *others = (one["value"] for one in answers["application/json"]["examples"].values())
        before = {**first, "result": None, "updated_at": first["created_at"], "ended_at": None}
        states = [{**before, "state": state} for state in ("pending", "running")]
        self.lives = {job["job_id"]: cycle([job]) for job in others}
        self.lives[first["job_id"]] = cycle([*states, first])

    def answer(self, path: str, authorization: str | None) -> tuple[int, Any]:
        """Return the status and the JSON."""
        if authorization != f"Bearer {self.token}":
            return 401, self.error("Unauthorized")
        life = self.lives.get(path.removeprefix("/jobs/"))
        return (200, next(life)) if life else (404, self.error("NotFound"))

    def error(self, name: str) -> Any:
        """Return what the spec shows of an error."""
        said = self.spec["components"]["responses"][name]["content"]["application/json"]
        return said["examples"][name]["value"]


def main() -> int:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is quiet.
    parser = argparse.ArgumentParser(prog="scripts/stand-in", description=__doc__)
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    jobs = Jobs("demo")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, said = jobs.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    told = {"NARRATIVE_API_KEY": "demo", "NARRATIVE_ENVIRONMENT": url}
    if options.command:
        try:
            return subprocess.run(options.command, env={**os.environ, **told}).returncode
        except OSError as error:
            parser.error(str(error))
    print(f"An API at {url}, key `demo`, until Ctrl-C. In another terminal:")
    print("export", *(f"{name}={value}" for name, value in told.items()), flush=True)
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
