"""scripts/check-version and scripts/release: what broke, and which version follows."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import check_version
import pytest
import regenerate
import release
from stand_in import load_spec
from support import ROOT, copy_of_the_repo, write

Spec = dict[str, Any]
Edit = Callable[[Spec], Any]
Changes = list[tuple[str, str]]
GET_JOB = "GET /jobs/{job_id}"


def schema(spec: Spec, name: str) -> Spec:
    found: Spec = spec["components"]["schemas"][name]
    return found


def get_job(spec: Spec) -> Spec:
    found: Spec = spec["paths"]["/jobs/{job_id}"]["get"]
    return found


def operation(name: str, *parameters: str) -> Spec:
    """Return an operation that lists jobs, with parameters that have a default."""
    answer = {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}
    content = {"application/json": {"schema": answer}}
    schema = {"type": "integer", "default": 10}
    asked = [{"name": one, "in": "query", "schema": dict(schema)} for one in parameters]
    responses = {"200": {"description": "Jobs.", "content": content}}
    return {"get": {"operationId": name, "parameters": asked, "responses": responses}}


def old_spec() -> Spec:
    """Return the spec, with what the changes take away."""
    spec = load_spec()
    get_job(spec)["responses"]["200"]["content"]["text/csv"] = {}
    spec["paths"]["/jobs"] = operation("listJobs", "limit", "page", "most", "size", "plain")
    del parameters(spec)["plain"]["schema"]["default"]
    spec["paths"]["/jobs/old"] = operation("listOldJobs")
    return spec


def parameters(spec: Spec) -> dict[str, Spec]:
    found = spec["paths"]["/jobs"]["get"]["parameters"]
    return {one["name"]: one for one in found}


def has_export(spec: Spec) -> None:
    """Add a type of job, with its own input and result."""
    schemas = spec["components"]["schemas"]
    own = {
        "type": {"const": "not-a-type"},
        "input": {"type": "object", "properties": {"rows": {"type": "integer"}}},
        "result": {"type": ["object", "null"], "properties": {"url": {"type": "string"}}},
    }
    part = {"type": "object", "required": ["type"], "properties": own}
    schemas["NotATypeJob"] = {"allOf": [{"$ref": "#/components/schemas/JobBase"}, part]}
    schemas["Job"]["oneOf"].insert(0, {"$ref": "#/components/schemas/NotATypeJob"})
    schemas["Job"]["discriminator"]["mapping"]["not-a-type"] = "#/components/schemas/NotATypeJob"
    excluded(spec).append("not-a-type")


def excluded(spec: Spec) -> list[str]:
    """Return the types that the class for all others excludes."""
    own: Spec = schema(spec, "OtherJob")["properties"]["type"]["not"]
    found: list[str] = own["enum"]
    return found


def has_no_forecast(spec: Spec) -> None:
    job = schema(spec, "Job")
    job["oneOf"] = [one for one in job["oneOf"] if "Nql" not in one["$ref"]]
    del job["discriminator"]["mapping"]["nql-forecast"]
    excluded(spec).remove("nql-forecast")


def has_no_cancelled(spec: Spec) -> None:
    schema(spec, "JobState")["enum"].remove("cancelled")
    get_job(spec)["x-long-running"]["failed"].remove("cancelled")


def add_parameter(spec: Spec, *, required: bool) -> None:
    parameter = {"name": "view", "in": "query", "required": required, "schema": {"type": "string"}}
    get_job(spec)["parameters"].append(parameter)


MAYBE = {"type": ["string", "null"]}


def is_text(spec: Spec) -> None:
    schema(spec, "MaterializeViewResult")["properties"]["dataset_id"]["type"] = ["string", "null"]


# The change, the verdict, and what must be said of it.
ROWS: dict[str, tuple[Edit, str, list[str]]] = {
    "operation removed": (
        lambda spec: spec["paths"].pop("/jobs/old"),
        "major",
        [
            "major  GET /jobs/old: operation removed",
            "major  narrative_jobs.Client.list_old_jobs: name",
        ],
    ),
    "operation renamed": (
        lambda spec: get_job(spec).update(operationId="fetchJob"),
        "major",
        [
            "major  narrative_jobs.Client.get_job: name removed",
            "minor  narrative_jobs.Client.fetch_job: name added",
        ],
    ),
    "parameter removed": (
        lambda spec: spec["paths"]["/jobs"]["get"]["parameters"].remove(parameters(spec)["limit"]),
        "major",
        ["major  GET /jobs query limit: parameter removed", "list_jobs(limit): argument removed"],
    ),
    "parameter renamed": (
        lambda spec: parameters(spec)["page"].update(name="pages"),
        "major",
        [
            "major  GET /jobs query page: parameter removed",
            "minor  GET /jobs query pages: parameter added",
        ],
    ),
    "field removed": (
        lambda spec: schema(spec, "Failure")["properties"].pop("value"),
        "major",
        [
            f"major  {GET_JOB} 200.failures[].value: field removed",
            "major  narrative_jobs.Failure.value: field removed",
        ],
    ),
    "type of job removed": (
        has_no_forecast,
        "major",
        [f'major  {GET_JOB} 200.type: value "nql-forecast" removed'],
    ),
    "enum name removed": (
        has_no_cancelled,
        "major",
        [
            f'major  {GET_JOB} 200.state: value "cancelled" removed',
            "major  narrative_jobs.JobState.CANCELLED: field removed",
            "major  narrative_jobs.JobCancelledError: name removed",
        ],
    ),
    "type changed": (
        is_text,
        "major",
        [f"major  {GET_JOB} 200.result.dataset_id: type changed from integer to string"],
    ),
    "type narrowed": (
        lambda spec: schema(spec, "RequestSource")["properties"]["type"].update(format="uuid"),
        "major",
        [f"major  {GET_JOB} 200.request_source.type: type changed from string to string<uuid>"],
    ),
    "may now be absent": (
        lambda spec: schema(spec, "JobBase")["required"].remove("updated_at"),
        "major",
        [f"major  {GET_JOB} 200.updated_at: may now be absent"],
    ),
    "may now be null": (
        lambda spec: schema(spec, "ErrorBody")["properties"]["error"].update(
            type=["string", "null"]
        ),
        "major",
        [f"major  {GET_JOB} 404.error: may now be null"],
    ),
    "required parameter added": (
        lambda spec: add_parameter(spec, required=True),
        "major",
        [f"major  {GET_JOB} query view: required parameter added"],
    ),
    "parameter is required now": (
        lambda spec: parameters(spec)["most"].update(required=True),
        "major",
        ["major  GET /jobs query most: is now required"],
    ),
    "default changed": (
        lambda spec: parameters(spec)["size"]["schema"].update(default=20),
        "major",
        ["major  GET /jobs query size: default changed from 10 to 20"],
    ),
    "operation added": (
        lambda spec: spec["paths"].update({"/jobs/new": operation("listNewJobs")}),
        "minor",
        ["minor  GET /jobs/new: operation added", "AsyncClient.list_new_jobs: name added"],
    ),
    "optional parameter added": (
        lambda spec: add_parameter(spec, required=False),
        "minor",
        [
            f"minor  {GET_JOB} query view: parameter added",
            "narrative_jobs.Client.get_job(view): argument added",
        ],
    ),
    "field added": (
        lambda spec: schema(spec, "Failure")["properties"].update(code={"type": "integer"}),
        "minor",
        [
            f"minor  {GET_JOB} 200.failures[].code: field added",
            "minor  narrative_jobs.Failure.code: field added",
        ],
    ),
    "required field added": (
        lambda spec: (
            schema(spec, "JobBase")["properties"].update(owner={"type": "string"}),
            schema(spec, "JobBase")["required"].append("owner"),
        ),
        "major",
        [
            f"major  {GET_JOB} 200.owner: required field added",
            "major  narrative_jobs.OtherJob.owner: required field added",
        ],
    ),
    "required field of one type added": (
        lambda spec: schema(spec, "MaterializeViewResult").update(
            properties={
                **schema(spec, "MaterializeViewResult")["properties"],
                "rows": {"type": "integer"},
            },
            required=["rows"],
        ),
        "major",
        ["major  narrative_jobs.MaterializeViewResult.rows: required field added"],
    ),
    "deprecated": (
        lambda spec: get_job(spec).update(deprecated=True),
        "minor",
        [f"minor  {GET_JOB}: is now deprecated"],
    ),
    "media type removed": (
        lambda spec: get_job(spec)["responses"]["200"]["content"].pop("text/csv"),
        "major",
        [f"major  {GET_JOB} 200: media type text/csv removed"],
    ),
    "variable of the environment renamed": (
        lambda spec: spec["x-sdk"].update({"api-key-variable": "OTHER_API_KEY"}),
        "major",
        ["major  x-sdk: api-key-variable changed from NARRATIVE_API_KEY to OTHER_API_KEY"],
    ),
    "another server first": (
        lambda spec: spec["servers"].reverse(),
        "major",
        ["major  server https://api.narrative.io: number changed from 1 to 2"],
    ),
    "server added in the midst": (
        lambda spec: spec["servers"].insert(1, {"url": "https://api-test.narrative.io"}),
        "minor",
        ["minor  server https://api-dev.narrative.io: number changed from 2 to 3"],
    ),
    "default told": (
        lambda spec: parameters(spec)["plain"]["schema"].update(default=5),
        "minor",
        ["minor  GET /jobs query plain: default changed from none to 5"],
    ),
    "list of values for a text": (
        lambda spec: schema(spec, "JobBase")["properties"]["executor"].update(enum=["a", "b"]),
        "minor",
        [f'minor  {GET_JOB} 200.executor: value "a" added'],
    ),
    "parameter takes more": (
        lambda spec: parameters(spec)["most"]["schema"].update(type=["integer", "string"]),
        "minor",
        ["minor  GET /jobs query most: type changed from integer to integer or string"],
    ),
    "type of job added": (
        has_export,
        "minor",
        [
            f'minor  {GET_JOB} 200.type: value "not-a-type" added',
            "narrative_jobs.NotATypeJob: name added",
            "minor  narrative_jobs.Job: member NotATypeJob added: what came as another one may "
            "come as this, and a dict in it as a class",
        ],
    ),
    "enum value added": (
        lambda spec: schema(spec, "JobState")["enum"].append("not-a-state"),
        "minor",
        [
            f'minor  {GET_JOB} 200.state: value "not-a-state" added',
            "minor  narrative_jobs.JobState.NOT_A_STATE: field added",
        ],
    ),
    "description changed": (
        lambda spec: get_job(spec).update(description="Finds a job."),
        "patch",
        ["patch  narrative_jobs: texts or code, with the same API"],
    ),
    "id of an operation spelled otherwise": (
        lambda spec: spec["paths"]["/jobs/old"]["get"].update(operationId="list-old-jobs"),
        "patch",
        ["patch  "],
    ),
    "example changed": (
        lambda spec: schema(spec, "RequestSource").update(examples=[{"type": "x"}]),
        "patch",
        ["patch  "],
    ),
}


@pytest.fixture(scope="module")
def said_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Changes]:
    """Compare with the old spec one that has all changes of a verdict."""
    folder = tmp_path_factory.mktemp("made")

    def make(name: str, spec: Spec) -> Path:
        (folder / name).mkdir()
        path = write(folder / name / "openapi.yaml", spec)
        regenerate.generate(path, folder / name / "generated")
        return folder / name

    old = make("old", old_spec())

    @cache
    def compare(verdict: str) -> Changes:
        spec = old_spec()
        for edit, rank, _ in ROWS.values():
            if rank == verdict:
                edit(spec)
        return check_version.compare(old, make(verdict, spec))

    return compare


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_change_and_its_verdict(
    said_of: Callable[[str], Changes], row: tuple[Edit, str, list[str]]
) -> None:
    _, verdict, said = row
    changes = said_of(verdict)
    text = "\n".join(f"{rank}  {text}" for rank, text in changes)
    assert changes[0][0] == verdict, text
    assert any(words.startswith(verdict) for words in said)
    for words in said:
        assert words in text


def test_without_a_change_there_is_nothing_to_say(
    said_of: Callable[[str], Changes],
) -> None:
    assert said_of("none") == []


CODE: dict[str, tuple[str, str, str, str, str]] = {
    "public name removed": (
        "client.py",
        '__all__ = ["AsyncClient", "CallOptions", "Client", "Response"]',
        '__all__ = ["AsyncClient", "Client"]',
        "major",
        "major  narrative_jobs.Response: name removed",
    ),
    "argument renamed": (
        "client.py",
        "max_response_bytes: int = ",
        "max_bytes: int = ",
        "major",
        "major  narrative_jobs.Client(max_response_bytes): argument removed",
    ),
    "default of an argument changed": (
        "client.py",
        "max_concurrency: int = 8",
        "max_concurrency: int = 9",
        "major",
        "Client.wait_for_jobs(max_concurrency): default changed from 8 to 9",
    ),
    "argument takes more": (
        "client.py",
        "max_response_bytes: int = ",
        "max_response_bytes: int | None = ",
        "minor",
        "Client(max_response_bytes): type changed from int to int | None",
    ),
    "what a private name stands for changed": (
        "_runtime/arguments.py",
        "Seconds: TypeAlias = float | timedelta",
        "Seconds: TypeAlias = float | timedelta | str",
        "major",
        "Callable[[float], float | timedelta | str]",
    ),
    "argument takes less": (
        "client.py",
        "token: str | None = None",
        "token: str = ''",
        "major",
        "Client(token): type changed from str | None to str",
    ),
    "type of an attribute changed": (
        "_runtime/errors.py",
        "    retries_taken: int = 0",
        "    retries_taken: str = '0'",
        "major",
        "narrative_jobs.APIError.retries_taken: type changed from int to str",
    ),
    "type of a field of a model changed": (
        "models/failure.py",
        "timestamp: datetime.datetime | None = None",
        "timestamp: str | None = None",
        "major",
        "Failure.timestamp: type changed from datetime | None to str | None",
    ),
    "base class removed": (
        "errors.py",
        "class JobWaitTimeoutError(NarrativeError, TimeoutError):",
        "class JobWaitTimeoutError(NarrativeError):",
        "major",
        "narrative_jobs.JobWaitTimeoutError: base TimeoutError removed",
    ),
    "class gets a constructor of its own": (
        "errors.py",
        '`total_timeout` allows."""\n',
        '`total_timeout` allows."""\n\n    def __init__(self, text: str = "") -> None: ...\n',
        "minor",
        "narrative_jobs.APITimeoutError(text): argument added",
    ),
    "private code changed": (
        "_runtime/codec.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\n\ndef added() -> int:\n    return 1\n",
        "patch",
        "texts or code",
    ),
}


@pytest.fixture(scope="module")
def said_of_code(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Changes]:
    """Compare with the package one in which all changes of a verdict were made by hand."""

    @cache
    def compare(verdict: str) -> Changes:
        folder = tmp_path_factory.mktemp(verdict)
        shutil.copytree(ROOT / "generated", folder / "generated")
        shutil.copy(ROOT / "openapi.yaml", folder)
        for name, text, instead, rank, _ in CODE.values():
            if rank == verdict:
                path = folder / "generated" / "narrative_jobs" / name
                assert text in path.read_text()
                path.write_text(path.read_text().replace(text, instead))
        return check_version.compare(ROOT, folder)

    return compare


@pytest.mark.parametrize("row", CODE.values(), ids=CODE)
def test_a_change_of_a_template_and_its_verdict(
    said_of_code: Callable[[str], Changes], row: tuple[str, str, str, str, str]
) -> None:
    *_, verdict, said = row
    changes = said_of_code(verdict)
    assert any(rank == verdict and said in f"{rank}  {text}" for rank, text in changes), changes


@pytest.mark.parametrize(
    ("version", "rank", "next_version"),
    [
        ("1.2.3", "none", "1.2.3"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "major", "2.0.0"),
    ],
)
def test_the_version_that_follows(version: str, rank: str, next_version: str) -> None:
    assert check_version.following(version, rank) == next_version


# The whole way, in a clone.

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]


def git(clone: Path, *arguments: str) -> str:
    run = subprocess.run([*GIT, *arguments], cwd=clone, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Clone what is in the working tree, with stubs for the tests and for what they run."""
    folder = copy_of_the_repo(tmp_path / "clone", leave_out="tests")
    (folder / "scripts" / "test").write_text("#!/bin/sh\necho tested >> dist/tested\n")
    (folder / "tests" / "release").mkdir(parents=True)
    (folder / "tests" / "release" / "try_wheel.py").write_text(
        "import sys; print('tried', sys.argv)"
    )
    changelog = folder / "CHANGELOG.md"
    head = changelog.read_text().partition("\n## ")[0]
    changelog.write_text(f"{head}\n## Unreleased\n\n- All of it.\n")
    (folder / "dist").mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / ".git" / "info" / "exclude").write_text(".venv\n")
    for key, value in {"user.name": "t", "user.email": "t@example.com"}.items():
        git(folder, "config", key, value)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def script(clone: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run check-version or release in this process, as if it lay in the clone."""
    main = release.main if name == "release" else check_version.main
    spec, changelog = clone / "openapi.yaml", clone / "CHANGELOG.md"
    handlers = {number: signal.getsignal(number) for number in release.STOPPING}
    out, err = io.StringIO(), io.StringIO()
    with (
        patch("sys.argv", [name, *arguments]),
        patch.object(check_version, "ROOT", clone),
        patch.multiple(release, ROOT=clone, SPEC=spec, CHANGELOG=changelog),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def hashes(clone: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (clone / "dist").glob("narrative_jobs-*")
    }


def test_a_release_and_the_next(clone: Path) -> None:
    version = load_spec()["info"]["version"]
    result = script(clone, "release", version)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "tried" in result.stdout
    assert result.stdout.count("PASSED") == 2, "twine took the wheel and the sdist"
    assert (clone / "dist" / "tested").read_text() == "tested\n"
    assert git(clone, "tag") == f"v{version}"
    assert git(clone, "log", "-1", "--format=%s") == f"Release {version}"
    assert git(clone, "status", "--porcelain") == ""
    changelog = (clone / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {version} \(\d{{4}}-\d\d-\d\d\)$", changelog, re.MULTILINE)
    assert "Unreleased" not in changelog

    # The same tag gives the same bytes, elsewhere and later too.
    first = hashes(clone)
    again = clone.with_name("again")
    git(clone, "clone", "--quiet", str(clone), str(again))
    (again / ".venv").symlink_to(ROOT / ".venv")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"]
    subprocess.run(build, cwd=again, capture_output=True, check=True)
    assert hashes(again) == first
    assert len(first) == 2

    # From here on a change asks for a version.
    result = script(clone, "check-version")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Verdict: none." in result.stdout
    spec = clone / "openapi.yaml"
    text = spec.read_text().replace(
        "enum: [failed, cancelled,", "enum: [not-a-state, failed, cancelled,"
    )
    spec.write_text(text)
    result = script(clone, "check-version")
    assert "generated/ is stale: run scripts/regenerate." in result.stderr
    subprocess.run([clone / "scripts" / "regenerate"], check=True, capture_output=True)
    major, minor, _ = map(int, version.split("."))
    wanted = f"{major}.{minor + 1}.0"
    git(clone, "commit", "--quiet", "--all", "--message", "Add a state")

    # A version too low is refused once the verdict is known, and everything is as it was.
    changelog = (clone / "CHANGELOG.md").read_text()
    entry = changelog.replace(f"## {version}", f"## Unreleased\n\n- A state.\n\n## {version}", 1)
    (clone / "CHANGELOG.md").write_text(entry)
    git(clone, "commit", "--quiet", "--all", "--message", "Say so")
    result = script(clone, "release", f"{major}.{minor}.{9}")
    assert result.returncode == 1
    assert f"Verdict: minor. The version is {wanted} or above" in result.stdout
    assert f"must be {wanted} or above" in result.stderr
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "tag") == f"v{version}"


def test_a_release_is_refused_before_anything_changes(clone: Path) -> None:
    version = load_spec()["info"]["version"]
    before = git(clone, "log", "--format=%H")

    def refused(wanted: str) -> str:
        result = script(clone, "release", wanted)
        assert result.returncode == 1
        assert git(clone, "log", "--format=%H") == before
        return result.stderr

    assert "'one' is no version such as 1.2.3" in refused("one")
    assert "0.0.1 is below info.version" in refused("0.0.1")
    git(clone, "tag", "v99.0.0")
    assert "there is a tag v99.0.0 already" in refused("99.0.0")
    git(clone, "tag", "--delete", "v99.0.0")
    git(clone, "checkout", "--quiet", "-b", "feature")
    assert "this is the branch feature: releases are made on main" in refused(version)
    git(clone, "checkout", "--quiet", "main")
    (clone / "README.md").write_text("changed")
    assert "there are uncommitted changes" in refused(version)
    assert (clone / "README.md").read_text() == "changed"
    git(clone, "checkout", "--quiet", "README.md")
    changelog = clone / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().partition("## ")[0])
    git(clone, "commit", "--quiet", "--all", "--message", "Say nothing")
    before = git(clone, "log", "--format=%H")
    assert "says nothing under Unreleased" in refused(version)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("echo broken; exit 1", "scripts/test failed"),
        # What is in the wheel would not be what the tag has.
        (":", "README.md was edited while the release was tested: commit it first"),
    ],
)
def test_a_release_that_fails_on_the_way_leaves_the_tree_as_it_was(
    clone: Path, code: str, says: str
) -> None:
    (clone / "scripts" / "test").write_text(f"#!/bin/sh\necho edited >> README.md\n{code}\n")
    git(clone, "commit", "--quiet", "--all", "--message", "Break it")
    result = script(clone, "release", "9.0.0")
    assert result.returncode == 1
    assert ("broken" in result.stdout) == ("broken" in code)
    assert says in result.stderr
    assert git(clone, "status", "--porcelain") == "M README.md"
    assert "edited" in (clone / "README.md").read_text()
    assert git(clone, "tag") == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_release_that_is_stopped_leaves_the_tree_as_it_was(
    clone: Path, number: signal.Signals
) -> None:
    (clone / "scripts" / "test").write_text("#!/bin/sh\n: > dist/begun; exec sleep 60\n")
    git(clone, "commit", "--quiet", "--all", "--message", "Take long")
    before = git(clone, "log", "--format=%H")
    process = subprocess.Popen(
        [clone / "scripts" / "release", "9.0.0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (clone / "dist" / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "9.0.0" in (clone / "openapi.yaml").read_text()
    # Whoever presses Ctrl-C once presses it again, and a terminal tells all that run in it.
    while process.poll() is None and time.monotonic() < deadline:
        os.killpg(process.pid, number)
        time.sleep(0.01)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "stopped, and all is as it was" in err
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "--format=%H") == before
    assert git(clone, "tag") == ""


def test_a_spec_that_was_broken_once_hides_no_release(clone: Path) -> None:
    spec = clone / "openapi.yaml"
    text = spec.read_text()
    for each in (text.replace("  version: ", "  broken: [\n  version: "), text):
        spec.write_text(each)
        git(clone, "commit", "--quiet", "--all", "--message", "Edit the spec")
    result = script(clone, "check-version")
    assert result.returncode == 1
    assert "There is no release to compare with" in result.stdout
    version = load_spec()["info"]["version"]
    assert result.stderr == f"CHANGELOG.md has no entry for {version}.\n"
    spec.write_text(f"broken: [\n{text}")
    result = script(clone, "check-version", "--against", "HEAD")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("scripts/check-version: while parsing")


def test_the_releases_of_this_repo_are_found_tags_or_not() -> None:
    found = check_version.releases()
    subjects = {
        version: git(ROOT, "log", "-1", "--format=%s", commit) for version, commit in found.items()
    }
    assert subjects["1.1.0"] == "Release 1.1.0"
    assert subjects["1.0.0"] == "Release 1.0.0"
    assert list(found)[-2:] == ["1.1.0", "1.0.0"]


def test_a_history_without_a_release_of_the_changelog_is_told(tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", ROOT.as_uri(), str(shallow))
    (shallow / ".venv").symlink_to(ROOT / ".venv")
    result = script(shallow, "check-version")
    assert result.returncode == 2
    assert "CHANGELOG.md names 1.1.0, 1.0.0, and the history lacks" in result.stderr
    assert "git fetch --unshallow" in result.stderr
