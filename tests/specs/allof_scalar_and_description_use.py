"""`allOf` of a scalar and a description or fewer values: an integer with that beside it."""

from __future__ import annotations

from allof_scalar_and_description import Thing, ThingLevel, ThingLow

thing = Thing.from_dict({"created_by": 5}, strict=True)
created_by: int | None = thing.created_by
assert created_by == 5
assert "created_by: Who made it." in (Thing.__doc__ or "")
assert {one.name: one.value for one in ThingLevel} == {"TWO": 2, "ONE": 1}
assert {one.name: one.value for one in ThingLow} == {"MIDDLE": 2, "TOP": 3}
print("all is well")
