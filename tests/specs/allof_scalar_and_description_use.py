"""`allOf` of a scalar and a description: an integer with that description."""

from __future__ import annotations

from allof_scalar_and_description import Thing

thing = Thing.from_dict({"created_by": 5}, strict=True)
created_by: int | None = thing.created_by
assert created_by == 5
assert "created_by: Who made it." in (Thing.__doc__ or "")
print("all is well")
