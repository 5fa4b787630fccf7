"""The command line on a terminal: nothing that it prints there is lost, and it leaves no trace."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from signal import Signals
from uuid import UUID

import pytest
from shell import COMMAND, environment, job, number, on_terminal, run
from stand_in import Answer, Request, Server
from terminal import run_on_terminal

Serve = Callable[..., Server]
STATUS = re.compile(r"\d:\d\d:\d\d")


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


ENDS = {
    # Many at once and one after the other; the live lines grow fewer between two results.
    "one fails, six go on": {1: (1, "failed")} | dict.fromkeys(range(2, 8), (6, "completed")),
    "one after the other": {n: (2 * n, "completed" if n % 3 else "failed") for n in range(1, 7)},
    "all at once": dict.fromkeys(range(1, 6), (3, "cancelled")),
}


def told(text: str) -> Counter[str]:
    """Count the lines that tell something, whatever the time that it took."""
    lines = (re.sub(r"after \d:\d\d:\d\d", "after T", line.rstrip()) for line in text.splitlines())
    return Counter(
        line for line in lines if line and not re.search(r"(pending|running) after", line)
    )


@pytest.mark.parametrize("rows", [200, 12, 3])
@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
def test_a_terminal_shows_every_line_that_a_pipe_gets(
    ends: dict[int, tuple[int, str]], rows: int
) -> None:
    with Server(Timed(ends)) as server:
        piped = run(server.url, "wait", *map(number, ends))
    with Server(Timed(ends)) as server:
        screen = on_terminal(server.url, "wait", *map(number, ends), size=(250, rows))
    assert screen.code == piped.returncode
    assert told("\n".join(screen.lines)) == told(piped.stdout + piped.stderr)
    assert screen.is_cursor_shown


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_with_results_in_a_file_the_terminal_keeps_its_lines(
    tmp_path: Path, options: list[str]
) -> None:
    ends = ENDS["one after the other"]
    command = " ".join([*COMMAND, "wait", *options, *map(number, ends)])
    line = f"seq -f 'line %g' 30; {command} > {tmp_path / 'out'}; echo back again"
    with Server(Timed(ends)) as server:
        screen = run_on_terminal(["bash", "-c", line], environment(server.url), size=(250, 100))
    shown = told("\n".join(screen.lines))
    assert shown == Counter(
        [f"line {n}" for n in range(1, 31)]
        + [
            f"{number(n)} {state} after T" + (": out of memory" if state == "failed" else "")
            for n, (_, state) in ends.items()
        ]
        + ["back again"]
    )
    assert screen.lines[-1] == "back again"
    text = (tmp_path / "out").read_text()
    if options:
        assert len([json.loads(one) for one in text.splitlines()]) == len(ends)
    else:
        assert len(re.findall("^job ", text, re.MULTILINE)) == len(ends)


def test_a_wait_is_live() -> None:
    with Server(Timed({1: (8, "completed"), 2: (8, "completed")})) as server:
        screen = on_terminal(server.url, "wait", number(1), number(2))
    assert screen.code == 0
    assert re.search(r"0:00:0\d  (1 pending, 1 running|1 running, 1 pending)\r", screen.raw)
    assert "2 completed" in screen.raw
    assert len([line for line in screen.lines if " after " in line]) == 4
    assert not any(STATUS.match(line) for line in screen.lines), "what was live is gone"


@pytest.mark.parametrize("columns", [40, 20])
def test_on_a_narrow_terminal_ids_are_told_apart(columns: int) -> None:
    ids = [
        "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c",
        "2a5b9ad7-dc8f-47bb-8e62-843a38f8054d",
        "2a5b9ad8-dc8f-47bb-8e62-843a38f8054c",
    ]

    def answer(request: Request) -> Answer:
        waits = "waiting-for-the-moon" if request.path.endswith("d") else "running"
        sent = job(1, waits) | {"job_id": request.path.removeprefix("/jobs/")}
        return Answer(200, sent)

    with Server(answer) as server:
        arguments = ["wait", *ids, "--max-wait", "1.2", "--interval", "0.2"]
        screen = on_terminal(server.url, *arguments, size=(columns, 30))
    shown = "".join(line.ljust(columns) for line in screen.lines)
    for one in ids:
        assert f"{one} {'waiting-for-the-moon' if one.endswith('d') else 'running'} af" in shown
    assert re.search("^0:00:00  1", screen.raw, re.MULTILINE)
    assert not any(STATUS.match(line) for line in screen.lines), "it was never more than a line"


def test_an_id_in_capitals_is_the_same_job(serve: Serve) -> None:
    url = serve(job(0xAB, "running"), job(0xAB, "completed")).url
    screen = on_terminal(url, "wait", number(0xAB), number(0xAB).upper())
    assert "1 running" in screen.raw
    assert "2 running" not in screen.raw


def test_the_time_goes_on_where_nothing_else_does() -> None:
    with Server(lambda _: Answer(200, job(1, "running"))) as server:
        arguments = ["wait", number(1), "--interval", "1h"]
        screen = on_terminal(server.url, *arguments, type_at=("0:00:01  1 running", b"\x03"))
    assert screen.code == 130


def test_a_wait_for_hundreds_leaves_no_line_behind() -> None:
    with Server(Timed({n: (n // 30, "completed") for n in range(300)})) as server:
        screen = on_terminal(server.url, "wait", "--json", *map(number, range(300)))
    assert screen.code == 0
    whole = "".join(line.ljust(100) for line in screen.lines)
    assert whole.count(" completed after 0:0") == 300
    assert whole.count('{"job_id":') == 300
    assert not any(STATUS.match(line) for line in screen.lines)


def test_colours_are_there_where_they_are_wanted(api: Server) -> None:
    head = f"\x1b[1mjob {number(1)}\x1b[m: \x1b[32mcompleted\x1b[m"
    assert on_terminal(api.url, "get", number(1)).raw.startswith(head)
    assert run(api.url, "get", number(1), FORCE_COLOR="1").stdout.startswith(head)
    for variables in {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}:
        screen = on_terminal(api.url, "get", number(1), variables=variables)
        assert "\x1b" not in screen.raw


def test_a_dumb_terminal_gets_a_line_for_each_change(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(2), variables={"TERM": "dumb"})
    assert "\x1b" not in screen.raw
    assert [line.split()[1] for line in screen.lines[:3]] == ["pending", "running", "completed"]


def test_quiet_is_quiet_on_a_terminal_too(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(2), "--quiet", "--json", stdout=subprocess.PIPE)
    assert (screen.code, screen.raw) == (0, "")
    assert json.loads(screen.out)["state"] == "completed"


@pytest.mark.parametrize(
    ("options", "variables", "count"),
    [([], {}, 1), (["--verbose"], {}, 2), ([], {"NARRATIVE_LOG": "debug"}, 2)],
    ids=["warnings", "log", "variable"],
)
def test_warnings_and_the_log_stand_above_what_is_live(
    api: Server, options: list[str], variables: dict[str, str], count: int
) -> None:
    ids = number(9), number(1)
    screen = on_terminal(api.url, "wait", *ids, *options, size=(250, 100), variables=variables)
    assert screen.code == 0
    found = [line for line in screen.lines if "status 502" in line or "-> 502" in line]
    assert len(found) == count
    assert not any(STATUS.match(line) for line in screen.lines)
    assert len([line for line in screen.lines if line.startswith("job ")]) == 2


def test_ctrl_c_leaves_the_terminal_as_it_was(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(6), type_at=("running", b"\x03"), size=(250, 100))
    assert (screen.code, screen.is_cursor_shown) == (130, True)
    assert not any(STATUS.match(line) for line in screen.lines)
    said = f"interrupted; to take it up again: narrative-jobs wait {number(6)}"
    assert screen.lines[-1].endswith(said)


@pytest.mark.parametrize(
    "signal", [Signals.SIGHUP, Signals.SIGQUIT, Signals.SIGTERM, Signals.SIGKILL]
)
def test_the_cursor_is_shown_whatever_ends_it(api: Server, signal: Signals) -> None:
    left = [signal]

    def watch(_: object, raw: bytes) -> bytes | Signals:
        return left.pop() if left and b"running" in raw else b""

    command = [*COMMAND, "wait", number(6)]
    screen = run_on_terminal(command, environment(api.url), watch=watch)
    assert screen.code in {-signal, 128 + signal}
    assert screen.is_cursor_shown


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


def test_in_the_background_it_leaves_the_last_line_to_whoever_types_there(api: Server) -> None:
    line = f"set -m; {' '.join(COMMAND)} wait {number(6)} --max-wait 1.5s & wait $!"
    screen = run_on_terminal(["bash", "-c", line], environment(api.url))
    assert screen.code == 124
    assert [line for line in screen.lines if "running after" in line]
    assert not re.search("^0:00:0|\r0:00:0", screen.raw, re.MULTILINE)
