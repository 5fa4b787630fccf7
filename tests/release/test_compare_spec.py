"""scripts/compare-spec: the vendor's document against ours, whatever form it has."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import compare_spec
import pytest
from large_spec import large_spec
from stand_in import Answer, Server, load_spec
from support import ROOT

VENDOR = ROOT / "tests" / "vendor" / "openapi.yaml"
GET_JOB = "GET /jobs/{job_id}"


class Result(NamedTuple):
    """What came of a run."""

    returncode: int
    stdout: str
    stderr: str


def compare(*arguments: str | Path) -> Result:
    """Run the script in this process, which is quicker by far."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch("sys.argv", ["compare-spec", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        return Result(compare_spec.main(), out.getvalue(), err.getvalue())


def sections(text: str) -> dict[str, list[str]]:
    found = [part.split("\n") for part in text.split("\n\n")]
    return {lines[0].removesuffix(":"): [line.strip() for line in lines[1:]] for lines in found}


def test_our_own_document_does_not_differ() -> None:
    command = [ROOT / "scripts" / "compare-spec", ROOT / "openapi.yaml"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "0 new, 0 deliberate, 0 mistakes.\n")


def test_what_is_new_what_is_deliberate_and_what_is_wrong_are_told_apart() -> None:
    result = compare(VENDOR)
    assert result.returncode == 1
    found = sections(result.stdout)
    assert found["New differences"] == [
        f'{GET_JOB} 200.state: only the vendor\'s document lists "paused"',
        f"{GET_JOB} 200.updated_at: may be null in the vendor's document alone",
        f"{GET_JOB} 200.executor: only openapi.yaml has it",
        f"{GET_JOB} 200.compute_pool_id: is string<uuid> in openapi.yaml, string in the vendor's "
        "document",
        f'{GET_JOB} 200.execution_cluster: only openapi.yaml lists "shared"',
        f"{GET_JOB} 200.input.nql: only openapi.yaml has it",
        f"{GET_JOB} 200.input.dataset_id: only openapi.yaml has it",
        f"{GET_JOB} 200.input.stats_enabled: only openapi.yaml has it",
        f"{GET_JOB} 503: is object in openapi.yaml, nothing in the vendor's document",
        f"{GET_JOB} 503.error: only openapi.yaml has it",
        f"{GET_JOB} 503.error_description: only openapi.yaml has it",
        f"{GET_JOB} 200.failures[].code: only the vendor's document has it",
        f"{GET_JOB} 200.parent: only the vendor's document has it",
    ]
    deliberate = found["Departures that openapi.yaml records, and why"]
    assert "The page calls it required, and its own sample lacks it." in deliberate
    assert f"{GET_JOB} 200.failures: the vendor's document calls it required" in deliberate
    assert f"{GET_JOB} 200.result.success: only openapi.yaml has it" in deliberate
    assert found["Mistakes in the vendor's document"] == [
        "GET /jobs/{id} 200: an example that its schema refuses: it: 'type' is a required property",
        *(
            f"GET /jobs/{{id}} {status}: required names code, which is no property"
            for status in (400, 401, 403, 404, 429, 500, 502)
        ),
        "GET /jobs/{id} 503: #/nowhere leads nowhere: 'nowhere'",
    ]
    others = found["Operations of the same tag that openapi.yaml does not capture"]
    assert others == ["GET /jobs"]
    assert result.stdout.endswith("13 new, 25 deliberate, 9 mistakes.\n")


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    spec = load_spec()
    change(spec)
    return spec


def schema(spec: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = spec["components"]["schemas"][name]
    return found


# One change of our own document, and what must be said of it.
CHANGES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (
        lambda spec: schema(spec, "JobState")["enum"].append("paused"),
        f'{GET_JOB} 200.state: only the vendor\'s document lists "paused"',
    ),
    (
        lambda spec: schema(spec, "Failure")["properties"].pop("message"),
        f"{GET_JOB} 200.failures[].message: only openapi.yaml has it",
    ),
    (
        lambda spec: schema(spec, "RequestSource")["properties"].update(team={"type": "string"}),
        f"{GET_JOB} 200.request_source.team: only the vendor's document has it",
    ),
    (
        lambda spec: schema(spec, "JobBase")["required"].remove("updated_at"),
        f"{GET_JOB} 200.updated_at: the vendor's document calls it optional",
    ),
    (
        lambda spec: schema(spec, "JobBase")["required"].append("executor"),
        "",
    ),
    (
        lambda spec: spec["paths"]["/jobs/{job_id}"]["get"]["parameters"].append(
            {"name": "verbose", "in": "query", "schema": {"type": "boolean"}}
        ),
        f"{GET_JOB} query verbose: only the vendor's document has it",
    ),
    (
        lambda spec: spec["paths"]["/jobs/{job_id}"]["get"]["responses"].update(
            {"410": {"description": "Gone."}}
        ),
        f"{GET_JOB} 410: only the vendor's document has it",
    ),
    (
        lambda spec: spec["components"]["securitySchemes"].update(
            bearerAuth={"type": "apiKey", "in": "header", "name": "X-Key"}
        ),
        f"{GET_JOB} security apikey header x-key: only the vendor's document has it",
    ),
    (
        lambda spec: spec["paths"].update(
            {"/jobs/{other_name}": spec["paths"].pop("/jobs/{job_id}")}
        ),
        f"{GET_JOB} path {{1}}: only openapi.yaml has it",
    ),
    (
        lambda spec: spec["paths"].pop("/jobs/{job_id}"),
        f"{GET_JOB}: the vendor's document has no such operation",
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=range(len(CHANGES)))
def test_one_change_is_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    path = tmp_path / "vendor.json"
    path.write_text(json.dumps(changed(change)))
    result = compare(path)
    assert result.returncode == bool(said)
    if said:
        assert said in sections(result.stdout)["New differences"]


def test_a_name_in_required_that_is_no_property_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "vendor.json"
    spec = changed(lambda spec: schema(spec, "Failure").update(required=["cause"]))
    path.write_text(json.dumps(spec))
    result = compare(path)
    assert "200.failures[]: required names cause, which is no property" in result.stdout


def test_a_url_will_do_and_json_for_a_scheduled_job() -> None:
    files = {f"/{p.relative_to(VENDOR.parent)}": p for p in VENDOR.parent.rglob("*.*")}

    with Server(lambda request: Answer(200, files[request.path].read_bytes())) as server:
        result = compare("--json", f"{server.url}/openapi.yaml")
        asked = [request.path for request in server.requests]
    assert result.returncode == 1
    assert asked == ["/openapi.yaml", "/parts/job.yaml", "/parts/schemas.json"]
    found = json.loads(result.stdout)
    assert len(found["differences"]) == 38
    assert len([one for one in found["differences"] if one["deliberate"]]) == 25
    assert found["differences"][0]["operation"] == GET_JOB
    assert len(found["mistakes"]) == 9
    assert found["not_captured"] == ["GET /jobs"]


@pytest.mark.parametrize(
    "text", ["a: [", "{}", '{"paths": 1}', "just text", '{"openapi": "3.1.0"', None]
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "vendor.yaml"
    if text is not None:
        path.write_text(text)
    result = compare(path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"{path}: ")
    assert compare("http://127.0.0.1:1/openapi.json").returncode == 2


def test_a_document_of_the_vendors_size_is_no_trouble(tmp_path: Path) -> None:
    spec, ours = large_spec(), load_spec()
    spec["paths"] |= ours["paths"]
    spec["components"]["schemas"] |= ours["components"]["schemas"]
    spec["components"]["responses"] = ours["components"]["responses"]
    # Everything refers to everything.
    big = {"$ref": f"#/components/schemas/{next(iter(spec['components']['schemas']))}"}
    schema(spec, "Failure")["properties"]["value"] = big
    path = tmp_path / "vendor.json"
    path.write_text(json.dumps(spec))
    result = compare(path)
    assert result.returncode == 1
    assert f"{GET_JOB} 200.failures[].value." in result.stdout
