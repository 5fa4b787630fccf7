"""scripts/regenerate: the same bytes every time, all or nothing, and no text that becomes code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from stand_in import load_spec

SCRIPT = ROOT / "scripts" / "regenerate"


def regenerate(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Regenerate the package once, elsewhere."""
    output = tmp_path_factory.mktemp("made")
    result = regenerate("--output", output, PYTHONHASHSEED="1")
    assert result.returncode == 0, result.stderr
    return output


def test_what_is_committed_is_what_the_spec_and_the_templates_give(made: Path) -> None:
    assert files(made) == files(ROOT / "generated")
    assert regenerate("--check").returncode == 0


def test_two_runs_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "ruff.toml").write_text("line-length = 40")
    result = regenerate(
        *("--output", tmp_path / "again"),
        PYTHONHASHSEED="2",
        HOME=str(home),
        XDG_CONFIG_HOME=str(home),
        LC_ALL="C",
        TZ="Asia/Kolkata",
    )
    assert result.returncode == 0, result.stderr
    assert files(tmp_path / "again") == files(made)


def test_every_file_says_what_made_it_and_when_is_not_part_of_it(made: Path) -> None:
    templates = ROOT / "scripts" / "templates"
    for name, content in files(made / "narrative_jobs").items():
        first = content.decode().splitlines()[0]
        assert first.startswith("# Made by scripts/regenerate from the spec and scripts/templates/")
        template = first.split("scripts/templates/")[1].removesuffix(". Edit those.")
        assert (templates / template).is_file()
        assert Path(template).parent == Path(name).parent, "templates lie as their output lies"
        if name != "_version.py":
            assert load_spec()["info"]["version"] not in content.decode(), name


def test_check_shows_what_differs_and_writes_nothing(tmp_path: Path, made: Path) -> None:
    output = tmp_path / "generated"
    shutil.copytree(made, output)
    package = output / "narrative_jobs"
    (package / "errors.py").write_text("# mine\n")
    (package / "extra.py").write_text("x = 1\n")
    (package / "models" / "job.py").unlink()
    before = files(output)
    result = regenerate("--check", "--output", output)
    assert result.returncode == 1
    assert "-# mine\n" in result.stdout
    assert "--- narrative_jobs/extra.py" in result.stdout
    assert "+def job_from_dict(" in result.stdout
    assert "is not what the spec and the templates give" in result.stderr
    assert files(output) == before
    assert regenerate("--output", output).returncode == 0
    assert files(output) == files(made), "what the spec no longer needs is gone"
    assert regenerate("--check", "--output", output).returncode == 0
    assert os.listdir(tmp_path) == ["generated"], "nothing is left behind"


def minimal(**parts: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, **parts}


def operation(method: str, **parts: Any) -> dict[str, Any]:
    return {"/x": {method: {"responses": {"204": {"description": ""}}, **parts}}}


NOWHERE = {"application/json": {"schema": {"$ref": "#/components/schemas/Nowhere"}}}
BROKEN = [
    ("openapi: 3.1.0\n\tpaths: {}", "found character"),
    ('{"openapi": ', "Expecting value"),
    ("just text", "this is no OpenAPI document"),
    ("{}", "Failed to parse OpenAPI document"),
    (minimal(components={"schemas": {"A": {"type": "array"}}}), "type array must have items"),
    (
        minimal(paths=operation("get", responses={"200": {"description": "", "content": NOWHERE}})),
        "GET /x",
    ),
    (
        minimal(
            paths=operation(
                "post", requestBody={"content": {"multipart/form-data": {"schema": {}}}}
            )
        ),
        "POST /x: a body that is not JSON",
    ),
]


@pytest.mark.parametrize(("spec", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_a_run_that_fails_says_why_and_leaves_the_old_package(
    tmp_path: Path, made: Path, spec: Any, reason: str
) -> None:
    output = tmp_path / "generated"
    shutil.copytree(made, output)
    path = tmp_path / "spec.yaml"
    path.write_text(spec) if isinstance(spec, str) else write(path, spec)
    result = regenerate("--spec", path, "--output", output)
    assert result.returncode == 1
    assert reason in result.stderr
    assert "Traceback" not in result.stderr
    assert files(output) == files(made)
    assert sorted(os.listdir(tmp_path)) == ["generated", "spec.yaml"]


def test_a_missing_spec_is_named(tmp_path: Path) -> None:
    result = regenerate("--spec", tmp_path / "none.yaml", "--output", tmp_path / "x")
    assert result.returncode == 1
    assert "none.yaml" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_new_state_field_type_and_operation_need_no_template_change(tmp_path: Path) -> None:
    spec = load_spec()
    schemas = spec["components"]["schemas"]
    schemas["JobState"]["enum"].append("pending_review")
    schemas["Failure"]["properties"]["severity"] = {"type": "string", "enum": ["low", "high"]}
    schemas["ExportJob"] = {
        "allOf": [
            {"$ref": "#/components/schemas/JobBase"},
            {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"const": "export"},
                    "result": {
                        "type": ["object", "null"],
                        "properties": {"rows": {"type": "integer"}},
                    },
                },
            },
        ]
    }
    schemas["Job"]["oneOf"].append({"$ref": "#/components/schemas/ExportJob"})
    schemas["Job"]["discriminator"]["mapping"]["export"] = "#/components/schemas/ExportJob"
    spec["paths"]["/jobs"] = {
        "get": {
            "operationId": "listJobs",
            "summary": "List jobs",
            "parameters": [
                {
                    "name": "state",
                    "in": "query",
                    "schema": {"$ref": "#/components/schemas/JobState"},
                },
                {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                {
                    "name": "tag",
                    "in": "query",
                    "schema": {"type": "array", "items": {"type": "string"}},
                },
                {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
            ],
            "responses": {
                "200": {
                    "description": "Jobs.",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "array",
                                "items": {"$ref": "#/components/schemas/Job"},
                            }
                        }
                    },
                }
            },
        }
    }
    result = regenerate("--spec", write(tmp_path / "spec.json", spec), "--output", tmp_path / "new")
    assert result.returncode == 0, result.stderr
    use = tmp_path / "use.py"
    use.write_text(
        """
from conftest import payload
from narrative_jobs import Client, ExportJob, Job, JobState, job_from_dict
from stand_in import Answer, Server

sent = {**payload("bare"), "type": "export", "state": "pending_review", "result": {"rows": 3}}
with Server(lambda _: Answer(200, [sent, payload("page-sample")])) as server:
    with Client("t", base_url=server.url) as client:
        jobs: list[Job] = client.list_jobs(
            state=JobState.PENDING_REVIEW, limit=5, tag=["a", "b c"], x_trace="t"
        )
        first = jobs[0]
        if first.type == "export" and first.result is not None:
            rows: int | None = first.result.rows
            print(rows, first.state is JobState.PENDING_REVIEW, type(first).__name__)
        print(server.requests[0].path, server.requests[0].headers["X-Trace"])
        print([job.type for job in jobs])
"""
    )
    paths = [tmp_path / "new", ROOT / "tests", ROOT / "scripts"]
    run = subprocess.run(
        [sys.executable, use],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "3 True ExportJob",
        "/jobs?state=pending_review&limit=5&tag=a&tag=b+c t",
        "['export', 'materialize-view']",
    ]
    types = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", use,
         tmp_path / "new"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, paths))},
    )  # fmt: skip
    assert types.returncode == 0, types.stdout


HOSTILE = [
    'ends with a quote"',
    'a """ in the middle',
    '"""\nimport os; os.environ["PWNED"] = "1"\n"""',
    "ends with a backslash\\",
    "'''",
    "{{ 7 * 7 }} {% raw %}",
    "{job_id} {0}",
    "new\r\nlines\tand \x00 nul",
    "# noqa\n    print('PWNED')",
    "\\N{BULLET} \\x41 \\u0041",
    "umlaut ä, emoji 🎉, separator \u2028",
]


def texts(node: Any, path: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Find every place of the spec where free text stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"description", "summary", "title"} and isinstance(value, str):
                yield node, key
            else:
                yield from texts(value, f"{path}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from texts(value, path)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_a_spec_never_becomes_code(tmp_path: Path, text: str) -> None:
    spec = load_spec()
    for node, key in list(texts(spec)):
        node[key] = text if key != "title" else f"T {text}"
    schemas = spec["components"]["schemas"]
    schemas["Failure"]["properties"][text] = {"type": "string"}
    schemas["JobState"]["enum"].append(text)
    schemas["JobState"]["default"] = text
    mapping = schemas["Job"]["discriminator"]["mapping"]
    mapping[text] = mapping["nql-forecast"]
    schemas["Error"]["properties"]["error"]["description"] = text
    spec["servers"][0]["url"] = text
    spec["servers"][1]["x-name"] = text
    spec["info"]["version"] = text
    result = regenerate("--spec", write(tmp_path / "spec.json", spec), "--output", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    code = (
        "import narrative_jobs as n, json, os, sys\n"
        "[getattr(n, name) for name in n.__all__]\n"
        "text = json.loads(sys.argv[1])\n"
        "assert 'PWNED' not in os.environ\n"
        "assert n.Failure.from_dict({text: 'x'}).additional_properties == {}\n"
        "assert n.Failure.from_dict({text: 'x'}).to_dict() == {text: 'x'}\n"
        "assert text in [state.value for state in n.JobState]\n"
        "assert n.__version__ == text\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, json.dumps(text)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "out")},
    )
    assert (run.stdout, run.stderr) == ("", "")
    for name, content in files(tmp_path / "out").items():
        assert b"object at 0x" not in content, name


def test_a_template_cannot_print_text_of_the_spec_without_a_filter(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "scripts", copy / "scripts")
    shutil.copy(ROOT / "generator-config.yaml", copy)
    (copy / "scripts" / "templates" / "_leak.py.jinja").write_text("x = {{ openapi.title }}\n")
    run = subprocess.run(
        [sys.executable, copy / "scripts" / "regenerate.py", "--spec", ROOT / "openapi.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "prints text of the spec without a filter" in run.stderr
    assert not (copy / "generated").exists()
