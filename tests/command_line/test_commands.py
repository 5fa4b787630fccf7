"""What the commands print, and what they come to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from shell import COMMAND, environment, job, number, run
from stand_in import TOKEN, Answer, Request, Server
from support import JOB_ID

Serve = Callable[..., Server]


def test_get_prints_a_job_for_people(api: Server) -> None:
    result = run(api.url, "get", number(3))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"job {number(3)}: running\n")
    result = run(api.url, "get", number(3))
    lines = result.stdout.splitlines()
    assert lines[:3] == [f"job {number(3)}: failed", "  took 0:05:55", "  out of memory"]
    assert "  type: materialize-view" in lines
    assert "  created_at: 2023-10-31T11:19:13.400498Z" in lines
    where = lines.index("    compiled_select:")
    assert lines[where + 1 : where + 3] == ["      SELECT", "        `ds_10674`.`value`"]
    where = lines.index("  failures:")
    assert lines[where + 1 : where + 3] == ["    1:", "      message: out of memory"]
    assert "    snapshot_id: 1724919539450264600" in lines


def test_get_gives_the_bytes_as_they_came(api: Server) -> None:
    sent = json.dumps(job(1, "completed"), indent=1)
    result = run(api.url, "get", number(1), "--json")
    assert (result.returncode, result.stdout, result.stderr) == (0, sent + "\n", "")
    result = run(api.url, "get", number(1), number(1), "--json")
    assert result.stdout == f"{sent}\n{sent}\n"


@pytest.mark.parametrize("body", ['{"job_id": 7}', "<html>", '{"a": 1,\n', '"größer"', "[" * 5000])
def test_get_gives_what_cannot_be_read_too(serve: Serve, body: str) -> None:
    url = serve(Answer(200, body)).url
    result = run(url, "get", number(1), "--json")
    assert (result.returncode, result.stdout.removesuffix("\n")) == (3, body.removesuffix("\n"))
    assert len(result.stderr.splitlines()) == 1
    assert "expected" in result.stderr
    assert run(url, "get", number(1)).stdout == ""


def test_wait_gives_a_line_of_json_for_each() -> None:
    tricky = {"text": ' a: "b" ,\\ \n [ ] \\"', "number": 7, "empty": "", "nothing": {}}

    def answer(request: Request) -> Answer:
        sent = job(UUID(request.path.removeprefix("/jobs/")).int, "completed") | tricky
        text = json.dumps(sent, indent=3, ensure_ascii=False).replace(": 7", ": 1.50E+400")
        return Answer(200, text.replace("\n", "\r\n"))

    with Server(answer) as server:
        result = run(server.url, "wait", "--json", "--quiet", *map(number, (1, 2, 3)))
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert {json.loads(line)["job_id"] for line in lines} == {number(n) for n in (1, 2, 3)}
    for line in lines:
        assert {**json.loads(line), "number": 7}.items() >= tricky.items()
        assert '"number":1.50E+400,"empty":""' in line
        assert re.search(r'"job_id":"[^"]*","request_source":{"type":"api_user"', line)


HELD = [
    # The command, its exit code, what is on stdout, what is on stderr.
    (["wait", 1], 0, ["completed"], [f"{number(1)} completed after"]),
    (["wait", 2], 0, ["completed"], [f"{number(2)} pending after", "running", "completed"]),
    (["wait", 3], 1, ["failed"], [f"{number(3)} running", f"{number(3)} failed .*: out of memory"]),
    (["wait", 4], 1, ["cancelled"], [f"{number(4)} cancelled"]),
    (["wait", 5], 1, ["not-a-state"], [f"{number(5)} not-a-state"]),
    (
        ["wait", 9],
        0,
        ["completed"],
        ["status 502", f"{number(9)} running", f"{number(9)} completed"],
    ),
    (["wait", 1, 2, 2, 1, "--quiet"], 0, ["completed", "completed"], []),
    (
        ["wait", 1, 3, "--quiet"],
        1,
        ["completed", "failed"],
        [f"{number(3)} failed .*: out of memory"],
    ),
    (["wait", 4, 5, "--quiet"], 1, ["cancelled", "not-a-state"], ["4 cancelled", "5 not-a-state"]),
    (
        ["wait", 6, "--max-wait", "1s"],
        124,
        [],
        [
            f"{number(6)} running",
            "narrative-jobs: job .* did not end within 1 seconds; .* running",
        ],
    ),
    (["wait", 3, 6, "--max-wait", "1", "--quiet"], 124, ["failed"], ["3 failed", "job .*6"]),
    (["wait", 7], 3, [], [f"narrative-jobs: GET /jobs/{number(7)} answered 404 .*: E: No 404.$"]),
    (["wait", 1, 7, "--quiet"], 3, ["completed"], ["answered 404"]),
    (["wait", 6, 7, "--max-wait", "1", "--quiet"], 3, [], ["404", "did not end"]),
    (["wait", 8], 3, [], ["narrative-jobs: GET .* answered 200: expected JSON, got '<html>'"]),
    (["wait", 10], 3, [], ["answered 401"]),
    (["get", 3, 3], 0, ["running", "failed"], []),
    (["get", 1, 7, 4], 3, ["completed", "cancelled"], ["narrative-jobs: GET .* answered 404"]),
    (["get", 10, 1], 3, [], ["answered 401"]),
    (["get", 7], 3, [], ["narrative-jobs: GET .* answered 404"]),
    (["get", 10], 3, [], ["answered 401"]),
    (
        ["get", 6, "--environment", "http://127.0.0.1:1"],
        3,
        [],
        ["retrying GET", "narrative-jobs: GET .* no answer"],
    ),
    (["get", "x"], 2, [], ["narrative-jobs: job_id: expected a UUID, got 'x'"]),
    (["wait", "x", 1], 2, [], ["narrative-jobs: job_id: expected a UUID, got 'x'"]),
    (
        ["get", 1, "--environment", "staging"],
        2,
        [],
        ["narrative-jobs: There is no environment 'st"],
    ),
    (["wait", 1, "--max-wait", "soon"], 2, [], [" ", "'soon' is no time such as 90, 45s"]),
    (["wait", 1, "--max-wait", "0"], 2, [], [" ", "'0' is no time such as 90, 45s"]),
    (["wait"], 2, [], ["usage: narrative-jobs wait", "required: JOB_ID"]),
    (["get", 1, "--token", "t"], 2, [], ["usage: ", "unrecognized arguments: --token t"]),
    ([], 2, [], ["usage: narrative-jobs", "required: COMMAND"]),
]


@pytest.mark.parametrize(("arguments", "code", "out", "err"), HELD, ids=range(len(HELD)))
def test_what_a_command_comes_to(
    api: Server, arguments: list[Any], code: int, out: list[str], err: list[str]
) -> None:
    words = [number(word) if isinstance(word, int) else word for word in arguments]
    result = run(api.url, *words)
    assert result.returncode == code, result.stderr
    # Jobs that end at the same time come in any order.
    shown = re.findall(r"^job \S+: ([\w-]+)$", result.stdout, re.MULTILINE)
    assert sorted(shown) == sorted(out)
    assert bool(result.stdout) == bool(out)
    found = result.stderr.splitlines()
    if "usage:" in result.stderr:
        found = [found[0], found[-1]]
    assert len(found) == len(err), result.stderr
    for wanted in err:
        matching = [line for line in found if re.search(wanted, line)]
        assert matching, (wanted, found)
        found.remove(matching[0])


def test_without_a_key_it_says_where_to_put_it() -> None:
    result = run(None, "get", JOB_ID, NARRATIVE_API_KEY="")
    said = "There is no API key: put it into the environment variable NARRATIVE_API_KEY."
    assert (result.returncode, result.stderr) == (2, f"narrative-jobs: {said}\n")


def test_the_advice_names_what_the_command_line_can_do() -> None:
    result = run("http://192.0.2.1", "get", number(1))
    assert result.returncode == 2
    assert "use https://" in result.stderr
    assert "allow_insecure_http" not in result.stderr


def test_an_interval_is_kept(api: Server) -> None:
    api_answers = len(api.requests)
    result = run(api.url, "wait", number(6), "--interval", "0.2s", "--max-wait", "1.1s")
    assert result.returncode == 124
    assert 4 <= len(api.requests) - api_answers <= 8
    result = run(api.url, "wait", number(6), "--interval", "often")
    assert (result.returncode, "'often' is no time" in result.stderr) == (2, True)


def test_the_first_bad_end_may_be_the_last() -> None:
    began: list[float] = []

    def answer(request: Request) -> Answer:
        began.append(time.monotonic())
        n = UUID(request.path.removeprefix("/jobs/")).int
        state = "running" if n == 3 or time.monotonic() - began[0] < 0.4 * n else "failed"
        return Answer(200, job(n, state), {"Retry-After": "0.05"})

    with Server(answer) as server:
        result = run(server.url, "wait", "--fail-fast", *map(number, (1, 2, 3)))
    assert result.returncode == 1
    assert re.findall(r"^job (\S+): failed$", result.stdout, re.MULTILINE) == [number(1)]


def test_a_refused_port_is_said_at_once_and_then_seldom() -> None:
    process = subprocess.Popen(
        [*COMMAND, "wait", number(1), "--interval", "0.1s", "--max-wait", "2s"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment("http://127.0.0.1:1/a%20b"),
    )
    assert process.stderr
    first = process.stderr.readline()
    assert process.poll() is None, "before the wait is over"
    assert re.match(r"narrative-jobs: http://127\.0\.0\.1:1/a%20b: GET /jobs/.*ConnectError", first)
    _, rest = process.communicate(timeout=10)
    assert len(rest.splitlines()) == 1, "nothing between it and the end of the wait"
    assert process.returncode in {3, 124}
    quiet = run("http://127.0.0.1:1", "wait", number(1), "--quiet", "--max-wait", "1")
    assert len(quiet.stderr.splitlines()) == 1


def test_verbose_shows_the_log(api: Server) -> None:
    result = run(api.url, "wait", number(9), "--verbose")
    assert result.returncode == 0
    assert re.search(r"DEBUG GET /jobs/\S+ -> 502", result.stderr)
    assert re.search(r"WARNING GET /jobs/\S+: status 502; ", result.stderr)
    assert "narrative-jobs: http" not in result.stderr, "it is said once"


def test_ctrl_c_says_how_to_take_the_wait_up_again(api: Server) -> None:
    arguments = ["--environment", api.url, "wait", "--json", number(6), "--max-wait", "2h"]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(None),
    )
    assert process.stderr
    assert "running" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    said = f"interrupted; to take it up again: narrative-jobs {' '.join(arguments)}"
    assert (process.returncode, out, err) == (130, "", f"narrative-jobs: {said}\n")


def test_ctrl_c_is_quiet_while_the_libraries_load_too(tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    variables = environment(None)
    variables["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{variables['PYTHONPATH']}"
    command = [*COMMAND, "get", number(1)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    said = f"interrupted; to take it up again: narrative-jobs get {number(1)}"
    assert (result.returncode, result.stderr) == (130, f"narrative-jobs: {said}\n")


@pytest.mark.parametrize(
    ("before", "name", "code"),
    [
        ("", "SIGTERM", 128 + signal.SIGTERM),
        ("", "SIGHUP", -signal.SIGHUP),  # A shell calls it 129.
        ("nohup ", "SIGHUP", 124),
    ],
)
def test_a_signal_ends_it_unless_nohup_says_no(
    api: Server, before: str, name: str, code: int
) -> None:
    process = subprocess.Popen(
        ["bash", "-c", f"exec {before}{' '.join(COMMAND)} wait {number(6)} --max-wait 1s"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(api.url),
    )
    assert process.stderr
    while "running" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=5)
    assert process.returncode == code
    assert "Traceback" not in err


def test_the_token_is_nowhere_to_be_seen(serve: Serve) -> None:
    echo = Answer(401, {"error": "E", "error_description": f"Bearer {TOKEN} is unknown"})
    for command in ["get"], ["wait"], ["wait", "--verbose"]:
        result = run(serve(echo).url, *command, number(1))
        assert result.returncode == 3
        assert "[token] is unknown" in result.stderr
