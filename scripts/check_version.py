"""Say what changed since a release, and which version follows. `scripts/check-version --help`."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import contract
import griffe
from contract import Promise
from contract_reader import read
from generator.document import UnsupportedError
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).resolve().parent.parent
POSITIONAL = griffe.ParameterKind.positional_or_keyword


def rank_of(change: contract.Change) -> str:
    """Return what a change does to those who rely on the old: `major` or `minor`."""
    is_asked = change.sort in {"parameter", "body", "argument"} or " body" in change.place
    is_more = change.new is not None
    if change.fact == "type":
        is_harmless = is_asked and takes_all(str(change.old), str(change.new))
    elif change.fact == "number" and change.sort == "server":
        is_harmless = "1" not in (change.old, change.new)  # The first is the default.
    elif change.fact == "default" or change.sort == "sdk":
        is_harmless = change.old is None  # It is told, at last.
    elif change.fact in ("absent", "null"):
        is_harmless = is_asked and is_more
    elif change.is_listed:
        is_harmless = is_more
    else:
        is_harmless = change.fact == "deprecated" or (not change.fact and change.new == "")
    return "minor" if is_harmless else "major"


def takes_all(old: str, new: str) -> bool:
    """Whether what takes a new type takes all that it took: a union may have grown."""
    # Literal["a", "b"] is one of two.
    texts = [re.sub(r"Literal\[(.*?)\]", lambda m: m[1].replace(",", " |"), t) for t in (old, new)]
    had, has = (set(re.split(r" or | \| (?![^\[\]]*\])", text)) for text in texts)
    return had <= has


def imported(module: griffe.Object | griffe.Alias) -> dict[str, Promise]:
    """Return the public names, what they have, and what functions take."""
    found: dict[str, Promise] = {}
    for given in module.members.values():
        if not isinstance(given, griffe.Alias) or not given.target_path.startswith(module.path):
            continue
        item, path = given.final_target, given.path
        found |= {} if item.is_module else promised(path, item)
        for key, one in item.all_members.items() if item.is_class else []:
            member = one.final_target if isinstance(one, griffe.Alias) else one
            if key == "__init__":  # The class itself tells what it is.
                found = promised(path, member) | found
            elif not key.startswith("_"):
                found |= promised(f"{path}.{key}", member)
    return found


def promised(path: str, one: Any) -> dict[str, Promise]:
    """Return what a name promises, and each of its arguments."""
    if one.is_class:
        bases = [str(base.canonical_path) for each in [one, *one.mro()] for base in each.bases]
        facts = {f"base {base.rpartition('.')[2]}": "" for base in bases if "._" not in base}
        return {path: Promise("name", facts)}
    if one.is_attribute and str(one.annotation) == "TypeAlias":
        members = words(one.value).split(" | ")
        return {path: Promise("name", {f"member {member}": "" for member in members})}
    if one.is_attribute:
        is_of_model = one.parent.is_class and ".models." in one.path
        is_field = is_of_model and "property" not in one.labels
        facts = {"type": words(one.annotation)}
        facts |= {"absent": ""} if is_field and one.value is not None else {}
        return {path: Promise("field" if is_field else "name", facts)}
    found = {path: Promise("name", {"type": words(one.returns)})}
    given = [argument for argument in one.parameters if argument.name not in {"self", "cls"}]
    for number, argument in enumerate(given):
        facts = {"type": words(argument.annotation), "default": str(argument.default)}
        facts |= {"number": str(number)} if argument.kind is POSITIONAL else {}
        facts |= {} if argument.required else {"absent": ""}
        found[f"{path}({argument.name})"] = Promise("argument", facts)
    return found


def words(annotation: str | griffe.Expr | None) -> str:
    """Write an annotation down with the last names of what it names: `Job` for `models.Job`.

    What a private name stands for is written out: nobody else can name it.
    """
    text = ""
    for part in annotation.iterate() if isinstance(annotation, griffe.Expr) else [annotation]:
        found: Any = None
        if isinstance(part, griffe.ExprName) and isinstance(part.parent, griffe.Object):
            package = part.parent.package
            path = part.canonical_path.removeprefix(f"{package.path}.")
            found = package[path] if path.startswith("_") else None
        is_alias = str(getattr(found, "annotation", "")) == "TypeAlias"
        text += words(found.value) if is_alias else str(part or "")
    return re.sub(r"\w+\.", "", text)


def entries(changelog: str) -> dict[str, str]:
    """Return what a changelog says of each version, and of what is Unreleased."""
    headings = re.split(r"^## (\S+).*$", changelog, flags=re.MULTILINE)[1:]
    return dict(zip(headings[::2], map(str.strip, headings[1::2]), strict=True))


def releases() -> dict[str, str]:
    """Return the commit of each release, the newest first.

    A release is the commit that gave the changelog its heading (and info.version its value, as
    scripts/release does both), tag or not.
    """
    is_shallow = git("rev-parse", "--is-shallow-repository").strip() == "true"
    # What the oldest commit of a shallow clone has may have been there long before it.
    unknown = git("rev-list", "--max-parents=0", "HEAD").split() if is_shallow else []
    found: dict[str, str] = {}
    for version in entries(git("show", "HEAD:CHANGELOG.md", may_fail=True)):
        of_heading = "--reverse", "--format=%H", f"-S## {version}", "--", "CHANGELOG.md"
        found[version] = next(iter(git("log", *of_heading).split()), "")
    found.pop("Unreleased", None)
    if lost := [version for version, commit in found.items() if commit in ("", *unknown)]:
        raise UnsupportedError(
            f"CHANGELOG.md names {', '.join(lost)}, and the history lacks what released it: fetch "
            "the rest, with git fetch --unshallow (--tags, for the tags too)"
        )
    return found


def git(*arguments: str, may_fail: bool = False) -> str:
    """Return what git prints. It is out of the reach of Ctrl-C, which would stop it halfway."""
    run = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, start_new_session=True
    )
    if run.returncode and not may_fail:
        raise UnsupportedError(run.stderr.strip())
    return run.stdout


def version_of(document: str) -> str:
    """Return the version that a spec says of itself, where hatch finds it too."""
    found = re.search(r"^  version: (\S+)$", document, re.MULTILINE)
    return found[1] if found else ""


def following(version: str, rank: str) -> str:
    """Return the version that follows, by Semantic Versioning."""
    major, minor, patch = parts(version)
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


def compare(old: Path, new: Path) -> list[tuple[str, str]]:
    """Compare two folders with a spec and a package: the class of each change, and its text.

    The gravest comes first, which happens to be the order of the alphabet.
    """
    load = partial(griffe.load, "narrative_jobs", allow_inspection=False, resolve_aliases=True)
    packages = [load(search_paths=[folder / "generated"]) for folder in (old, new)]
    wire = [*contract.compare(*(read(one / "openapi.yaml").promises for one in (old, new)))]
    told = {_field(one.place) for one in wire if one.fact}
    names = [
        one
        for one in contract.compare(*map(imported, packages))
        if not (one.sort == "field" and one.fact and _field(one.place) in told)
    ]
    changes = sorted((rank_of(one), str(one)) for one in [*wire, *names])
    if not changes and _texts(old) != _texts(new):
        changes.append(("patch", "narrative_jobs: texts or code, with the same API"))
    return changes


def _field(place: str) -> str:
    """Return the name of a field as it is both on the wire and in Python."""
    return re.sub(r"\W|_", "", place.rpartition(".")[2]).lower()


def _texts(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("generated/**/*.py")}


def problems(against: str | None = None) -> Iterator[str]:
    """Print what changed and what follows, and yield what stands in the way of a release."""
    version = version_of((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    parts(version)
    against = against or next(iter(releases().values()), None)
    if against is None:
        print("There is no release to compare with: CHANGELOG.md names none.")
    else:
        with tempfile.TemporaryDirectory() as scratch:
            old, archive = Path(scratch), f"{scratch}/old.tar"
            git("archive", f"--output={archive}", against, "openapi.yaml", "generated")
            shutil.unpack_archive(archive, old, filter="data")
            changes = compare(old, ROOT)
            before = version_of((old / "openapi.yaml").read_text(encoding="utf-8"))
        rank = changes[0][0] if changes else "none"
        wanted = following(before, rank)
        print(f"Since {before} ({against[:12]}):")
        print("\n".join(f"  {rank:<6} {text}" for rank, text in changes) or "  nothing")
        print(f"Verdict: {rank}. The version is {wanted} or above; info.version is {version}.")
        if parts(version) < parts(wanted):
            yield f"info.version is {version}, and must be {wanted} or above."
    if not entries((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")).get(version):
        yield f"CHANGELOG.md has no entry for {version}."


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/check-version",
        description="Say what changed since the last release, and which version follows.",
        epilog="Exits 0 if all is ready for a release, 1 if something is not, 2 if it cannot tell.",
    )
    parser.add_argument("--against", metavar="REF", help="by default the newest release")
    try:
        found = list(problems(parser.parse_args().against))
        drift = f"{ROOT}/scripts/regenerate", "--check"
        if subprocess.run(drift, stdout=subprocess.DEVNULL).returncode:
            found.append("generated/ is stale: run scripts/regenerate.")
    except (UnsupportedError, OSError, ValueError, YAMLError) as error:
        print(f"scripts/check-version: {error}", file=sys.stderr)
        return 2
    for problem in found:
        print(problem, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
