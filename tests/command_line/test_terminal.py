"""The command line on a terminal, where it shows what a pipe gets."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from shell import COMMAND, environment, job, number, on_terminal, run
from stand_in import Answer, Request, Server


class Timed:
    """Lets each job end after so many tenths of a second, as its state says."""

    def __init__(self, ends: dict[int, tuple[int, str]]) -> None:
        self._ends = ends
        self._began: float | None = None

    def __call__(self, request: Request) -> Answer:
        n = UUID(request.path.removeprefix("/jobs/")).int
        tenths, state = self._ends[n]
        self._began = self._began or time.monotonic()
        if time.monotonic() - self._began < tenths / 10:
            state = "pending" if n % 2 else "running"
        return Answer(200, job(n, state), {"Retry-After": "0.05"})


def told(text: str) -> Counter[str]:
    """Count the lines, whatever the time that it took."""
    return Counter(
        re.sub(r"after \d:\d\d:\d\d", "after T", line.rstrip())
        for line in text.splitlines()
        if line
    )


@pytest.mark.parametrize("rows", [200, 3])
def test_a_terminal_shows_every_line_that_a_pipe_gets(rows: int) -> None:
    ends = {1: (1, "failed")} | dict.fromkeys(range(2, 8), (4, "completed"))
    with Server(Timed(ends)) as server:
        piped = run(server.url, "wait", *map(number, ends))
    with Server(Timed(ends)) as server:
        screen = on_terminal(server.url, "wait", *map(number, ends), size=(250, rows))
    assert screen.code == piped.returncode == 1
    assert told("\n".join(screen.lines)) == told(piped.stdout + piped.stderr)
    assert "\x1b" not in screen.raw, "neither colours, nor a cursor that moves"


def test_on_a_narrow_terminal_ids_are_told_apart() -> None:
    with Server(Timed(dict.fromkeys((1, 2), (0, "running")))) as server:
        arguments = ["wait", number(1), number(2), "--max-wait", "1.1"]
        screen = on_terminal(server.url, *arguments, size=(20, 30))
    shown = "".join(line.ljust(20) for line in screen.lines)
    for n in 1, 2:
        assert f"{number(n)} running after" in shown


def test_a_variable_shows_the_log_once(api: Server) -> None:
    command = [*COMMAND, "wait", number(9)]
    variables = environment(api.url, NARRATIVE_LOG="debug")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    assert len(re.findall("DEBUG .*GET .* -> 502", done.stderr)) == 1


def test_a_wait_outlives_its_terminal(tmp_path: Path) -> None:
    is_gone = threading.Event()

    def answer(_: Request) -> Answer:
        state = "completed" if is_gone.is_set() else "running"
        return Answer(200, job(1, state), {"Retry-After": "0.05"})

    master, slave = pty.openpty()
    with Server(answer) as server, (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", f"trap '' HUP; exec {' '.join(COMMAND)} wait --json {number(1)}"],
            stdin=slave,
            stdout=out,
            stderr=slave,
            env=environment(server.url),
            start_new_session=True,
        )
        os.close(slave)
        seen = b""
        while b"running after" not in seen:
            seen += os.read(master, 1000)
        os.close(master)
        is_gone.set()
        assert process.wait(20) == 0
    assert json.loads((tmp_path / "out").read_bytes())["state"] == "completed"
