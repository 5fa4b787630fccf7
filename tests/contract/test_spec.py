"""openapi.yaml: is it OpenAPI, is it sound, and where does it depart from the page?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from stand_in import load_spec
from support import PAYLOADS, validator

SPEC = load_spec()
SCHEMAS: dict[str, dict[str, Any]] = SPEC["components"]["schemas"]
GET_JOB = SPEC["paths"]["/jobs/{job_id}"]["get"]
JOBS = [one["$ref"].rsplit("/", 1)[1] for one in SCHEMAS["Job"]["oneOf"]]

# The page's list of fields, as it stands: the type, and whether the field is required. All that is
# said of the page in the tests stands here, and openapi.yaml may come to say more.
PAGE = {
    "job_id": ("string<uuid>", True),
    "request_source": ("object", True),
    "state": ("enum<string>", True),
    "type": ("string", True),
    "input": ("object", True),
    "executor": ("string", True),
    "failures": ("object[]", True),
    "idempotency_key": ("string", True),
    "result": ("object", True),
    "created_at": ("string<date-time>", True),
    "updated_at": ("string<date-time>", True),
    "ended_at": ("string<date-time>", True),
    "compute_pool_id": ("string<uuid>", False),
    "execution_cluster": ("enum<string>", False),
}
PAGE_ENUMS = {
    "state": ["failed", "cancelled", "completed", "pending", "running"],
    "execution_cluster": ["dedicated", "shared"],
}


def own_fields(name: str) -> dict[str, dict[str, Any]]:
    """Give the properties that a schema itself declares."""
    parts = [SCHEMAS[name], *(p for p in SCHEMAS[name].get("allOf", []) if "$ref" not in p)]
    return {key: value for part in parts for key, value in part.get("properties", {}).items()}


def required(name: str) -> set[str]:
    """Name the fields that a schema relies on, through `allOf` and `$ref`."""
    schema = SCHEMAS[name]
    names = set(schema.get("required", []))
    for part in schema.get("allOf", []):
        names |= required(part["$ref"].rsplit("/", 1)[1]) if "$ref" in part else set()
        names |= set(part.get("required", []))
    return names


def accepts(field: Mapping[str, Any], value: object) -> bool:
    """Say whether the schema of a field takes a value."""
    return bool(Draft202012Validator({**SPEC, **field}).is_valid(value))


def test_it_is_openapi_3_1() -> None:
    assert SPEC["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(SPEC).validate()


def test_it_says_what_the_page_says_of_the_operation() -> None:
    assert [server["x-name"] for server in SPEC["servers"]] == ["prod", "dev"]
    assert [server["url"] for server in SPEC["servers"]] == [
        "https://api.narrative.io",
        "https://api-dev.narrative.io",
    ]
    assert SPEC["security"] == [{"bearerAuth": []}]
    assert set(GET_JOB["responses"]) == {
        *("200", "400", "401", "403", "404", "429", "500", "502", "503")
    }
    (parameter,) = GET_JOB["parameters"]
    assert (parameter["in"], parameter["schema"]["format"]) == ("path", "uuid")


def examples() -> Iterator[tuple[str, str, object]]:
    for name, example in GET_JOB["responses"]["200"]["content"]["application/json"][
        "examples"
    ].items():
        yield name, "Job", example["value"]
    said = SPEC["components"]["responses"]["BadRequest"]["content"]["application/json"]
    for name, example in said["examples"].items():
        yield name, "ErrorBody", example["value"]


@pytest.mark.parametrize(("schema", "example"), [pytest.param(*e[1:], id=e[0]) for e in examples()])
def test_its_examples_are_what_its_schemas_say(schema: str, example: object) -> None:
    validator(schema).validate(example)


def test_the_sample_of_the_page_is_among_its_examples() -> None:
    examples = GET_JOB["responses"]["200"]["content"]["application/json"]["examples"]
    assert examples["pageSample"]["value"] == PAYLOADS["page-sample"]


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_the_fields_of_the_page(job: str) -> None:
    assert own_fields("JobBase").keys() | own_fields(job).keys() >= PAGE.keys()
    assert required(job) & PAGE.keys() == {"job_id", "type", "state", "created_at", "updated_at"}


def test_enums_list_what_the_page_lists() -> None:
    assert set(PAGE_ENUMS["state"]) <= set(SCHEMAS["JobState"]["enum"])
    assert SCHEMAS["JobState"]["default"] == "pending"
    assert set(PAGE_ENUMS["execution_cluster"]) <= set(SCHEMAS["ExecutionCluster"]["enum"])


def departures() -> dict[str, set[str]]:
    """Compare the spec with the page, for each field of the page, and its samples."""
    found: dict[str, set[str]] = {}
    a_value = {
        "string<uuid>": "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c",
        "string<date-time>": "2023-10-31T11:19:13Z",
        "object": {},
        "object[]": [{}],
        "string": "a text",
    }
    for schema in ("JobBase", *JOBS):
        for name, field in own_fields(schema).items():
            if name not in PAGE:
                continue
            kind, is_required = PAGE[name]
            departs = found.setdefault(f"{schema}.{name}", set())
            if kind in a_value and "const" not in field:
                assert accepts(field, a_value[kind]), f"{schema}.{name} is no {kind}"
            for value in PAGE_ENUMS.get(name, []):
                assert accepts(field, value)
            if is_required and name not in required(schema):
                assert "absent" in SPEC["x-departure"]["in"], "as noted at the head"
            assert accepts(field, None) == (name not in required(schema)), "as noted at the head"
            if name in PAGE_ENUMS and accepts(field, "a value unheard of"):
                departs.add("open")
            if name == "type" and accepts(field, "a type unheard of"):
                departs.add("open")
            if kind == "string<date-time>":
                departs.add("offset")
    shown = [PAYLOADS[key]["input"] for key in ("page-sample", "schema-example")]
    for name in {name for one in shown for name in one}:
        differs = any(name not in one for one in shown)
        found[f"MaterializeViewInput.{name}"] = {"field"} if differs else set()
    return found


def test_every_departure_has_its_reason_beside_the_field_and_nothing_else_has() -> None:
    noted = {
        f"{schema}.{name}": set(field["x-departure"]["in"])
        for schema in SCHEMAS
        for name, field in own_fields(schema).items()
        if "x-departure" in field and len(field["x-departure"]["why"]) > 20
    }
    found = departures()
    assert {place: noted.get(place, set()) for place in found} == found
    # None stands where this test does not look.
    assert str(SPEC).count("'x-departure'") == len(noted) + 1
    assert SPEC["x-departure"]["in"] == ["null", "absent"], "of optional fields, all over"
