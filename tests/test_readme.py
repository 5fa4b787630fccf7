"""The README and its fellows say only what is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from stand_in import TOKEN, Server, jobs_of_the_spec, load_spec

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))


def test_the_readme_has_samples() -> None:
    assert len(SAMPLES) >= 3


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_a_sample_runs_and_prints_what_it_says(sample: str, tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(sample)
    said = re.findall(r"# -> (.*)", sample)
    with Server(jobs_of_the_spec()) as server:
        run = subprocess.run(
            [sys.executable, "-W", "error", "sample.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PYTHONPATH": str(ROOT / "generated"),
                "NARRATIVE_API_KEY": TOKEN,
                "NARRATIVE_ENVIRONMENT": server.url,
            },
        )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == said


def test_the_commands_are_there() -> None:
    for name in re.findall(r"scripts/[a-z_-]+", README + SHELL):
        assert (ROOT / name).exists(), name


def test_the_changelog_has_an_entry_for_the_version() -> None:
    version = load_spec()["info"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## (\[{re.escape(version)}\]|Unreleased)", changelog, re.MULTILINE)


def test_ci_runs_the_test_command_of_the_readme_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("exec")] == ["exec scripts/test"]
    assert "scripts/test" in SHELL
