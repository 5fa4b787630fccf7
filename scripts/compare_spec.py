"""Say how the vendor's OpenAPI document differs from openapi.yaml, for what that captures.

What is said of a place is what openapi.yaml would have to change to say what the vendor's says.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from contract import Change, Promise, compare
from contract_reader import Contract, departures, read
from generator.document import UnsupportedError
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "scripts" / "known-differences.json"


def differences(ours: Contract, theirs: Contract) -> Iterator[tuple[str, str | None]]:
    """Yield what differs in what we capture, and why if it does so on purpose."""
    for change in compare(ours.promises, theirs.promises):
        is_another = change.sort == "operation" and change.new == "" and not change.fact
        if change.sort != "sdk" and not is_another:
            yield str(change), reason(change, ours, theirs.promises.get(change.place))


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
    """Name the vendor's other operations on what ours are about, as their paths say: `jobs`."""
    operations = [
        {place for place, promise in one.promises.items() if promise.sort == "operation"}
        for one in (ours, theirs)
    ]
    subjects = {step for place in operations[0] for step in re.findall(r"/([^/{ ]+)", place)}
    others = sorted(operations[1] - operations[0])
    return [place for place in others if subjects & set(re.findall(r"/([^/{ ]+)", place))]


def report(new: dict[str, list[str]], deliberate: dict[str, str], known: int) -> None:
    """Print it all for people."""
    for key, lines in new.items():
        if lines:
            print(f"New {key}:", *(f"  {line}" for line in lines), "", sep="\n")
    if deliberate:
        print("Departures that openapi.yaml records, and why:")
        for why in dict.fromkeys(deliberate.values()):
            lines = [line for line, its in deliberate.items() if its == why]
            print(f"  {why}", *(f"    {line}" for line in lines), sep="\n")
        print()
    print(f"{sum(map(len, new.values()))} new, {len(deliberate)} deliberate, {known} known.")


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
        known = json.loads(KNOWN.read_text("utf-8")) if KNOWN.exists() else {}
    except (UnsupportedError, OSError, ValueError, YAMLError, httpx.HTTPError) as error:
        print(f"{place}: {error}", file=sys.stderr)
        return 2
    all_of_them = dict(differences(ours, theirs))
    deliberate = {line: why for line, why in all_of_them.items() if why}
    found = {
        "differences": [line for line, why in all_of_them.items() if not why],
        "mistakes in the vendor's document": list(theirs.mistakes),
        "operations that openapi.yaml does not capture": not_captured(ours, theirs),
    }
    if options.accept:
        KNOWN.write_text(f"{json.dumps(found, indent=2)}\n", encoding="utf-8")
        known = found
    new = {
        key: [one for one in some if one not in known.get(key, [])] for key, some in found.items()
    }
    report(new, deliberate, sum(map(len, found.values())) - sum(map(len, new.values())))
    return int(any(new.values()))


if __name__ == "__main__":
    sys.exit(main())
