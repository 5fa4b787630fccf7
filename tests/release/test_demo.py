"""scripts/demo and scripts/stand-in: what a newcomer runs first."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support import ROOT, copy_of_the_repo
from test_readme import SAMPLES


@contextmanager
def started(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a session of its own, which ends with the block."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def pins(name: str) -> list[str]:
    return re.findall(r"^\S+==\S+", (ROOT / "scripts" / name).read_text(), re.MULTILINE)


def test_the_demo_needs_a_few_of_the_tools_in_the_same_versions() -> None:
    assert set(pins("requirements-demo.txt")) < set(pins("requirements.txt"))
    assert not any(
        re.match("pytest|mypy|basedpyright", one) for one in pins("requirements-demo.txt")
    )


def test_what_is_to_be_installed_is_said_before(tmp_path: Path) -> None:
    repo = copy_of_the_repo(tmp_path / "repo")
    (repo / ".venv").unlink()
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n[ $1 = -c ] || { echo fetching >&2; exit 7; }\n")
    python.chmod(0o755)
    for name, count, size in (
        ("demo", "requirements-demo.txt", 90),
        ("test", "requirements.txt", 520),
    ):
        run = subprocess.run(
            [repo / "scripts" / name],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHON": str(python)},
        )
        said = f"Installing {len(pins(count))} packages ({size} MB) into .venv, once."
        assert (run.returncode, run.stderr.splitlines()[:2]) == (7, [said, "fetching"])


def test_the_demo_waits_for_a_job_twice(tmp_path: Path) -> None:
    demo = copy_of_the_repo(tmp_path / "repo") / "scripts" / "demo"
    run = subprocess.run([demo], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    states = re.findall(r"^2a5b\S+ (\w+) after", run.stderr, re.MULTILINE)
    assert states == ["pending", "running", "completed"]
    _, sample, printed = run.stdout.rpartition(SAMPLES[0])
    assert sample, "it shows what it runs"
    assert printed.split("\n")[1:-1] == re.findall("# -> (.*)", SAMPLES[0])


def test_ctrl_c_in_the_demo_is_quiet(tmp_path: Path) -> None:
    demo = copy_of_the_repo(tmp_path / "repo") / "scripts" / "demo"
    for begun in ("pending after", "from narrative_jobs import"):
        with started(demo) as process:
            assert process.stdout
            assert process.stderr
            stream = process.stderr if begun == "pending after" else process.stdout
            assert any(begun in said for said in stream)
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=30)
        assert process.returncode in {130, -signal.SIGINT}
        assert "Traceback" not in err
        assert "KeyboardInterrupt" not in err


def test_a_sample_can_be_tried_by_hand_beside_the_stand_in() -> None:
    with started(ROOT / "scripts" / "stand-in") as process:
        assert process.stdout
        said = process.stdout.readline()
        assert re.fullmatch(r"An API at http://127.0.0.1:\d+, key `demo`, until Ctrl-C.*\n", said)
        told = dict(word.split("=", 1) for word in process.stdout.readline().split()[1:])
        assert told["NARRATIVE_API_KEY"] == "demo"
        environment = {**told, "PYTHONPATH": str(ROOT / "generated")}
        command = [sys.executable, "-c", SAMPLES[0]]
        run = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert run.returncode == 0, run.stderr
        assert run.stdout.splitlines() == re.findall("# -> (.*)", SAMPLES[0])
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")


@pytest.mark.parametrize(("code", "exit_code"), [("", 0), ("raise SystemExit(3)", 3)])
def test_a_command_beside_the_stand_in_is_told_where_it_is(code: str, exit_code: int) -> None:
    code = f"import os; print(os.environ['NARRATIVE_ENVIRONMENT']); {code}"
    run = subprocess.run(
        [ROOT / "scripts" / "stand-in", sys.executable, "-c", code], capture_output=True, text=True
    )
    assert run.returncode == exit_code
    assert run.stdout.startswith("http://127.0.0.1:")


def test_a_command_that_is_not_there_is_one_line() -> None:
    stand_in = ROOT / "scripts" / "stand-in"
    run = subprocess.run([stand_in, "no-such-command"], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[-1].startswith("scripts/stand-in: error: ")
    assert "Traceback" not in run.stderr
