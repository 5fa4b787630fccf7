"""`allOf` of one reference to a nullable schema: that schema, or null."""

from __future__ import annotations

from nullable_ref_in_allof import Owner, Reason, Thing

thing = Thing.from_dict({"reason": "fraud", "owner": {"name": "n"}}, strict=True)
reason: Reason | str | None = thing.reason
owner: Owner | None = thing.owner
assert reason is Reason.FRAUD
assert owner == Owner(name="n")
nothing = Thing.from_dict({"reason": None, "owner": None}, strict=True)
assert nothing.to_dict() == {"reason": None, "owner": None}
print("all is well")
