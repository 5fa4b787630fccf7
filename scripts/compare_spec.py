"""Say how the vendor's OpenAPI document differs from openapi.yaml, for what that captures.

What is said of a place is what openapi.yaml would have to change to say what the vendor's says, or
a mistake in the vendor's document.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from contract import Change, Promise, compare
from contract_reader import PATH_NAME, Contract, departures, read
from linked import UNREADABLE

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "scripts" / "known-differences.json"


def reason(change: Change, ours: Contract, other: Promise | None) -> str | None:
    """Return why openapi.yaml departs here on purpose, if it says so of just this."""
    mine = ours.promises.get(change.place)
    if mine is None or change.new is not None:
        return None
    fact = change.fact or "field"
    if fact.startswith("value ") and other and not any("value " in one for one in other.facts):
        fact = "open"
    of_all = departures(ours.document) if "absent" in mine.facts else {}
    return mine.departures.get(fact) or of_all.get(fact)


def not_captured(ours: Contract, theirs: Contract) -> list[str]:
    """Name the vendor's other paths that begin as one of ours does: with `/jobs`."""
    subjects = {path.split("/")[1] for path in ours.document["paths"]}
    captured = {PATH_NAME.sub("{}", path) for path in ours.document["paths"]}
    others = [one for one in theirs.document["paths"] if PATH_NAME.sub("{}", one) not in captured]
    return [f"{one}: path added" for one in others if {*one.split("/")[1:2]} & subjects]


def report(new: list[str], deliberate: dict[str, str], known: int) -> None:
    """Print it all for people."""
    if new:
        print("New:", *(f"  {line}" for line in new), "", sep="\n")
    if deliberate:
        print("Departures that openapi.yaml records, and why:")
        for why in dict.fromkeys(deliberate.values()):
            lines = [line for line, its in deliberate.items() if its == why]
            print(f"  {why}", *(f"    {line}" for line in lines), sep="\n")
        print()
    print(f"{len(new)} new, {len(deliberate)} deliberate, {known} known.")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/compare-spec",
        description=__doc__,
        epilog="Exits 0 if nothing is new, 1 if something is, 2 if it cannot be read.",
    )
    parser.add_argument("document", metavar="FILE_OR_URL", help="the vendor's document")
    accept = "note what differs now in scripts/known-differences.json"
    parser.add_argument("--accept", action="store_true", help=accept)
    options = parser.parse_args()
    place: str | Path = ROOT / "openapi.yaml"
    try:
        ours = read(place)
        place = options.document
        theirs = read(place, like=ours)
        place = KNOWN
        known: list[str] = json.loads(KNOWN.read_text("utf-8")) if KNOWN.exists() else []
    except UNREADABLE as error:
        print(f"{place}: {error}", file=sys.stderr)
        return 2
    changes = [one for one in compare(ours.promises, theirs.promises) if one.sort != "sdk"]
    reasons = {str(one): reason(one, ours, theirs.promises.get(one.place)) for one in changes}
    deliberate = {line: why for line, why in reasons.items() if why}
    found = [line for line in reasons if line not in deliberate]
    found += [*not_captured(ours, theirs), *theirs.mistakes]
    if options.accept:
        KNOWN.write_text(f"{json.dumps(found, indent=2)}\n", encoding="utf-8")
        known = found
    new = [line for line in found if line not in known]
    report(new, deliberate, len(found) - len(new))
    return int(bool(new))


if __name__ == "__main__":
    sys.exit(main())
