"""The wheel, in clean environments: on every Python that is found, with new and old libraries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from stand_in import load_spec
from support import ROOT, samples_of_the_readme, write

VERSION = load_spec()["info"]["version"]


def python_of(minor: int) -> str:
    """Find an interpreter that the package is for, or skip the test."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    paths = [shutil.which(f"python3.{minor}"), *root.glob(f"versions/3.{minor}.*/bin/python")]
    look = "import sys, venv; print(sys.version_info[1])"
    for path in map(str, filter(None, paths)):
        run = subprocess.run([path, "-c", look], capture_output=True, check=False)
        if run.stdout.strip() == str(minor).encode():
            return path
    pytest.skip(f"there is no Python 3.{minor}")


def try_wheel(wheel: Path, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, ROOT / "tests" / "release" / "try_wheel.py", wheel, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT / 'tests'}"},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both distributions with scripts/build, which tries the wheel on this Python."""
    folder = tmp_path_factory.mktemp("dist")
    script = ROOT / "scripts" / "build"
    run = subprocess.run([script, folder], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith(f"narrative-jobs {VERSION} works on Python 3.")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"narrative_jobs-{VERSION}-py3-none-any.whl"


def test_the_wheel_is_the_package_and_nothing_else(wheel: Path) -> None:
    package = ROOT / "generated" / "narrative_jobs"
    expected = {
        path.relative_to(package.parent).as_posix(): path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert {name: archive.read(name) for name in names} == expected
    assert "narrative_jobs/py.typed" in expected


def test_the_page_of_the_index_has_no_link_that_leads_nowhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        page = archive.read(name).decode()
    links = re.findall(r"\]\(([^)]*)\)|^\[[^\]]*\]: (.*)$", page, re.MULTILINE)
    assert len(links) >= 3
    assert [one for pair in links for one in pair if not re.match("(https://.*)?$", one)] == []
    assert "# narrative-jobs\n\nThe typed Python client" in page
    assert "\n## What is new\n\n## " in page


def test_the_sdist_has_what_the_wheel_is_built_from(built: Path) -> None:
    with tarfile.open(built / f"narrative_jobs-{VERSION}.tar.gz") as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"openapi.yaml", "pyproject.toml", "LICENSE", "README.md"} <= names
    assert not [name for name in names if name.startswith(("tests", "scripts", ".venv"))]


def test_it_works_with_the_oldest_libraries_that_it_allows(wheel: Path) -> None:
    assert "httpx 0.27.0, attrs 23.1.0" in try_wheel(wheel, "--lowest")


@pytest.mark.parametrize("minor", [one for one in (11, 12, 13) if one != sys.version_info[1]])
def test_it_works_on_every_python_that_is_found(wheel: Path, minor: int) -> None:
    said = try_wheel(wheel, "--python", python_of(minor))
    assert f"narrative-jobs {VERSION} works on Python 3.{minor}." in said


def test_type_checkers_see_the_types_of_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    (packages,) = tmp_path.glob("env/lib/python*/site-packages")
    shutil.unpack_archive(wheel, packages, "zip")
    # What it depends on lies where the tests have it.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    shutil.copy(ROOT / "tests" / "typing" / "usage.py", tmp_path)
    samples = samples_of_the_readme()
    for number, sample in enumerate(samples):
        (tmp_path / f"sample_{number}.py").write_text(sample)
    names = ["usage.py", *(f"sample_{number}.py" for number in range(len(samples)))]
    mypy = ["mypy", "--strict", "--config-file=", f"--python-executable={python}", *names]
    # One sample is about pandas and polars, which are not here.
    mypy += ["--disable-error-code=import-not-found", "--disable-error-code=import-untyped"]
    strict = {"typeCheckingMode": "strict", "enableTypeIgnoreComments": False}
    write(tmp_path / "pyrightconfig.json", strict)
    pyright = ["basedpyright", f"--pythonpath={python}", "usage.py"]
    for checker in (mypy, pyright):
        command = [sys.executable, "-m", *checker]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
