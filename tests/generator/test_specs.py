"""Packages made from specs that have little in common with ours, used as their users would."""

from __future__ import annotations

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest
from regenerate import generate
from support import ROOT, regenerate, write

SPECS = sorted(path.stem for path in (ROOT / "tests" / "specs").glob("*.yaml"))
LACKING = {
    *("kinds", "member_of_union_dropped_trips", "refused_extensions", "security", "unsupported"),
}
"""Those that have parts of which no package can be made."""
MYPY = ("-m", "mypy", "--strict", "--no-incremental", "--config-file=")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a package out of each spec, and call it by the name of the spec."""
    folder = tmp_path_factory.mktemp("packages")
    for name in SPECS:
        spec = ROOT / "tests" / "specs" / f"{name}.yaml"
        generate(spec, folder / "made", skip=name in LACKING).rename(folder / name)
        shutil.copy(spec.with_name(f"{name}_use.py"), folder)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(map(str, (folder, ROOT / "tests", ROOT / "scripts")))
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths, "MYPYPATH": paths},
    )


@pytest.mark.parametrize("name", SPECS)
def test_a_package_does_what_its_spec_says(
    packages: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    runpy.run_path(str(packages / f"{name}_use.py"))
    assert capsys.readouterr().out == "all is well\n"


def test_what_no_package_can_be_made_of_fails_the_run(tmp_path: Path) -> None:
    spec = ROOT / "tests" / "specs" / "unsupported.yaml"
    result = regenerate("--spec", spec, "--output", tmp_path / "made")
    assert result.returncode == 1
    for place in ("POST /array-form: ", "GET /cookie: ", "because of Mixed: "):
        assert place in result.stderr
    assert result.stderr.endswith("--skip-unsupported makes a package of the rest.\n")
    assert "object at 0x" not in result.stderr
    assert not (tmp_path / "made").exists()
    given = result.stderr.splitlines()[:-1]
    rest = regenerate("--spec", spec, "--output", tmp_path / "made", "--skip-unsupported")
    assert rest.stderr.splitlines() == [
        f"{spec}: left out ({len(given)}):",
        *(f"- {line.removeprefix(f'{spec}: ')}" for line in given),
    ]


@pytest.mark.parametrize("name", SPECS)
def test_each_of_its_modules_can_be_imported_first(
    packages: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(packages)
    for path in (packages / name).glob("*.py"):
        if path.stem not in {"__main__", "airflow"}:
            for module in [one for one in sys.modules if one.split(".")[0] == name]:
                if not module.startswith(f"{name}._runtime"):  # It is the same in each.
                    monkeypatch.delitem(sys.modules, module)
            import_module(".".join(path.relative_to(packages).with_suffix("").parts))


@pytest.mark.parametrize("name", SPECS)
def test_no_import_of_its_models_leads_back_to_where_it_began(packages: Path, name: str) -> None:
    imports = {
        path.stem: {
            str(node.module)
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.ImportFrom) and node.level == 1
        }
        for path in (packages / name / "models").glob("[!_]*.py")
    }
    TopologicalSorter(imports).prepare()


def test_type_checkers_find_nothing_in_them(packages: Path, tmp_path: Path) -> None:
    """What is in _runtime is the same everywhere, so they all take that of one of them."""
    for path in packages.rglob("*.py"):
        name = path.relative_to(packages)
        if "_runtime" not in name.parts or name.parts[0] == "basic":
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            code = re.sub(r"from (\.+|\w+\.)_runtime\b", "from basic._runtime", path.read_text())
            (tmp_path / name).write_text(code)
    uses = [f"{name}_use.py" for name in SPECS]
    result = run(tmp_path, *MYPY, *SPECS, *uses)
    assert result.returncode == 0, result.stdout
    # scripts/check looks at _runtime.
    strict = {"typeCheckingMode": "strict", "include": SPECS, "exclude": ["*/_runtime"]}
    write(tmp_path / "pyrightconfig.json", strict)
    pyright = ("-m", "basedpyright", f"--pythonpath={sys.executable}")
    result = run(tmp_path, *pyright)
    assert result.returncode == 0, result.stdout


def test_they_are_formatted(packages: Path) -> None:
    ruff = ("-m", "ruff", "format", "--isolated", "--line-length=100", "--check", *SPECS)
    result = run(packages, *ruff)
    assert result.returncode == 0, result.stdout
