"""Standard streams, locales and jobs of every kind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from narrative_jobs import _long_running, job_from_dict
from narrative_jobs._runtime.terminal import Terminal
from shell import COMMAND, environment, job, number, run
from stand_in import Answer, Server


def test_a_pipe_that_closes_early_is_no_error(api: Server) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [*COMMAND, "get", number(1)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=20,
        env=environment(api.url),
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")


CLOSED = ["<&-", ">&-", "2>&-", ">/dev/full", "2>/dev/full", "| true"]
CASES = [
    *((command, closed) for command in ("wait {}", "--help") for closed in CLOSED),
    *(("get {} --json", closed) for closed in (">&-", ">/dev/full", "| true")),
    ("wait -", "<&-"),
    ("get x", "2>&-"),
    ("--x", "2>/dev/full"),
]


@pytest.mark.parametrize(("command", "closed"), CASES)
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
    is_wrong = command in {"wait -", "get x", "--x"} or closed == ">/dev/full"
    assert result.returncode == (2 if is_wrong else 0), result.stderr
    if closed == ">/dev/full":
        assert "narrative-jobs: [Errno 28] No space left on device" in result.stderr


HARD: list[tuple[dict[str, Any], str]] = [
    ({"input": {"additional_properties": True}}, "    additional_properties: true"),
    ({"additional_properties": "mine"}, "  additional_properties: mine"),
    ({"ended_at": "9999-12-31T23:59:59Z"}, "  ended_at: 9999-12-31T23:59:59Z"),
    ({"created_at": "0001-01-01T00:00:00+14:00"}, "  created_at: 0001-01-01T00:00:00+14:00"),
    ({"a\nkey": 1}, "  a\\nkey: 1"),
    ({"text": "two\nlines"}, "    two"),
    ({"input": {"nql": "SELECT a\r\nFROM b\r\n"}}, "    nql:\n      SELECT a\n      FROM b\n"),
    (
        {"text": "\u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f4bb \u202e \u2028"},
        "  text: \u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f4bb \\u202e \\u2028\n",
    ),
    (
        {"list": [[], {}, [1, "b"], True]},
        "  list:\n    1: []\n    2: {}\n    3:\n      1: 1\n      2: b\n    4: true",
    ),
]


@pytest.mark.parametrize(("fields", "line"), HARD, ids=range(len(HARD)))
def test_whatever_is_in_a_job_can_be_shown(fields: dict[str, Any], line: str) -> None:
    sent = job(1, "completed") | fields
    with Server(lambda _: Answer(200, sent)) as server:
        for command in "get", "wait":
            result = run(server.url, command, number(1))
            assert result.returncode == 0, result.stderr
            assert line in result.stdout


@pytest.mark.parametrize("depth", [500, 3000])
def test_however_deep_it_is_nested_it_is_in_the_json(depth: int) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth
    sent = json.dumps(job(1, "completed") | {"deep": 0}).replace('"deep": 0', f'"deep": {deep}')
    with Server(lambda _: Answer(200, sent)) as server:
        assert run(server.url, "get", number(1), "--json").stdout == sent + "\n"
        result = run(server.url, "get", number(1))
    assert result.returncode == (3 if "expected" in result.stderr else 0)


def test_of_what_is_too_deep_the_rest_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    """From Python 3.12 on, JSON is read a little deeper than it can be shown."""
    deep: Any = 1
    for _ in range(5000):
        deep = {"a": deep}
    item = job_from_dict(job(1, "completed") | {"deep": deep})
    Terminal(_long_running.get_job, "", is_quiet=True).show(item)
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == f"job {number(1)}: completed"
    assert lines[-1] == "  (the rest is too deeply nested to be shown: see --json)"


def test_a_state_cannot_forge_a_line() -> None:
    forged = f"not-a-state\njob {number(2)}: completed"
    with Server(lambda _: Answer(200, job(1, forged) | {"ended_at": None})) as server:
        result = run(server.url, "get", number(1))
        assert result.stdout.splitlines()[0].startswith(f"job {number(1)}: not-a-state\\njob ")
        result = run(server.url, "wait", number(1), "--max-wait", "1s")
        assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "variables",
    [
        {"ALL_PROXY": "http://127.0.0.1:port"},
        {"SSL_CERT_FILE": "/nowhere.pem"},
        {"SSL_CERT_FILE": __file__},
    ],
    ids=lambda variables: " ".join(variables.values())[:12],
)
def test_a_mistake_in_the_environment_is_one_line(api: Server, variables: Any) -> None:
    url = api.url.replace("http://", "https://")  # Over http, no certificate is looked at.
    result = run(url, "get", number(1), **variables)
    assert result.returncode == 2
    assert re.fullmatch("narrative-jobs: .+\n", result.stderr)


def test_a_terminal_without_width_still_shows_the_job(api: Server) -> None:
    result = run(api.url, "get", number(1), COLUMNS="0")
    assert result.stdout.startswith(f"job {number(1)}: completed")


def test_a_job_of_a_megabyte_is_shown_in_a_moment() -> None:
    sent = job(1, "completed") | {"input": {"nql": "SELECT a, b FROM c WHERE d\n" * 40_000}}
    with Server(lambda _: Answer(200, sent)) as server:
        result = run(server.url, "get", number(1))
        assert result.stdout.count("SELECT a, b FROM c WHERE d") == 40_000


def test_a_locale_that_is_not_utf_8_is_no_error() -> None:
    text = "größer 🎉\x1b[31m\x07\ttab"
    sent = json.dumps(job(1, "failed") | {"failures": [{"message": text}]}, ensure_ascii=False)
    with Server(lambda _: Answer(200, sent.encode())) as server:
        result = run(server.url, "get", number(1), encoding="ascii")
        assert result.returncode == 0
        assert "message: gr\\xf6\\xdfer \\U0001f389\\x1b[31m\\x07" in result.stdout
        result = run(server.url, "get", number(1), "--json", encoding="ascii")
        assert result.stdout == sent + "\n"
