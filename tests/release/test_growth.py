"""CONTRIBUTING's claim: a new field, state, type of job or operation needs nothing but the spec."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from stand_in import load_spec
from support import copy_of_the_repo

Spec = dict[str, Any]
TEXT = {"description": "A text.", "type": ["string", "null"]}


def grown() -> Spec:
    """Return the spec with one more of each."""
    spec = load_spec()
    schemas, get_job = spec["components"]["schemas"], spec["paths"]["/jobs/{job_id}"]["get"]
    schemas["JobState"]["enum"][:0] = ["new_state", "new_end"]
    get_job["x-long-running"]["failed"].insert(0, "new_end")
    for name in ("JobBase", "MaterializeViewInput", "MaterializeViewResult", "Failure"):
        schemas[name]["properties"] = {"new_field": TEXT, **schemas[name]["properties"]}
    own = {
        "type": {"description": "The type associated with the job.", "const": "new-type"},
        "input": {"$ref": "#/components/schemas/NewInput"},
        "result": {
            "description": "What came of it.",
            "type": ["object", "null"],
            "properties": {"url": TEXT},
        },
    }
    schemas["NewInput"] = {
        "description": "What is asked for.",
        "type": ["object", "null"],
        "properties": {"rows": {"description": "How many.", "type": ["integer", "null"]}},
    }
    part = {"type": "object", "required": ["type"], "properties": own}
    schemas["NewJob"] = {
        "description": "A job of a type that the page may come to list.",
        "allOf": [{"$ref": "#/components/schemas/JobBase"}, part],
    }
    schemas["Job"]["oneOf"].insert(0, {"$ref": "#/components/schemas/NewJob"})
    schemas["Job"]["discriminator"]["mapping"]["new-type"] = "#/components/schemas/NewJob"
    schemas["OtherJob"]["properties"]["type"]["not"]["enum"].append("new-type")
    answer = {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}
    lines = {"name": "lines", "in": "query", "schema": {"type": "integer", "default": 10}}
    spec["paths"]["/jobs/{job_id}/new"] = {
        "get": {
            "operationId": "getNew",
            "tags": ["jobs"],
            "summary": "Get something new of a job",
            "parameters": [*get_job["parameters"], lines],
            "responses": {"200": {"description": "What is new.", "content": answer}},
        }
    }
    return spec


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repo, with a spec that has grown, and regenerate it."""
    folder = copy_of_the_repo(tmp_path_factory.mktemp("grown") / "repo")
    (folder / "openapi.yaml").write_text(json.dumps(grown(), indent=2))
    run = subprocess.run([folder / "scripts" / "regenerate"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    models = folder / "generated" / "narrative_jobs" / "models"
    assert (models / "new_job.py").exists()
    return folder


def holds(repo: Path, pattern: str, *command: str) -> None:
    """Run a check in the copy; where it fails, list what a contributor would have to edit."""
    run = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": ""},
    )
    places = sorted(set(re.findall(pattern, run.stdout, re.MULTILINE)))
    assert run.returncode == 0, (
        "A spec that grows asks for more than scripts/regenerate, against CONTRIBUTING.md. "
        "To be edited, or better to be made independent of what the spec lists:\n"
        + "\n".join(places or [run.stdout, run.stderr])
    )


def test_the_tests_of_the_contract_and_the_samples_hold(repo: Path) -> None:
    """The rest of the tests make up their answers: nothing that is new is in them."""
    quick = "not properties and not any_json and not tables and (contract or sample)"
    tests = ("tests/contract", "tests/release/test_readme.py")
    pattern = r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$"
    holds(repo, pattern, "pytest", "-q", "-p", "no:cacheprovider", "-k", quick, *tests)


def test_the_types_as_people_use_them_hold(repo: Path) -> None:
    holds(repo, r"^(tests/\S+:\d+): error", "mypy", "--no-incremental", "tests/typing")
