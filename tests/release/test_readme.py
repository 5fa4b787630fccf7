"""The README and its fellows say only what is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from shell import run
from stand_in import TOKEN, Server, jobs_of_the_spec, load_spec
from support import ROOT, samples_of_the_readme

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = samples_of_the_readme()
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))


def test_the_readme_has_samples() -> None:
    assert len(SAMPLES) >= 3


@pytest.mark.parametrize("sample", [one for one in SAMPLES if "import pandas" not in one])
def test_a_sample_runs_and_prints_what_it_says(
    sample: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(jobs_of_the_spec()) as server:
        monkeypatch.setenv("NARRATIVE_API_KEY", TOKEN)
        monkeypatch.setenv("NARRATIVE_ENVIRONMENT", server.url)
        exec(compile(sample, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.splitlines() == re.findall(r"# -> (.*)", sample)


def test_the_sample_of_tables_prints_what_it_says(tmp_path: Path) -> None:
    """It needs pandas and polars, which are too large to have at hand for one sample."""
    (sample,) = [one for one in SAMPLES if "import pandas" in one]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target"]
    subprocess.run([*pip, tmp_path, "pandas", "polars"], check=True, capture_output=True)
    with Server(jobs_of_the_spec()) as server:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", sample],
            capture_output=True,
            text=True,
            check=False,
            env={
                "PYTHONPATH": os.pathsep.join([str(ROOT / "generated"), str(tmp_path)]),
                "NARRATIVE_API_KEY": TOKEN,
                "NARRATIVE_ENVIRONMENT": server.url,
            },
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"# -> (.*)", sample)


def test_the_commands_at_the_shell_are_those_of_the_help() -> None:
    said = run(None, "--help", COLUMNS="100").stdout
    commands = re.findall(r"^narrative-jobs .*?(?= *#|$)", SHELL, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert f"  {command}\n" in said
    said = run(None, "wait", "--help", COLUMNS="100").stdout
    for code in re.findall(r"^  (\d+)  ", said, re.MULTILINE):
        assert re.search(rf"\b{code}\b", README.partition("## At the shell")[2])


def test_the_line_for_the_shell_completes() -> None:
    (line,) = re.findall("^eval .*", SHELL, re.MULTILINE)
    command = f'narrative-jobs() {{ {sys.executable} -m narrative_jobs "$@"; }}'
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{command}\n{line}\ncomplete -p narrative-jobs"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "generated")},
    )
    assert re.fullmatch("complete .*-F _shtab_narrative_jobs narrative-jobs\n", done.stdout)


def test_the_badge_is_of_a_workflow_that_is_there() -> None:
    (picture, target) = re.findall(r"\]\((\.\./\.\./actions/.*?)\)", README)
    assert picture == f"{target}/badge.svg"
    assert (ROOT / ".github" / target.removeprefix("../../actions/")).exists()


def test_the_commands_are_there() -> None:
    for name in re.findall(r"scripts/[a-z_-]+", README + SHELL):
        assert (ROOT / name).exists(), name


def test_the_changelog_has_an_entry_for_the_version() -> None:
    version = load_spec()["info"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## ({re.escape(version)} |Unreleased)", changelog, re.MULTILINE)


def test_ci_runs_the_test_command_of_the_readme_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("exec")] == ["exec scripts/test"]
    assert "scripts/test" in SHELL
