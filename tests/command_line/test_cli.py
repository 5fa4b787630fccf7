"""The command line, run as a process: on pipes, and on a terminal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import narrative_jobs
import pytest
from stand_in import TOKEN, Answer, Request, Server, load_spec
from support import JOB_ID, ROOT, payload
from terminal import Screen, run_on_terminal

Serve = Callable[..., Server]

ENDED = ("completed", "failed", "cancelled")
STATES = {
    1: "completed",
    2: "pending running completed",
    3: "running failed",
    4: "cancelled",
    5: "archived!",
    6: "running",
    7: "404",
    8: "html",
    9: "502 running completed",
    10: "401",
}
"""What becomes of each job, by its number."""


def number(n: int) -> str:
    return str(UUID(int=n))


def job(n: int, state: str) -> dict[str, Any]:
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


@pytest.fixture
def api() -> Iterator[Server]:
    with Server(Api()) as server:
        yield server


def environment(url: str | None, **more: str) -> dict[str, str]:
    variables = {
        "PYTHONPATH": str(ROOT / "generated"),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "NARRATIVE_API_KEY": TOKEN,
        "PYTHONWARNINGS": "error",
    }
    return variables | ({"NARRATIVE_ENVIRONMENT": url} if url else {}) | more


COMMAND = [sys.executable, "-m", "narrative_jobs"]


def run(
    url: str | None, *arguments: str, stdin: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=20,
        env=environment(url, **variables),
    )
    assert TOKEN not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result


def test_get_prints_a_job_for_people(api: Server) -> None:
    result = run(api.url, "get", number(3))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"job {number(3)}: running\n")
    result = run(api.url, "get", number(3))
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"job {number(3)}: failed", "  took 5 minutes and 55 seconds"]
    assert "  type: materialize-view" in lines
    assert re.search(r"  created_at: \d+ years ago \(2023-10-31 11:19:13 UTC\)", result.stdout)
    where = lines.index("    compiled_select:")
    assert lines[where + 1 : where + 3] == ["      SELECT", "        `ds_10674`.`value`"]
    where = lines.index("  failures:")
    assert lines[where + 1 : where + 3] == ["    1:", "      message: out of memory"]
    assert "    snapshot_id: 1724919539450264600" in lines


def test_json_is_exactly_what_the_server_sent(api: Server) -> None:
    sent = json.dumps(job(1, "completed"), indent=1)
    result = run(api.url, "get", number(1), "--json")
    assert (result.returncode, result.stdout, result.stderr) == (0, sent + "\n", "")
    result = run(api.url, "wait", number(1), "--json")
    assert (result.returncode, result.stdout) == (0, sent + "\n")


HELD = [
    # The command, its exit code, what is on stdout, what is on stderr.
    (["wait", 1], 0, ["completed"], [f"{number(1)} completed after"]),
    (["wait", 2], 0, ["completed"], [f"{number(2)} pending after", "running", "completed"]),
    (["wait", 3], 1, ["failed"], [f"{number(3)} running", f"{number(3)} failed"]),
    (["wait", 4], 1, ["cancelled"], [f"{number(4)} cancelled"]),
    (["wait", 5], 1, ["archived"], [f"{number(5)} archived"]),
    (["wait", 9], 0, ["completed"], [f"{number(9)} running", f"{number(9)} completed"]),
    (["wait", 1, 2, 2, 1, "--quiet"], 0, ["completed", "completed"], []),
    (["wait", 1, 3, "--quiet"], 1, ["completed", "failed"], []),
    (
        ["wait", 6, "--max-wait", "0.3s"],
        124,
        [],
        [
            f"{number(6)} running",
            "narrative-jobs: job .* did not end within 0.3 seconds; .* running",
        ],
    ),
    (["wait", 3, 6, "--max-wait", "0.3", "--quiet"], 124, ["failed"], ["narrative-jobs: job .*6"]),
    (["wait", 7], 3, [], [f"narrative-jobs: GET /jobs/{number(7)} answered 404 .*: E: No 404.$"]),
    (["wait", 1, 7, "--quiet"], 3, ["completed"], ["answered 404"]),
    (["wait", 6, 7, "--max-wait", "0.3", "--quiet"], 3, [], ["404", "did not end"]),
    (["wait", 8], 3, [], ["narrative-jobs: GET .* answered 200: expected JSON, got '<html>'"]),
    (["wait", 10], 3, [], ["answered 401"]),
    (["get", 7], 3, [], ["narrative-jobs: GET .* answered 404"]),
    (["get", 10], 3, [], ["answered 401"]),
    (
        ["get", 6, "--environment", "http://127.0.0.1:1"],
        3,
        [],
        ["narrative-jobs: GET .* no answer"],
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
    assert re.findall(r"^job \S+: (\w+)$", result.stdout, re.MULTILINE) == out
    assert bool(result.stdout) == bool(out)
    found = result.stderr.splitlines()
    if "usage:" in result.stderr:
        found = [found[0], found[-1]]
    assert len(found) == len(err), result.stderr
    for line, wanted in zip(found, err, strict=True):
        assert re.search(wanted, line), (wanted, line)


def test_without_a_key_it_says_where_to_put_it() -> None:
    result = run(None, "get", JOB_ID, NARRATIVE_API_KEY="")
    said = "there is no API key: put it into the environment variable NARRATIVE_API_KEY"
    assert (result.returncode, result.stderr) == (2, f"narrative-jobs: {said}\n")


def test_ids_come_from_stdin_too(api: Server) -> None:
    result = run(api.url, "wait", "--json", "--quiet", "-", stdin=f"{number(1)}\n\n {number(2)}\n")
    assert (result.returncode, result.stderr) == (0, "")
    decode, text = json.JSONDecoder(), result.stdout
    first, end = decode.raw_decode(text)
    second, _ = decode.raw_decode(text[end:].lstrip())
    assert {first["job_id"], second["job_id"]} == {number(1), number(2)}
    result = run(api.url, "wait", "-", stdin=" \n")
    assert (result.returncode, result.stderr) == (2, "narrative-jobs: there are no ids on stdin\n")


def test_verbose_shows_the_log(api: Server) -> None:
    result = run(api.url, "wait", number(9), "--verbose")
    assert result.returncode == 0
    assert re.search(r"DEBUG GET /jobs/\{job_id\} -> 502", result.stderr)
    assert re.search(r"WARNING GET /jobs/\{job_id\}: status 502; looking again", result.stderr)


@pytest.mark.parametrize("command", [[], ["get"], ["wait"]])
def test_help_shows_an_example_of_each(command: list[str]) -> None:
    result = run(None, *command, "--help", NARRATIVE_API_KEY="")
    assert result.returncode == 0
    assert "narrative-jobs get JOB_ID --json | jq .state" in result.stdout
    assert "narrative-jobs wait JOB_ID --max-wait 30m" in result.stdout
    assert "  124  the wait ran out" in result.stdout


def test_it_knows_its_version() -> None:
    result = run(None, "--version")
    assert result.stdout == f"narrative-jobs {narrative_jobs.__version__}\n"
    assert load_spec()["info"]["version"] == narrative_jobs.__version__


@pytest.mark.parametrize("library", ["rich", "humanize"])
def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, library: str) -> None:
    missing = f"raise ModuleNotFoundError('no {library}', name='{library}')"
    (tmp_path / f"{library}.py").write_text(missing)
    paths = os.pathsep.join(map(str, [tmp_path, ROOT / "generated"]))
    result = run(None, "get", JOB_ID, PYTHONPATH=paths)
    said = "narrative-jobs needs its extra: pip install 'narrative-jobs[cli]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.parametrize("command", [["get"], ["get", "--json"], ["wait", "--quiet"]])
def test_a_pipe_that_closes_early_is_no_error(api: Server, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [*COMMAND, *command, number(1)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=20,
        env=environment(api.url),
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">/dev/full", "| true"])
@pytest.mark.parametrize(
    "command", ["get {}", "get {} --json", "wait {}", "--help", "wait -", "get x"]
)
def test_no_standard_stream_is_relied_on(api: Server, command: str, closed: str) -> None:
    line = f"{sys.executable} -m narrative_jobs {command.format(number(1))} {closed}"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=environment(api.url),
    )
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
    is_wrong = command in {"wait -", "get x"} or closed == ">/dev/full"
    assert result.returncode == (2 if is_wrong else 0), result.stderr
    if closed == ">/dev/full" and not command.endswith(("-", "x")):
        assert "narrative-jobs: [Errno 28] No space left on device" in result.stderr


HARD: list[tuple[dict[str, Any], str]] = [
    ({"input": {"additional_properties": True}}, "    additional_properties: True"),
    ({"additional_properties": "mine"}, "  additional_properties: mine"),
    ({"ended_at": "9999-12-31T23:59:59Z"}, " (9999-12-31 23:59:59 UTC)"),
    ({"created_at": "0001-01-01T00:00:00+14:00"}, "  created_at: 0001-01-01T00:00:00+14:00"),
    ({"a\nkey": 1}, "  a\\nkey: 1"),
    ({"text": "two\nlines"}, "    two"),
]


@pytest.mark.parametrize(("fields", "line"), HARD, ids=range(len(HARD)))
def test_whatever_is_in_a_job_can_be_shown(fields: dict[str, Any], line: str) -> None:
    sent = job(1, "completed") | fields
    with Server(lambda _: Answer(200, sent)) as server:
        for command in "get", "wait":
            result = run(server.url, command, number(1))
            assert result.returncode == 0, result.stderr
            assert line in result.stdout


def test_what_is_too_deep_to_be_shown_is_in_the_json() -> None:
    deep = '{"a":' * 700 + "1" + "}" * 700
    sent = json.dumps(job(1, "completed") | {"deep": 0}).replace('"deep": 0', f'"deep": {deep}')
    with Server(lambda _: Answer(200, sent)) as server:
        result = run(server.url, "get", number(1))
        assert result.returncode == 0
        assert result.stdout.startswith(f"job {number(1)}: completed\n")
        assert "too deeply nested to be shown: see --json" in result.stdout
        assert run(server.url, "get", number(1), "--json").stdout == sent + "\n"


def test_a_state_cannot_forge_a_line() -> None:
    forged = f"paused\njob {number(2)}: completed"
    with Server(lambda _: Answer(200, job(1, forged) | {"ended_at": None})) as server:
        result = run(server.url, "get", number(1))
        assert result.stdout.splitlines()[0].startswith(f"job {number(1)}: paused\\njob ")
        result = run(server.url, "wait", number(1), "--max-wait", "0.3s")
        assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "variables",
    [
        {"ALL_PROXY": "socks5://127.0.0.1:1"},
        {"SSL_CERT_FILE": "/nowhere.pem"},
        {"SSL_CERT_FILE": __file__},
    ],
    ids=lambda variables: " ".join(variables.values())[:12],
)
def test_a_mistake_in_the_environment_is_one_line(api: Server, variables: dict[str, str]) -> None:
    result = run(api.url, "get", number(1), **variables)
    assert result.returncode == 2
    assert re.fullmatch("narrative-jobs: .+\n", result.stderr)


def test_a_terminal_without_width_still_shows_the_job(api: Server) -> None:
    result = run(api.url, "get", number(1), COLUMNS="0")
    assert result.stdout.startswith(f"job {number(1)}: completed")


def test_an_id_in_capitals_is_the_same_job(serve: Serve) -> None:
    url = serve(job(0xAB, "running"), job(0xAB, "completed")).url
    screen = on_terminal(url, "wait", number(0xAB), number(0xAB).upper())
    assert "of 1 ended" in screen.raw
    assert "of 2 ended" not in screen.raw


def test_a_job_of_a_megabyte_is_shown_in_a_moment() -> None:
    sent = job(1, "completed") | {"input": {"nql": "SELECT a, b FROM c WHERE d\n" * 40_000}}
    with Server(lambda _: Answer(200, sent)) as server:
        result = run(server.url, "get", number(1))
        assert result.stdout.count("SELECT a, b FROM c WHERE d") == 40_000


def test_a_locale_that_is_not_utf_8_is_no_error() -> None:
    text = "größer 🎉\x1b[31m\x07\ttab"
    sent = json.dumps(job(1, "failed") | {"failures": [{"message": text}]}, ensure_ascii=False)
    with Server(lambda _: Answer(200, sent.encode())) as server:
        for variables in {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}:
            result = run(server.url, "get", number(1), PYTHONCOERCECLOCALE="0", **variables)
            assert result.returncode == 0
            said = "message: gr\\xf6\\xdfer \\U0001f389\\x1b[31m\\x07"
            assert said in result.stdout.replace("größer", "gr\\xf6\\xdfer").replace(
                "🎉", "\\U0001f389"
            )
            result = run(server.url, "get", number(1), "--json", **variables)
            assert result.stdout == sent + "\n"


def test_ctrl_c_ends_it_with_130(api: Server) -> None:
    process = subprocess.Popen(
        [*COMMAND, "wait", number(6)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(api.url),
    )
    assert process.stderr
    assert "running" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (130, "", "narrative-jobs: interrupted\n")


def on_terminal(
    url: str,
    *arguments: str,
    columns: int = 100,
    piped: bool = False,
    interrupt: str = "",
    variables: Mapping[str, str] | None = None,
) -> Screen:
    """Run the command on a terminal, and press Ctrl-C where a text appears."""
    typed = [b"\x03"] if interrupt else []

    def watch(_: object, raw: bytes) -> bytes:
        return typed.pop() if typed and interrupt.encode() in raw else b""

    return run_on_terminal(
        [*COMMAND, *arguments],
        environment(url, **(variables or {})),
        size=(columns, 100),
        stdout=subprocess.PIPE if piped else None,
        watch=watch,
    )


def test_on_a_terminal_a_wait_is_live() -> None:
    began: dict[str, float] = {}

    def answer(request: Request) -> Answer:
        job_id = request.path.removeprefix("/jobs/")
        age = time.monotonic() - began.setdefault(job_id, time.monotonic())
        state = "pending" if age < 0.3 else "running" if age < 0.8 else "completed"
        return Answer(200, job(UUID(job_id).int, state), {"Retry-After": "0.05"})

    with Server(answer) as server:
        screen = on_terminal(server.url, "wait", number(1), number(2))
        assert screen.code == 0
        assert re.search(rf"0:00:0\d  \x1b\[36mpending   \x1b\[0m  {number(1)}", screen.raw)
        assert re.search(rf"running   \x1b\[0m  {number(2)}", screen.raw)
        assert "0 of 2 ended" in screen.raw
        assert "\x1b[1A" in screen.raw, "lines are written over"
        text = "\n".join(screen.lines)
        assert len(re.findall(r"^job \S+: completed$", text, re.MULTILINE)) == 2
        assert len(re.findall(r"^\S+ completed after 0:00:0\d$", text, re.MULTILINE)) == 2
        assert "of 2 ended" not in text, "what was live is gone"
        assert "\x1b[?25h" in screen.raw[screen.raw.rindex("\x1b[?25l") :], "the cursor is back"

        began.clear()
        screen = on_terminal(server.url, "wait", number(1), "--json", piped=True)
        assert json.loads(screen.out) == job(1, "completed")
        assert re.match(rf"{number(1)} completed after 0:00:0\d$", "".join(screen.lines))


def test_a_narrow_terminal_gets_narrow_lines(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(6), "--max-wait", "0.8", columns=24)
    assert screen.code == 124
    assert re.search(r"running   \x1b\[0m  000", screen.raw)
    assert not re.search(rf"running   \x1b\[0m  {number(6)}", screen.raw), "it is cut"


def test_no_color_means_no_colour(api: Server) -> None:
    colours = r"\x1b\[[0-9;]*3[0-7]m"
    assert re.search(colours, on_terminal(api.url, "get", number(1)).raw)
    for variables in {"NO_COLOR": "1"}, {"TERM": "dumb"}:
        screen = on_terminal(api.url, "get", number(1), variables=variables)
        assert not re.search(colours, screen.raw)


def test_a_dumb_terminal_gets_a_line_for_each_change(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(2), variables={"TERM": "dumb"})
    assert "\x1b" not in screen.raw
    assert [line.split()[1] for line in screen.lines[:3]] == ["pending", "running", "completed"]


def test_ctrl_c_on_a_terminal_leaves_it_as_it_was(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(6), interrupt="running")
    assert screen.code == 130
    assert screen.lines[-1].endswith("narrative-jobs: interrupted")
    assert "\x1b[?25h" in screen.raw[screen.raw.rindex("\x1b[?25l") :], "the cursor is back"


def test_quiet_is_quiet_on_a_terminal_too(api: Server) -> None:
    screen = on_terminal(api.url, "wait", number(2), "--quiet", "--json", piped=True)
    assert (screen.code, screen.raw) == (0, "")
    assert json.loads(screen.out)["state"] == "completed"


def test_the_token_is_nowhere_to_be_seen(serve: Serve) -> None:
    echo = Answer(401, {"error": "E", "error_description": f"Bearer {TOKEN} is unknown"})
    for command in ["get"], ["wait"], ["wait", "--verbose"]:
        result = run(serve(echo).url, *command, number(1))
        assert result.returncode == 3
        assert "[token] is unknown" in result.stderr
