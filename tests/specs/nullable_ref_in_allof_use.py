"""`allOf` of one reference to a nullable schema: that schema, or null; and `nullable` beside it."""

from __future__ import annotations

from nullable_ref_in_allof import Beside, Owner, Plain, Reason, Thing

thing = Thing.from_dict({"reason": "fraud", "owner": {"name": "n"}}, strict=True)
reason: Reason | str | None = thing.reason
owner: Owner | None = thing.owner
assert reason is Reason.FRAUD
assert owner == Owner(name="n")
sent = dict.fromkeys(("typed", "named", "either"))
assert Beside.from_dict(sent, strict=True).to_dict() == sent
typed: Plain | None = Beside.from_dict({**sent, "typed": {"name": "n"}}).typed
assert typed == Plain(name="n")
nothing = Thing.from_dict({"reason": None, "owner": None}, strict=True)
assert nothing.to_dict() == {"reason": None, "owner": None}
print("all is well")
