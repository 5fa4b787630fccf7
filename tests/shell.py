"""How the tests run the command line, and the API that it talks to."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

from narrative_jobs.__main__ import main
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


class Result(NamedTuple):
    """What came of a run."""

    returncode: object
    stdout: str
    stderr: str


def run(
    url: str | None,
    *arguments: str,
    stdin: str | bytes = b"",
    encoding: str = "utf-8",
    main: Callable[[], int] = main,
    **variables: str,
) -> Result:
    """Run the command line in this process, which is quicker by far."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    streams = [io.TextIOWrapper(io.BytesIO(data), encoding) for data in (given, b"", b"")]
    handlers, on_sigterm = list(logging.root.handlers), signal.getsignal(signal.SIGTERM)
    with (
        patch.dict("os.environ", environment(url, **variables)),
        patch("sys.argv", ["x", *arguments]),
        patch.multiple("sys", stdin=streams[0], stdout=streams[1], stderr=streams[2]),
    ):
        code: object
        try:
            code = main()
        except SystemExit as error:
            code = error.code
        finally:
            logging.root.handlers[:] = handlers
            logging.getLogger("narrative_jobs").setLevel(logging.NOTSET)
            signal.signal(signal.SIGTERM, on_sigterm)
    out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])
    return checked(code, out, err)


def checked(code: object, out: str, err: str) -> Result:
    """Return what came of a run, in which no secret and no traceback has a place."""
    assert TOKEN not in out + err
    assert "Traceback" not in err
    return Result(code, out, err)


def on_terminal(url: str, *arguments: str, size: tuple[int, int]) -> Screen:
    """Run the command line on a terminal."""
    return run_on_terminal([*COMMAND, *arguments], environment(url), size=size)
