"""How long the generator takes over what is large or deep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from generator.flat import Flattener
from large_spec import large_spec
from support import regenerate, write


def used() -> float:
    """Return the seconds of the processor, which other work on the machine does not lengthen."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def test_all_refusals_of_1_400_schemas_are_found_in_20_seconds(tmp_path: Path) -> None:
    spec = large_spec(operations=200, schemas=1400)
    problems = [
        {"$ref": "#/components/schemas/Missing"},
        {"const": "a", "allOf": [{"const": "b"}]},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "strnig"},
    ]
    for number in range(40):
        broken = {"type": "object", "properties": {"x": problems[number % 4]}}
        spec["components"]["schemas"][f"Broken{number}"] = broken
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/Broken{number}"}}}
        answer = {"200": {"description": ".", "content": content}}
        spec["paths"][f"/broken/{number}"] = {"get": {"responses": answer}}
    path = write(tmp_path / "large.json", spec)
    began = used()
    result = regenerate("--spec", path, "--output", tmp_path)
    assert result.returncode == 1
    for number in range(40):
        assert f"Broken{number}.x: " in result.stderr
        assert f"\nGET /broken/{number}, because of Broken{number}.x: " in result.stderr
    assert len(result.stderr.splitlines()) == 81
    result = regenerate("--spec", path, "--output", tmp_path, "--skip-unsupported")
    assert result.returncode == 0, result.stderr
    assert used() - began < 2 * 20
    code = "from narrative_jobs import Client, models; print(len(models.__all__) > 1300)"
    code += "; print(sum(not name.startswith('_') for name in vars(Client)) >= 200)"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stdout == "True\nTrue\n", result.stderr


def test_a_line_of_heirs_is_followed_once_however_long_it_is() -> None:
    """Those that come first in a document are furthest from the base, and need all others."""
    schemas: dict[str, Any] = {f"H{number:02}": {"type": "object"} for number in range(14)}
    for number in range(13):
        base = {"$ref": f"#/components/schemas/H{number + 1:02}"}
        own = {"type": "object", "properties": {f"p{number}": {"type": "string"}}}
        schemas[f"H{number:02}"] = {"allOf": [base, own]}
    began = used()
    flat = Flattener({"components": {"schemas": schemas}}).target("#/components/schemas/H00")
    assert len(flat["properties"]) == 13
    assert used() - began < 1, "a second is hundreds of times what it needs"
