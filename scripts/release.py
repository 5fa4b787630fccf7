"""Release a version: all but the upload. `scripts/release --help` says more."""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

from check_version import changelog_of, newest_tag, parts, problems
from contract import read
from generator.document import UnsupportedError

ROOT = Path(__file__).resolve().parent.parent
SPEC, CHANGELOG = ROOT / "openapi.yaml", ROOT / "CHANGELOG.md"


def run(*command: str | Path) -> str:
    """Run a command of the repo, and stop where it fails."""
    shown = [os.path.relpath(part, ROOT) if isinstance(part, Path) else part for part in command]
    print("$", *shown, flush=True)
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        print(result.stdout)
        raise UnsupportedError(f"{shown[0]} failed")
    return result.stdout


def refuse(version: str) -> str | None:
    """Say why a version cannot be released now, if so."""
    if run("git", "status", "--porcelain"):
        return "there are uncommitted changes: commit or stash them"
    if run("git", "tag", "--list", f"v{version}"):
        return f"there is a tag v{version} already"
    tag = newest_tag()
    if tag and parts(version) <= parts(tag.removeprefix("v")):
        return f"{version} is not above {tag}"
    if parts(version) < parts(read(SPEC).version):
        return f"{version} is below info.version, {read(SPEC).version}"
    if not changelog_of("Unreleased", CHANGELOG.read_text(encoding="utf-8")):
        return "CHANGELOG.md says nothing under Unreleased"
    return None


def write_version(version: str) -> None:
    """Set the version where it stands: in the spec, and over what was Unreleased."""
    text = SPEC.read_text(encoding="utf-8")
    old = read(SPEC).version
    SPEC.write_text(
        re.sub(rf"^(  version: ){re.escape(old)}$", rf"\g<1>{version}", text, count=1, flags=re.M),
        encoding="utf-8",
    )
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = CHANGELOG.read_text(encoding="utf-8")
    CHANGELOG.write_text(
        text.replace("## Unreleased", f"## {version} ({today})", 1), encoding="utf-8"
    )


def release(version: str) -> None:
    """Take every step, or leave the tree as it was."""
    scripts, dist = ROOT / "scripts", ROOT / "dist"
    before = {path: path.read_bytes() for path in (SPEC, CHANGELOG)}
    write_version(version)
    try:
        run(scripts / "regenerate")
        if found := list(problems(ROOT, newest_tag())):
            raise UnsupportedError("\n".join(found))
        run(scripts / "test")
        print(run(scripts / "build"), end="")
        files = sorted(dist.glob(f"narrative_jobs-{version}*"))
        print(run(sys.executable, "-m", "twine", "check", "--strict", *files), end="")
        run("git", "commit", "--quiet", "--all", "--message", f"Release {version}")
    except BaseException:
        for path, content in before.items():
            path.write_bytes(content)
        run(scripts / "regenerate")
        raise
    run("git", "tag", "--annotate", f"v{version}", "--message", f"Release {version}")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/release",
        description="Set the version, regenerate, test, build, commit and tag. Uploads nothing.",
        epilog="Exits 0 if all is done, 1 if a step is refused or fails: then nothing has changed.",
    )
    parser.add_argument("version", help="such as 1.2.3; scripts/check-version says which")
    version: str = parser.parse_args().version
    try:
        parts(version)
        if reason := refuse(version):
            raise UnsupportedError(reason)
        release(version)
    except UnsupportedError as error:
        print(f"scripts/release: {error}", file=sys.stderr)
        return 1
    print(f"v{version} is tagged, and dist/ holds what to upload.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
