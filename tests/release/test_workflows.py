"""What GitHub runs: pinned, and without rights that it does not need."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML
from support import ROOT

FOLDER = ROOT / ".github" / "workflows"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}
WORKFLOWS: dict[str, Any] = {
    name: YAML(typ="safe", pure=True).load(text) for name, text in TEXTS.items()
}


@pytest.mark.parametrize("name", TEXTS)
def test_actions_are_pinned_and_scripts_are_ours(name: str) -> None:
    uses = re.findall(r"uses: (.*)", TEXTS[name])
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    assert WORKFLOWS[name]["permissions"] in ({}, {"contents": "read"})
    runs = [
        step["run"].split()[0]
        for job in WORKFLOWS[name]["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert all(os.access(ROOT / run, os.X_OK) for run in runs if run != "test")


def test_the_job_that_builds_cannot_upload_and_the_other_runs_nothing() -> None:
    build, publish = (WORKFLOWS["release"]["jobs"][name] for name in ("build", "publish"))
    assert build["permissions"] == {"contents": "read"}
    assert publish["permissions"] == {"id-token": "write"}
    assert not any("run" in step or "checkout" in step["uses"] for step in publish["steps"])
    assert "secrets" not in TEXTS["release"]


def test_ci_runs_on_every_python_that_the_package_is_for() -> None:
    job = WORKFLOWS["ci"]["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_the_comparison_says_what_it_lacks() -> None:
    (command,) = [
        step["run"]
        for step in WORKFLOWS["compare-spec"]["jobs"]["compare"]["steps"]
        if "run" in step
    ]
    for vendor, code, says in (
        ("", 1, "VENDOR_SPEC: set the repository variable VENDOR_SPEC to its address"),
        ("openapi.yaml", 0, ""),
    ):
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "VENDOR_SPEC": vendor},
        )
        assert says in done.stderr
        assert (done.returncode != 0) == (code != 0), done.stdout + done.stderr
