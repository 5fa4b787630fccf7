"""Say how the vendor's OpenAPI document differs from openapi.yaml, for what that captures."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from attrs import asdict, define
from contract import Contract, Promise, plain, read
from generator.document import UnsupportedError
from ruamel.yaml.error import YAMLError

OURS = Path(__file__).resolve().parent.parent / "openapi.yaml"


@define(frozen=True)
class Difference:
    """One thing that the two documents see differently."""

    operation: str
    place: str
    what: str
    deliberate: str | None = None
    """Why openapi.yaml departs here on purpose."""

    def __str__(self) -> str:
        return f"{self.operation} {self.place}".rstrip() + f": {self.what}"


def differences(ours: Contract, theirs: Contract) -> Iterator[Difference]:
    """Compare the operations that we capture, in both directions."""
    mine, other = (
        {plain(place): promise for place, promise in contract.promises.items()}
        for contract in (ours, theirs)
    )
    for operation in (p for p, promise in ours.promises.items() if promise.sort == "operation"):
        here = plain(operation)
        if here not in other:
            yield Difference(operation, "", "the vendor's document has no such operation")
            continue
        for place in dict.fromkeys([*mine, *other]):
            if place.startswith(f"{here} ") and not _is_within_one(place, mine, other):
                short = place.removeprefix(here).strip()
                for what, why in _at(place, mine, other, ours.departures):
                    yield Difference(operation, short, what, why)


def _above(place: str) -> Iterator[str]:
    for stop in sorted((m.start() for m in re.finditer(r"[.\[{]", place)), reverse=True):
        yield place[:stop]


def _is_within_one(place: str, mine: Mapping[str, Promise], other: Mapping[str, Promise]) -> bool:
    """Whether a place lies in one that only one of the two has, which says it all."""
    return any((above in mine) is not (above in other) for above in _above(place))


def _at(
    place: str,
    mine: Mapping[str, Promise],
    other: Mapping[str, Promise],
    general: Mapping[str, str],
) -> Iterator[tuple[str, str | None]]:
    """Say what differs at a place, and why if it does so on purpose."""
    our, their = mine.get(place), other.get(place)
    shapes = [mine[p].departures.get("shape") for p in [place, *_above(place)] if p in mine]
    shape = next((why for why in shapes if why), None)
    if our is None or their is None:
        if our is None:
            yield "only the vendor's document has it", None
        else:
            yield "only openapi.yaml has it", our.departures.get("field") or shape
        return
    known = {**general, **our.departures}
    if our.required is not their.required:
        said = "required" if their.required else "optional"
        why = our.departures.get("absent") if their.required else None
        yield f"the vendor's document calls it {said}", why
    if "null" in our.types - their.types:
        is_general = not our.required or our.departures.get("null")
        yield "may be null in openapi.yaml alone", known.get("null") if is_general else None
    if "null" in their.types - our.types:
        yield "may be null in the vendor's document alone", None
    types = [" or ".join(sorted(one.types - {"null"})) or "nothing" for one in (our, their)]
    if types[0] != types[1]:
        yield f"is {types[0]} in openapi.yaml, {types[1]} in the vendor's document", shape
    for value in sorted(their.values - our.values):
        yield f"only the vendor's document lists {value}", None
    for value in sorted(our.values - their.values):
        yield f"only openapi.yaml lists {value}", None if their.values else known.get("open")
    if our.default != their.default:
        yield f"the default is {our.default} in openapi.yaml, {their.default} in the other", None


def not_captured(ours: Contract, theirs: Contract) -> list[str]:
    """Name the vendor's other operations with a tag of ours."""
    known = {plain(place) for place in ours.promises}
    tags = {tag.lower() for tag in ours.tags}
    found = {p for tag, places in theirs.tags.items() if tag.lower() in tags for p in places}
    return sorted(place for place in found if plain(place) not in known)


def mistakes(ours: Contract, theirs: Contract) -> list[str]:
    """Give the vendor's mistakes in what we capture."""
    known = [plain(p) for p, promise in ours.promises.items() if promise.sort == "operation"]
    return [m for m in theirs.mistakes if any(plain(m).startswith(f"{p} ") for p in known)]


def report(found: list[Difference], wrong: list[str], others: list[str]) -> None:
    """Print it all for people."""
    new = [one for one in found if not one.deliberate]
    reasons = dict.fromkeys(one.deliberate for one in found if one.deliberate)
    departures = [
        line
        for reason in reasons
        for line in (reason, *(f"  {one}" for one in found if one.deliberate == reason))
    ]
    for title, lines in (
        ("New differences", new),
        ("Departures that openapi.yaml records, and why", departures),
        ("Mistakes in the vendor's document", wrong),
        ("Operations of the same tag that openapi.yaml does not capture", others),
    ):
        if lines:
            print(f"{title}:", *(f"  {line}" for line in lines), "", sep="\n")
    print(f"{len(new)} new, {len(found) - len(new)} deliberate, {len(wrong)} mistakes.")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/compare-spec",
        description=__doc__,
        epilog="Exits 0 if nothing new differs, 1 if something does, 2 if it cannot be read.",
    )
    parser.add_argument("document", metavar="FILE_OR_URL", help="the vendor's document")
    parser.add_argument("--json", action="store_true", help="print JSON, for a scheduled job")
    options = parser.parse_args()
    try:
        ours = read(OURS)
        theirs = read(options.document, like=ours)
        found = list(differences(ours, theirs))
    except (UnsupportedError, OSError, ValueError, YAMLError, httpx.HTTPError) as error:
        print(f"{options.document}: {error}", file=sys.stderr)
        return 2
    wrong, others = mistakes(ours, theirs), not_captured(ours, theirs)
    if options.json:
        what: dict[str, Any] = {
            "differences": [asdict(one) for one in found],
            "mistakes": wrong,
            "not_captured": others,
        }
        print(json.dumps(what, indent=2))
    else:
        report(found, wrong, others)
    return int(any(not one.deliberate for one in found))


if __name__ == "__main__":
    sys.exit(main())
