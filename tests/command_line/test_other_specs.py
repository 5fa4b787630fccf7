"""The command of a package that is made from another spec."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from shell import Result, run
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


def made(folder: Path, name: str, *nouns: str) -> Path:
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
    return package.rename(package.with_name(name))


def test_where_nothing_can_be_waited_for_there_is_no_command(tmp_path: Path) -> None:
    package = made(tmp_path, "farm")
    assert not (package / "__main__.py").exists()


@pytest.mark.parametrize("nouns", [("egg",), ("egg", "hen")], ids=["one", "two"])
def test_the_command_is_named_after_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nouns: tuple[str, ...]
) -> None:
    package = made(tmp_path, f"farm_of_{len(nouns)}", *nouns)
    monkeypatch.syspath_prepend(package.parent)
    command, main = f"farm-of-{len(nouns)}", import_module(f"{package.name}.__main__").main

    def run_it(*arguments: str, url: str = "") -> Result:
        return run(None, *arguments, main=main, FARM_API_KEY=TOKEN, FARM_ENVIRONMENT=url)

    of_egg, of_last = ("", "") if len(nouns) == 1 else ("-egg", "-hen")
    assert run_it("--version").stdout == f"{command} 7.0.0\n"
    example = f"  {command} wait{of_egg} EGG_ID --max-wait 30m"
    assert example in run_it(f"wait{of_egg}", "--help").stdout
    assert "FARM_API_KEY" in run_it("--help").stdout

    def answer(request: Request) -> Answer:
        number = request.path.rsplit("/", 1)[-1]
        thing = {"number": int(number) if "egg" in request.path else number, "stage": "cold"}
        return Answer(200, thing | {"why": "no sun"})

    with Server(answer) as server:
        result = run_it(f"wait{of_egg}", "7", "8", url=server.url)
        shown = "egg 7: cold\n  number: 7\n  stage: cold\n  why: no sun\n"
        assert (result.returncode, result.stdout.count(shown)) == (1, 1)
        result = run_it(f"get{of_last}", "7", "--json", url=server.url)
        assert (result.returncode, '"no sun"' in result.stdout) == (0, True)
