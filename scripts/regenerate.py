"""Make the package out of the spec. `scripts/regenerate --help` says more."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from generator.document import UnsupportedError, load
from generator.package import read
from generator.render import render
from generator.text import WIDTH
from openapi_python_client.config import ConfigFile
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the command line."""
    arguments = options().parse_args()
    spec: Path = arguments.spec
    with tempfile.TemporaryDirectory() as scratch:
        try:
            package = generate(spec, Path(scratch), skip=arguments.skip_unsupported)
            try_imports(package)
            target = arguments.output.resolve() / package.name
            if arguments.check:
                return compare(target, package)
            replace(target, package)
        except (OSError, UnsupportedError, ValueError, YAMLError) as error:
            print(f"{spec}: {error}", file=sys.stderr)
            return 1
    print(f"made {os.path.relpath(target)} from {os.path.relpath(spec)}")
    return 0


def options() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    about = "Make the package in generated/ out of openapi.yaml and scripts/templates/."
    parser = argparse.ArgumentParser("scripts/regenerate", description=about)
    spec, output = "another OpenAPI document, YAML or JSON", "where the package goes"
    check = "write nothing; show what differs, and exit 1 if anything does"
    skip = "leave out what no package can be made of; stderr and its docstring list it"
    add = parser.add_argument
    add("--spec", type=Path, default=ROOT / "openapi.yaml", metavar="FILE", help=spec)
    add("--output", type=Path, default=ROOT / "generated", metavar="DIR", help=output)
    add("--check", action="store_true", help=check)
    add("--skip-unsupported", action="store_true", help=skip)
    return parser


def replace(target: Path, package: Path) -> None:
    """Put a package in the place of the old one: all of it, or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".regenerate-", dir=target.parent) as beside:
        new = shutil.copytree(package, Path(beside) / "new")
        if target.exists():
            target.rename(Path(beside) / "old")
        new.rename(target)


def generate(spec: Path, folder: Path, *, skip: bool = False) -> Path:
    """Make the package in `folder`, or raise what is wrong with the spec."""
    config = ConfigFile.load_from_path(ROOT / "generator-config.yaml")
    name, project = str(config.package_name_override), config.project_name_override
    sdk = read(load(spec))
    if missing := sdk["missing"]:
        if not skip:
            hint = "--skip-unsupported makes a package of the rest."
            raise UnsupportedError("\n".join([*missing, hint]))
        print(f"{spec}: left out ({len(missing)}):", *missing, sep="\n- ", file=sys.stderr)
    target = folder / name
    render(target, sdk=sdk, package_name=name, project_name=project)
    ruff("check", "--select=F401,F821,I,RUF022", "--fix", target)
    ruff("format", target)
    return target


def ruff(*command: str | Path) -> None:
    """Run the pinned formatter, without any configuration that may lie around."""
    settings = (
        f"line-length={WIDTH}",
        "format.skip-magic-trailing-comma=true",
        "lint.isort.split-on-trailing-comma=false",
    )
    options = ["--isolated", "--no-cache", "--quiet", "--target-version=py311"]
    python("-m", "ruff", *command, *options, *(f"--config={one}" for one in settings))


def try_imports(package: Path) -> None:
    """See that what was written can be imported."""
    modules = [f"{package.name}.{name}" for name in ("models", "client")]
    code = "import sys, importlib; [importlib.import_module(name) for name in sys.argv[1:]]"
    python("-B", "-c", code, *modules, cwd=package.parent)


def python(*given: str | Path, cwd: Path | None = None) -> None:
    """Run Python over what was written; a failure of it is a fault of the templates."""
    command = [sys.executable, *given]
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = "the templates gave no sound Python, which is a fault of the generator:"
        raise UnsupportedError(f"{reason}\n{result.stdout}{result.stderr}")


def compare(old: Path, new: Path) -> int:
    """Print the difference between two folders, and say as an exit code whether there is any."""
    command = ["diff", "-ruN", "--exclude=__pycache__", old.name, str(new)]
    result = subprocess.run(command, cwd=old.parent, capture_output=True, text=True, check=False)
    sys.stdout.write(result.stdout)
    if result.returncode:
        print("This is not what the spec and the templates give: regenerate it.", file=sys.stderr)
    return int(result.returncode > 0)


if __name__ == "__main__":
    sys.exit(main())
