"""Release a version: all but the upload. `scripts/release --help` says more."""

from __future__ import annotations

import argparse
import datetime
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from check_version import entries, git, parts, problems, releases, version_of
from generator.document import UnsupportedError

ROOT = Path(__file__).resolve().parent.parent
SPEC, CHANGELOG = ROOT / "openapi.yaml", ROOT / "CHANGELOG.md"
FILES = "openapi.yaml", "CHANGELOG.md", "generated"
"""What a release changes."""
STOPPING = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
"""What stops a release."""


def run(*command: str) -> str:
    """Run a command in the repo, and stop where it fails."""
    print("$", *command, flush=True)
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        print(result.stdout)
        raise UnsupportedError(f"{command[0]} failed")
    return result.stdout


def refuse(version: str) -> str | None:
    """Say why a version cannot be released now, if so."""
    branch = git("branch", "--show-current").strip()
    if branch != "main":
        return f"this is the branch {branch or '(none)'}: releases are made on main"
    if git("status", "--porcelain"):
        return "there are uncommitted changes: commit or stash them"
    if git("tag", "--list", f"v{version}"):
        return f"there is a tag v{version} already"
    newest = next(iter(releases()), None)
    if newest and parts(version) <= parts(newest):
        return f"{version} is not above {newest}, which is released"
    now = version_of(SPEC.read_text(encoding="utf-8"))
    if parts(version) < parts(now):
        return f"{version} is below info.version, {now}"
    if not entries(CHANGELOG.read_text(encoding="utf-8")).get("Unreleased"):
        return "CHANGELOG.md says nothing under Unreleased"
    return None


def write_version(version: str) -> None:
    """Set the version where it stands: in the spec, and over what was Unreleased."""
    text = SPEC.read_text(encoding="utf-8")
    old = re.escape(version_of(text))
    text = re.sub(rf"^(  version: ){old}$", rf"\g<1>{version}", text, count=1, flags=re.MULTILINE)
    SPEC.write_text(text, encoding="utf-8")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = CHANGELOG.read_text(encoding="utf-8")
    text = text.replace("## Unreleased", f"## {version} ({today})", 1)
    CHANGELOG.write_text(text, encoding="utf-8")


def release(version: str) -> None:
    """Take every step, or leave the tree as it was."""
    before = git("rev-parse", "HEAD").strip()
    try:
        write_version(version)
        run("scripts/regenerate")
        if found := list(problems()):
            raise UnsupportedError("\n".join(found))
        run("scripts/test")
        print(run("scripts/build"), end="")
        files = sorted(map(str, (ROOT / "dist").glob(f"narrative_jobs-{version}*")))
        print(run(sys.executable, "-m", "twine", "check", "--strict", *files), end="")
        run("git", "add", "--all", "--", *FILES)
        if edited := git("diff", "--name-only").split():
            said = "was edited while the release was tested: commit it first"
            raise UnsupportedError(f"{', '.join(edited)} {said}")
        run("git", "commit", "--quiet", "--message", f"Release {version}")
        run("git", "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
    except BaseException:
        ignore_signals()
        git("tag", "--delete", f"v{version}", may_fail=True)
        git("reset", "--quiet", "--soft", before)
        git("restore", f"--source={before}", "--staged", "--worktree", "--", *FILES)
        git("clean", "--quiet", "--force", "-d", "generated")
        raise


def ignore_signals() -> None:
    """Let nothing stop what puts the tree in order."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def stop(*_: object) -> NoReturn:
    """End what is under way; who presses Ctrl-C again has to wait."""
    ignore_signals()
    raise KeyboardInterrupt


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/release",
        description="Set the version, regenerate, test, build, commit and tag. Uploads nothing.",
        epilog="Exits 0 if all is done, 1 if a step is refused or fails: then nothing has changed.",
    )
    parser.add_argument("version", help="such as 1.2.3; scripts/check-version says which")
    version: str = parser.parse_args().version
    for number in STOPPING:
        signal.signal(number, stop)
    try:
        parts(version)
        if reason := refuse(version):
            raise UnsupportedError(reason)
        release(version)
    except (UnsupportedError, KeyboardInterrupt) as error:
        print(f"scripts/release: {str(error) or 'stopped, and all is as it was'}", file=sys.stderr)
        return 1
    print(f"v{version} is tagged, and dist/ holds what to upload.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
