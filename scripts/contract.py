"""What an OpenAPI document promises, in a form in which two documents can be compared.

A promise stands at a place that a person finds: `GET /jobs/{job_id} 200.failures[].message`.
Where a value may be of several types (`oneOf`, `anyOf`), their fields stand side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from attrs import define, field


@define
class Promise:
    """What a document says of one place."""

    sort: str
    """`operation`, `parameter`, `body`, `answer`, `field`, `security`, `server` or `sdk`; of a
    package, `name`, `field` or `argument`.
    """
    facts: dict[str, str] = field(factory=dict[str, str])
    """What it says, by name: `type`, `default`, `absent`, `null`, `value "x"`, `media type x`…"""
    departures: Mapping[str, str] = field(factory=dict[str, str])
    """In what the document departs on purpose from the vendor's, and why."""


class Change(NamedTuple):
    """What one document says at a place and another does not, or says otherwise."""

    place: str
    sort: str
    fact: str
    """Empty where the whole place is gone or new."""
    old: str | None
    new: str | None

    @property
    def is_listed(self) -> bool:
        """Whether a place may have several facts of this kind."""
        return self.fact.startswith(("value ", "media type ", "member ", "base "))

    def __str__(self) -> str:
        """Return the change in words."""
        if self.fact in PHRASES:
            what = PHRASES[self.fact][self.new is None]
        elif self.fact and not self.is_listed:
            what = f"{self.fact} changed from {self.old or 'none'} to {self.new or 'none'}"
        else:
            how = "removed" if self.new is None else "added"
            what = f"{self.new or ''} {self.fact or self.sort} {how}".strip()
            if what.startswith("member ") and how == "added":
                what += ": what came as another one may come as this, and a dict in it as a class"
        return f"{self.place}: {what}"


PHRASES = {
    "absent": ("may now be absent", "is now required"),
    "null": ("may now be null", "is no longer null"),
    "deprecated": ("is now deprecated", "is no longer deprecated"),
}


def compare(old: Mapping[str, Promise], new: Mapping[str, Promise]) -> Iterator[Change]:
    """Yield what changed; of places that came or went, only the topmost."""
    for place in dict.fromkeys([*old, *new]):
        before, after = old.get(place), new.get(place)
        if before and after:
            for fact in sorted(before.facts.keys() | after.facts.keys()):
                values = before.facts.get(fact), after.facts.get(fact)
                if values[0] != values[1]:
                    yield Change(place, before.sort, fact, *values)
        elif not any((above in old) is not (above in new) for above in above(place)):
            if before:
                yield Change(place, before.sort, "", "", None)
            if after:
                is_asked = after.sort in {"parameter", "body", "field", "argument"}
                need = "required" if is_asked and "absent" not in after.facts else ""
                yield Change(place, after.sort, "", None, need)


def above(place: str) -> list[str]:
    """Return the places that a place lies in."""
    return [place[: match.start()] for match in re.finditer(r"[ .(\[{]", place)]
