"""How the tests run the command line, and the API that it talks to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from uuid import UUID

from stand_in import TOKEN, Answer, Request
from support import ROOT, payload
from terminal import Screen, run_on_terminal

NO_TRIO = TemporaryDirectory()
"""Few users have trio, and httpcore takes its time to load it wherever it finds it."""
Path(NO_TRIO.name, "trio.py").write_text("raise ImportError")

COMMAND = [sys.executable, "-m", "narrative_jobs"]
ENDED = ("completed", "failed", "cancelled")
STATES = {
    1: "completed",
    2: "pending running completed",
    3: "running failed",
    4: "cancelled",
    5: "not-a-state!",
    6: "running",
    7: "404",
    8: "html",
    9: "502 running completed",
    10: "401",
}
"""What becomes of each job, by its number."""


def number(n: int) -> str:
    """Return the id of a job by its number."""
    return str(UUID(int=n))


def job(n: int, state: str) -> dict[str, Any]:
    """Return a job in a state; with `!`, one that has ended in it."""
    job = payload("page-sample") | {"job_id": number(n), "state": state.removesuffix("!")}
    if state not in ENDED and not state.endswith("!"):
        job |= {"result": None, "ended_at": None}
    if state == "failed":
        job |= {"failures": [{"message": "out of memory"}]}
    return job


class Api:
    """Answers for each job with its states in turn, quick ones."""

    def __init__(self) -> None:
        self.left = {number(n): words.split() for n, words in STATES.items()}

    def __call__(self, request: Request) -> Answer:
        job_id = request.path.removeprefix("/jobs/")
        words = self.left[job_id]
        word = words.pop(0) if len(words) > 1 else words[0]
        soon = {"Retry-After": "0.05"}
        if word == "html":
            return Answer(200, "<html>")
        if word.isdigit():
            return Answer(int(word), {"error": "E", "error_description": f"No {word}."}, soon)
        return Answer(200, json.dumps(job(UUID(job_id).int, word), indent=1), soon)


def environment(url: str | None, **more: str) -> dict[str, str]:
    """Return the variables that the command line runs with."""
    variables = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "generated"), NO_TRIO.name]),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "NARRATIVE_API_KEY": TOKEN,
        "PYTHONWARNINGS": "error",
    }
    return variables | ({"NARRATIVE_ENVIRONMENT": url} if url else {}) | more


def run(
    url: str | None, *arguments: str, stdin: str | bytes = b"", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line on pipes."""
    result = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        check=False,
        timeout=20,
        env=environment(url, **variables),
    )
    out, err = result.stdout.decode(), result.stderr.decode()
    assert TOKEN not in out + err
    assert "Traceback" not in err
    return subprocess.CompletedProcess(result.args, result.returncode, out, err)


def on_terminal(
    url: str,
    *arguments: str,
    size: tuple[int, int] = (100, 100),
    stdout: IO[bytes] | int | None = None,
    type_at: tuple[str, bytes] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Screen:
    """Run the command line on a terminal; type something where a text appears."""
    left = [type_at] if type_at else []

    def watch(_: object, raw: bytes) -> bytes:
        return left.pop()[1] if left and left[0][0].encode() in raw else b""

    return run_on_terminal(
        [*COMMAND, *arguments],
        environment(url, **(variables or {})),
        size=size,
        stdout=stdout,
        watch=watch,
    )
