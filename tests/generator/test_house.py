"""The rules of the house that a machine can hold: sizes, and what is used of other libraries."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

SCRIPTS = ROOT / "scripts"
MODULES = {
    path.relative_to(SCRIPTS).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SCRIPTS.rglob("*.py"))
}
TEMPLATES = sorted((SCRIPTS / "templates").rglob("*.jinja"))
OURS = {path.stem for path in SCRIPTS.rglob("*.py")} | {"generator", "narrative_jobs"}


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for name, module in MODULES.items():
        for node in ast.walk(module):
            if isinstance(node, kinds):
                yield name, node


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def length(node: ast.AST) -> int:
    assert isinstance(node, ast.stmt)
    assert node.end_lineno
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize(
    ("most", "kinds"),
    [(45, (ast.FunctionDef, ast.AsyncFunctionDef)), (200, (ast.ClassDef,))],
    ids=["functions", "classes"],
)
def test_no_room_is_too_large(most: int, kinds: tuple[type[ast.AST], ...]) -> None:
    found = [(name, getattr(node, "name", ""), length(node)) for name, node in nodes(*kinds)]
    assert len(found) > 20
    assert [row for row in found if row[2] > most] == []


def test_no_file_is_too_long() -> None:
    lengths = {name: len((SCRIPTS / name).read_text().splitlines()) for name in MODULES}
    assert {name: count for name, count in lengths.items() if count > 300} == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_fifth_of_a_template_depends_on_the_spec(template: Path) -> None:
    lines = template.read_text(encoding="utf-8").splitlines()
    assert sum("{{" in line or "{%" in line for line in lines) >= len(lines) / 5


def test_nothing_private_of_other_libraries_is_used() -> None:
    """An attribute with an underscore is one that our own code defines."""
    defined: set[str] = set()
    for _, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        defined.add(getattr(node, "name", ""))
    for _, node in nodes(ast.Name, ast.Attribute):
        if isinstance(getattr(node, "ctx", None), ast.Store):
            defined.add(getattr(node, "id", "") or getattr(node, "attr", ""))
    used = [
        (name, node.attr) for name, node in nodes(ast.Attribute) if isinstance(node, ast.Attribute)
    ]
    assert [row for row in used if is_private(row[1]) and row[1] not in defined] == []
    imported = [
        (name, node.module, alias.name)
        for name, node in nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and not node.level
        for alias in node.names
    ]
    assert [row for row in imported if is_private(row[2]) and row[1] not in OURS] == []


def test_nothing_of_other_libraries_is_replaced() -> None:
    found = []
    for name, module in MODULES.items():
        foreign = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(module)
            if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0)
            for alias in node.names
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                root = node.value
                while isinstance(root, ast.Attribute):
                    root = root.value
                if isinstance(root, ast.Name) and root.id in foreign - {"self", "cls"}:
                    found.append((name, ast.unparse(node)))
    assert found == []


def test_nothing_reads_with_the_parser_of_the_library() -> None:
    assert [
        name
        for name, node in nodes(ast.Import, ast.ImportFrom)
        if "openapi_python_client" in ast.unparse(node)
        and any(word in ast.unparse(node) for word in ("schema", "parser"))
    ] == []


def test_no_module_of_the_generator_looks_back() -> None:
    """Each imports only those that come before it, so that they can be read in one order."""
    needs = {
        name.removeprefix("generator/").removesuffix(".py"): {
            node.module
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module
        }
        for name, module in MODULES.items()
        if name.startswith("generator/")
    }
    while ready := {name for name, used in needs.items() if not used & set(needs)}:
        needs = {name: used for name, used in needs.items() if name not in ready}
    assert needs == {}


def test_only_the_standard_library_and_what_is_declared_is_imported_by_the_package() -> None:
    known = {"httpx", "httpcore", "attrs", "anyio", "dateutil", "aiohttp"}
    found = {
        (name, (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or "")
        for name, node in nodes(ast.Import, ast.ImportFrom)
        if name.startswith("templates/_runtime/") and isinstance(node, ast.Import | ast.ImportFrom)
        if not getattr(node, "level", 0)
    }
    roots = {(name, module.partition(".")[0]) for name, module in found}
    extra = {
        "templates/_runtime/airflow.py": {"airflow"},
        "templates/_runtime/aiohttp.py": {"multidict", "yarl"},  # of which aiohttp is made
    }
    assert {
        row
        for row in roots
        if row[1] not in known | sys.stdlib_module_names | extra.get(row[0], set())
    } == set()
