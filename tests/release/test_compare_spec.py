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
import contract_reader
import pytest
from large_spec import large_spec
from stand_in import Answer, Request, Server, load_spec
from support import ROOT, write

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
    assert (result.returncode, result.stdout) == (
        0,
        "0 new, 0 deliberate, 0 known.\n",
    )


def test_what_is_new_what_is_deliberate_and_what_is_wrong_are_told_apart() -> None:
    result = compare(VENDOR)
    assert result.returncode == 1
    found = sections(result.stdout)
    refused = "GET /jobs/{job_id} 200: an example that its schema refuses"
    absent = ("type", "created_at", "updated_at", "input", "result", "ended_at", "failures")
    states = "['failed', 'cancelled', 'completed', 'pending', 'running', 'not-a-state']"
    assert found["New"] == [
        "server https://api-dev.narrative.io: server removed",
        f"{GET_JOB} 200.input.nql: field removed",
        f"{GET_JOB} 200.input.dataset_id: field removed",
        f"{GET_JOB} 200.input.stats_enabled: field removed",
        f'{GET_JOB} 200.state: default changed from "pending" to none',
        f'{GET_JOB} 200.state: value "not-a-state" added',
        f"{GET_JOB} 200.updated_at: may now be null",
        f"{GET_JOB} 200.executor: field removed",
        f"{GET_JOB} 200.compute_pool_id: type changed from string<uuid> to string",
        f'{GET_JOB} 200.execution_cluster: value "shared" removed',
        f"{GET_JOB} 503: media type application/json removed",
        f"{GET_JOB} 503: type changed from object to any",
        f"{GET_JOB} 503.error: field removed",
        f"{GET_JOB} 503.error_description: field removed",
        f"{GET_JOB} 200.failures[].code: field added",
        f"{GET_JOB} 200.parent: field added",
        "/jobs: path added",
        *(f"{refused}: it: '{name}' is a required property" for name in absent),
        f"{refused}: state: 'done' is not one of {states}",
        "/jobs/{job_id}: #/nowhere: #/nowhere leads nowhere in this document",
    ]
    deliberate = found["Departures that openapi.yaml records, and why"]
    assert load_spec()["x-departure"]["why"] in deliberate
    assert f"{GET_JOB} 200.failures: is now required" in deliberate
    assert f"{GET_JOB} 200.result.success: field removed" in deliberate
    counts = "26 new, 25 deliberate, 0 known.\n"
    assert result.stdout.endswith(counts)


def test_what_is_accepted_is_spoken_of_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "known.json"
    monkeypatch.setattr(compare_spec, "KNOWN", known)
    assert compare(VENDOR).returncode == 1
    assert compare("--accept", VENDOR).returncode == 0
    result = compare(VENDOR)
    assert result.returncode == 0
    assert "New" not in result.stdout
    assert result.stdout.endswith("0 new, 25 deliberate, 26 known.\n")
    known.write_text(known.read_text().replace('value \\"not-a-state\\" added', "some other"))
    result = compare(VENDOR)
    assert result.returncode == 1
    assert sections(result.stdout)["New"] == [f'{GET_JOB} 200.state: value "not-a-state" added']
    known.write_text("{")
    result = compare(VENDOR)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{known}: ")


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
        lambda spec: schema(spec, "JobState")["enum"].append("not-a-state"),
        f'{GET_JOB} 200.state: value "not-a-state" added',
    ),
    (
        lambda spec: schema(spec, "Failure")["properties"].pop("message"),
        f"{GET_JOB} 200.failures[].message: field removed",
    ),
    (
        lambda spec: schema(spec, "RequestSource")["properties"].update(team={"type": "string"}),
        f"{GET_JOB} 200.request_source.team: field added",
    ),
    (
        lambda spec: schema(spec, "JobBase")["required"].remove("updated_at"),
        f"{GET_JOB} 200.updated_at: may now be absent",
    ),
    (
        lambda spec: schema(spec, "JobBase")["required"].append("executor"),
        "",
    ),
    (
        lambda spec: spec["paths"]["/jobs/{job_id}"]["get"]["parameters"].append(
            {"name": "verbose", "in": "query", "schema": {"type": "boolean"}}
        ),
        f"{GET_JOB} query verbose: parameter added",
    ),
    (
        lambda spec: spec["paths"]["/jobs/{job_id}"]["get"]["responses"].update(
            {"410": {"description": "Gone."}}
        ),
        f"{GET_JOB} 410: answer added",
    ),
    (
        lambda spec: spec["components"]["securitySchemes"].update(
            bearerAuth={"type": "apiKey", "in": "header", "name": "X-Key"}
        ),
        f"{GET_JOB} security apikey header x-key: security added",
    ),
    # A departure covers what it says, and nothing that lies beneath or beside it.
    (
        lambda spec: schema(spec, "MaterializeViewResult")["properties"]["snapshot_id"].update(
            {"type": ["string", "null"], "format": "x"}
        ),
        f"{GET_JOB} 200.result.snapshot_id: type changed from integer<int64> to string<x>",
    ),
    (
        lambda spec: schema(spec, "MaterializeViewResult")["properties"].pop("snapshot_id"),
        f"{GET_JOB} 200.result.snapshot_id: field removed",
    ),
    (
        lambda spec: spec["components"]["schemas"].update(
            MaterializeViewResult={"type": "array", "items": {"type": "integer"}}
        ),
        f"{GET_JOB} 200.result: type changed from object to array or object",
    ),
    (
        lambda spec: schema(spec, "NqlForecastResult")["properties"].update(
            failure={"type": "string"}
        ),
        f"{GET_JOB} 200.result.failure: field added",
    ),
    # What stands beside a reference counts, too.
    (
        lambda spec: schema(spec, "MaterializeViewResult")["properties"].update(
            snapshot_id={"$ref": "#/components/schemas/JobState", "deprecated": True}
        ),
        f"{GET_JOB} 200.result.snapshot_id: is now deprecated",
    ),
    (
        lambda spec: spec.update(security=[{}, *spec["security"]]),
        f"{GET_JOB} security none: security added",
    ),
    (
        lambda spec: schema(spec, "Failure").update(
            {"$ref": "#/components/schemas/Failure", "deprecated": True}
        ),
        f"{GET_JOB} 200.failures[]: is now deprecated",
    ),
    # Servers, their order, what is deprecated, media types.
    (
        lambda spec: spec["servers"].reverse(),
        "server https://api.narrative.io: number changed from 1 to 2",
    ),
    (
        lambda spec: spec["servers"][1].update(url="https://api-test.narrative.io"),
        "server https://api-test.narrative.io: server added",
    ),
    (
        lambda spec: spec["paths"]["/jobs/{job_id}"]["get"].update(deprecated=True),
        f"{GET_JOB}: is now deprecated",
    ),
    (
        lambda spec: schema(spec, "JobBase")["properties"]["executor"].update(deprecated=True),
        f"{GET_JOB} 200.executor: is now deprecated",
    ),
    (
        lambda spec: spec["paths"]["/jobs/{job_id}"]["get"]["responses"]["200"]["content"].update(
            {"text/csv": {}}
        ),
        f"{GET_JOB} 200: media type text/csv added",
    ),
    (
        lambda spec: spec["paths"].pop("/jobs/{job_id}"),
        f"{GET_JOB}: operation removed",
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=range(len(CHANGES)))
def test_one_change_is_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    path = tmp_path / "vendor.json"
    path.write_text(json.dumps(changed(change)))
    result = compare(path)
    found = sections(result.stdout)
    if said:
        assert result.returncode == 1
        assert said in found["New"]
    else:
        assert not [line for line in found["New"] if "an example" not in line]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"type": "text"}, "Unknown type 'text' for validator with schema:"),
        ({"$ref": "#/components/schemas/Job"}, "maximum recursion depth exceeded"),
    ],
)
def test_a_schema_that_makes_no_sense_is_a_line(
    tmp_path: Path, odd: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "vendor.json"
    spec = changed(lambda spec: spec["components"]["schemas"].update(JobBase=odd))
    path.write_text(json.dumps(spec))
    result = compare(path)
    assert result.returncode == 1
    assert f"200: an example that cannot be held to its schema: {reason}" in result.stdout


def of_3_0(node: Any, spec: dict[str, Any]) -> Any:
    """Say in OpenAPI 3.0, with every reference followed, what a part of our document says."""
    if isinstance(node, list):
        return [of_3_0(item, spec) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        *_, group, name = node["$ref"].split("/")
        return of_3_0(spec["components"][group][name], spec)
    said = {key: of_3_0(value, spec) for key, value in node.items()}
    for key in ("type", "oneOf", "anyOf"):
        null = "null" if key == "type" else {"type": "null"}
        if isinstance(said.get(key), list) and null in said[key]:
            rest = [one for one in said.pop(key) if one != null]
            said |= {"nullable": True} | ({key: rest[0]} if key == "type" else {"allOf": rest[:1]})
    if isinstance(said.get("const"), str):
        said["enum"] = [said.pop("const")]
    if "application/json" in said:
        said["application/json; charset=utf-8"] = said.pop("application/json")
    return said


def test_what_another_generator_says_otherwise_is_no_difference(tmp_path: Path) -> None:
    path, spec = tmp_path / "vendor.json", load_spec()
    servers = [{"url": f"{server['url']}/"} for server in spec["servers"]]
    path.write_text(json.dumps({**of_3_0(spec, spec), "openapi": "3.0.3", "servers": servers}))
    result = compare(path)
    assert result.stdout.startswith("0 new,")


def test_a_url_will_do() -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/latest":
            return Answer(302, headers={"Location": "/v2/openapi.yaml"})
        return Answer(200, (VENDOR.parent / request.path.removeprefix("/v2/")).read_bytes())

    with Server(answer) as server:
        result = compare(f"{server.url}/latest")
        asked = [request.path for request in server.requests]
    assert asked == ["/latest", "/v2/openapi.yaml", "/v2/parts/job.yaml", "/v2/parts/schemas.json"]
    assert result == compare(VENDOR)


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "{}",
        '{"swagger": "2.0", "paths": {}}',
        '{"paths": 1}',
        "just text",
        '{"openapi": "3.1.0"',
        None,
    ],
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


def test_two_paths_that_differ_by_names_alone_are_both_read(tmp_path: Path) -> None:
    said = {"responses": {"200": {"description": "It."}}}
    paths = {"/things/{a}": {"get": said}, "/things/{b}": {"put": said}}
    read = contract_reader.read(write(tmp_path / "a.json", {"openapi": "3.1.0", "paths": paths}))
    assert {"GET /things/{a}", "PUT /things/{b}"} < read.promises.keys()
