"""The command of a package that is made from another spec."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shell import environment
from stand_in import TOKEN, Answer, Request, Server
from support import regenerate, write

STATES = {"type": "string", "enum": ["warm", "hatched", "cold"]}


def path_of(noun: str, id_schema: dict[str, Any], **extension: Any) -> dict[str, Any]:
    fields = {"number": id_schema, "stage": STATES, "why": {"type": "string"}}
    schema = {"type": "object", "required": ["number", "stage"], "properties": fields}
    return {
        "get": {
            "operationId": f"get_{noun}",
            "parameters": [{"name": noun, "in": "path", "required": True, "schema": id_schema}],
            "responses": {
                "200": {"description": "It.", "content": {"application/json": {"schema": schema}}}
            },
            **extension,
        }
    }


def made(folder: Path, *nouns: str) -> Path:
    """Make a package in which one can wait for some things."""
    schemas = [{"type": "integer"}, {"type": "string"}]
    paths: dict[str, Any] = {"/farms/{farm}": path_of("farm", {"type": "string"})}
    for noun, schema in zip(nouns, schemas, strict=False):
        waits: dict[str, Any] = {"noun": noun, "id": "number", "state": "stage"}
        waits |= {"succeeded": ["hatched"], "failed": ["cold"]}
        paths[f"/{noun}s/{{{noun}}}"] = path_of(noun, schema, **{"x-long-running": waits})
    spec = {
        "openapi": "3.1.0",
        "info": {"title": "Farm", "version": "7.0.0"},
        "servers": [{"url": "https://farm.example"}],
        "paths": paths,
    }
    result = regenerate("--spec", write(folder / "farm.json", spec), "--output", folder / "made")
    assert result.returncode == 0, result.stderr
    (package,) = (folder / "made").iterdir()
    return package.rename(package.with_name("big_farm"))


def run(package: Path, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    key = {"FARM_API_KEY": TOKEN} | ({"FARM_ENVIRONMENT": url} if url else {})
    return subprocess.run(
        [sys.executable, "-m", package.name, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment(None, **key) | {"PYTHONPATH": str(package.parent)},
    )


def test_where_nothing_can_be_waited_for_there_is_no_command(tmp_path: Path) -> None:
    package = made(tmp_path)
    assert not (package / "__main__.py").exists()


@pytest.mark.parametrize("nouns", [("egg",), ("egg", "hen")], ids=["one", "two"])
def test_the_command_is_named_after_the_package(tmp_path: Path, nouns: tuple[str, ...]) -> None:
    package = made(tmp_path, *nouns)
    of_egg, of_last = ("", "") if len(nouns) == 1 else ("-egg", "-hen")
    assert run(package, "--version").stdout == "big-farm 7.0.0\n"
    assert (
        f"  big-farm wait{of_egg} EGG --max-wait 30m"
        in run(package, f"wait{of_egg}", "--help").stdout
    )
    assert "FARM_API_KEY" in run(package, "--help").stdout

    def answer(request: Request) -> Answer:
        number = request.path.rsplit("/", 1)[-1]
        thing = {"number": int(number) if "egg" in request.path else number, "stage": "cold"}
        return Answer(200, thing | {"why": "no sun"})

    with Server(answer) as server:
        result = run(package, f"wait{of_egg}", "7", "8", url=server.url)
        assert (result.returncode, result.stdout.count("egg 7: cold\n  why: no sun")) == (1, 1)
        result = run(package, f"get{of_last}", "7", "--json", url=server.url)
        assert (result.returncode, '"no sun"' in result.stdout) == (0, True)
