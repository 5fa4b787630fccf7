"""Say what changed since a release, and which version follows. `scripts/check-version --help`."""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import griffe
from attrs import define
from contract import Contract, Promise, read
from generator.document import UnsupportedError

ROOT = Path(__file__).resolve().parent.parent
CLASSES = ("none", "patch", "minor", "major")


@define(frozen=True, order=True)
class Change:
    """One change, and what it does to those who rely on the old."""

    rank: str
    """One of `CLASSES`."""
    place: str
    what: str

    def __str__(self) -> str:
        return f"  {self.rank:<6} {self.place}: {self.what}"


def wire_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Compare what goes over the wire."""
    before, after = old.promises, new.promises
    gone = [place for place in before if place not in after]
    come = [place for place in after if place not in before]
    for place in _topmost(gone):
        yield Change("major", place, f"{before[place].sort} removed")
    for place in _topmost(come):
        promise = after[place]
        is_asked = promise.required and (
            promise.sort in {"parameter", "body"} or _is_of_a_body(place, after)
        )
        need = "required " if is_asked else ""
        yield Change("major" if is_asked else "minor", place, f"{need}{promise.sort} added")
    for place in before:
        if place in after:
            yield from _promise_changes(place, before[place], after[place])


def _topmost(places: list[str]) -> list[str]:
    """Leave out what lies in a place that is listed itself."""
    listed = set(places)
    ends = [[m.start() for m in re.finditer(r"[ .(\[{]", place)] for place in places]
    return [
        place
        for place, stops in zip(places, ends, strict=True)
        if not any(place[:stop] in listed for stop in stops)
    ]


def _is_of_a_body(place: str, promises: dict[str, Promise]) -> bool:
    above = next((p for p in promises if promises[p].sort == "body" and place.startswith(p)), None)
    return above is not None


def _promise_changes(place: str, old: Promise, new: Promise) -> Iterator[Change]:
    if old.sort == "operation" and old.types != new.types:
        names = [", ".join(promise.types) for promise in (old, new)]
        yield Change("major", place, f"operation renamed from {names[0]} to {names[1]}")
        return
    is_input = old.sort in {"parameter", "body"}
    if old.required and not new.required:
        rank = "minor" if is_input else "major"
        yield Change(rank, place, "may now be absent")
    if new.required and not old.required:
        yield Change("major", place, "is now required")
    if "null" in new.types - old.types:
        yield Change("major", place, "may now be null")
    if "null" in old.types - new.types:
        yield Change("major", place, "is no longer null")
    types = [" or ".join(sorted(promise.types - {"null"})) for promise in (old, new)]
    if types[0] != types[1]:
        yield Change("major", place, f"type changed from {types[0]} to {types[1]}")
    for value in sorted(old.values - new.values):
        yield Change("major", place, f"value {value} removed")
    for value in sorted(new.values - old.values):
        yield Change("minor", place, f"value {value} added")
    if old.default != new.default:
        yield Change("major", place, f"default changed from {old.default} to {new.default}")


def import_changes(old: Path, new: Path) -> Iterator[Change]:
    """Compare what people import, in two folders with the package."""
    before, after = (
        griffe.load("narrative_jobs", search_paths=[folder], allow_inspection=False)
        for folder in (old, new)
    )
    assert isinstance(before, griffe.Module)
    assert isinstance(after, griffe.Module)
    had, has = (dict(_public(module)) for module in (before, after))
    for name in _topmost([name for name in had if name not in has]):
        yield Change("major", name, "removed")
    for name in _topmost([name for name in has if name not in had]):
        yield Change("minor", name, "added")
    for name, kind in had.items():
        if kind and has.get(name) and kind != has[name]:
            yield Change("major", name, f"type changed from {kind} to {has[name]}")
    for breakage in griffe.find_breaking_changes(before, after):
        if breakage.kind not in SAID and _is_public(breakage.obj.canonical_path):
            text = re.sub(r"\x1b\[[0-9;]*m", "", breakage.explain(griffe.ExplanationStyle.ONE_LINE))
            _, place, what = text.split(": ", 2)
            yield Change("major", f"{before.path}.{place}", what[0].lower() + what[1:])


SAID = {
    griffe.BreakageKind.OBJECT_REMOVED,
    griffe.BreakageKind.PARAMETER_REMOVED,
    # What it means is said of the wire: a value of an enum, or a type of a union.
    griffe.BreakageKind.ATTRIBUTE_CHANGED_VALUE,
}
"""What is found without griffe, by the names that people use."""


def _is_public(path: str) -> bool:
    return not any(part.startswith("_") for part in path.split(".")[2:] if part != "__init__")


def _public(module: griffe.Module) -> Iterator[tuple[str, str]]:
    """Give the public names, with the types of what is no model: the wire tells of those."""
    for name in sorted(str(export) for export in module.exports or []):
        item = module[name]
        target = item.final_target if item.is_alias else item
        path = f"{module.path}.{name}"
        yield path, ""
        if isinstance(target, griffe.Function):
            yield from _parameters(path, target)
        if not isinstance(target, griffe.Class):
            continue
        is_model = ".models." in target.canonical_path
        for member in target.all_members.values():
            if isinstance(member, griffe.Function) and member.name == "__init__":
                yield from _parameters(path, member)
            elif not member.name.startswith("_") and not member.is_alias:
                inner = f"{path}.{member.name}"
                if isinstance(member, griffe.Function):
                    yield inner, ""
                    yield from _parameters(inner, member)
                else:
                    kind = member.annotation if isinstance(member, griffe.Attribute) else None
                    yield inner, "" if is_model else str(kind or "")


def _parameters(path: str, function: griffe.Function) -> Iterator[tuple[str, str]]:
    for parameter in function.parameters:
        yield f"{path}({parameter.name})", str(parameter.annotation or "")


def newest_tag() -> str | None:
    """Find the newest release."""
    tags = _git("tag", "--list", "v*", "--sort=-version:refname").split()
    return tags[0] if tags else None


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        raise UnsupportedError(run.stderr.strip())
    return run.stdout


def checked_out(ref: str, folder: Path) -> Path:
    """Put the spec and the package of a commit into a folder."""
    command = ["git", "archive", ref, "openapi.yaml", "generated"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if run.returncode:
        raise UnsupportedError(run.stderr.decode().strip())
    with tarfile.open(fileobj=io.BytesIO(run.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def following(version: str, rank: str) -> str:
    """Give the version that follows, by Semantic Versioning."""
    major, minor, patch = map(int, version.split("."))
    return {
        "none": version,
        "patch": f"{major}.{minor}.{patch + 1}",
        "minor": f"{major}.{minor + 1}.0",
        "major": f"{major + 1}.0.0",
    }[rank]


def parts(version: str) -> tuple[int, ...]:
    """Read a version, so that it can be compared."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise UnsupportedError(f"{version!r} is no version such as 1.2.3")
    return tuple(map(int, version.split(".")))


def changelog_of(version: str, changelog: str) -> str:
    """Give what the changelog says of a version; nothing if it has no entry."""
    lines = iter(changelog.splitlines())
    heading = rf"## \[?{re.escape(version)}\]?( .*)?"
    for line in lines:
        if re.fullmatch(heading, line):
            return "\n".join(takewhile(lambda text: not text.startswith("## "), lines)).strip()
    return ""


def compare(old: Path, new: Path) -> list[Change]:
    """Compare two folders with a spec and a package, the gravest change first."""
    changes = [
        *wire_changes(read(old / "openapi.yaml"), read(new / "openapi.yaml")),
        *import_changes(old / "generated", new / "generated"),
    ]
    if not changes and _texts(old) != _texts(new):
        changes.append(Change("patch", "narrative_jobs", "texts or code, with the same API"))
    return sorted(changes, key=lambda change: (-CLASSES.index(change.rank), change.place))


def _texts(folder: Path) -> dict[str, bytes]:
    paths = [folder / "openapi.yaml", *sorted((folder / "generated").rglob("*"))]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and path.suffix != ".pyc"
    }


def problems(root: Path, against: str | None) -> Iterator[str]:
    """Print what changed and what follows, and give what stands in the way of a release."""
    version = read(root / "openapi.yaml").version
    parts(version)
    if against is None:
        print("There is no release to compare with: no tag v*.")
    else:
        with tempfile.TemporaryDirectory() as scratch:
            old = checked_out(against, Path(scratch))
            changes = compare(old, root)
            before = read(old / "openapi.yaml").version
        rank = changes[0].rank if changes else "none"
        wanted = following(before, rank)
        print(f"Since {against} ({before}):")
        print("\n".join(map(str, changes)) or "  nothing")
        print(f"Verdict: {rank}. The version is {wanted} or above; info.version is {version}.")
        if parts(version) < parts(wanted):
            yield f"info.version is {version}, and must be {wanted} or above."
    if not changelog_of(version, (root / "CHANGELOG.md").read_text(encoding="utf-8")):
        yield f"CHANGELOG.md has no entry for {version}."
    run = subprocess.run(
        [root / "scripts" / "regenerate", "--check"], capture_output=True, check=False
    )
    if run.returncode:
        yield "generated/ is stale: run scripts/regenerate."


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/check-version",
        description="Say what changed since the last release, and which version follows.",
        epilog="Exits 0 if all is ready for a release, 1 if something is not, 2 if it cannot tell.",
    )
    parser.add_argument("--against", metavar="REF", help="by default the newest tag v*")
    options = parser.parse_args()
    try:
        found = list(problems(ROOT, options.against or newest_tag()))
    except (UnsupportedError, OSError, ValueError) as error:
        print(f"scripts/check-version: {error}", file=sys.stderr)
        return 2
    for problem in found:
        print(problem, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
