"""A member of a union that cannot be made: it goes with what needs it, each with its cause."""

from __future__ import annotations

import member_of_union_dropped_trips as package
from member_of_union_dropped_trips import Best, Client, Good, Heir, Owner

assert Good.from_dict({"y": "a"}).y == "a"
assert Best.from_dict({"z": "a"}).z == "a"
assert not hasattr(package.models, "Thing")
assert isinstance(Owner.from_dict({"base": {"kind": "Heir", "h": "a"}}).base, Heir)
assert not hasattr(Client, "get_thing")
said = " ".join((package.__doc__ or "").split())
cause = "because of Bad.x: #/components/schemas/Missing leads nowhere in this document"
assert "- Bad.x: #/components/schemas/Missing leads nowhere in this document" in said
assert f"- Thing, {cause}" in said
assert "- Listed, because of Lists: #/components/schemas/Missing leads nowhere" in said
assert f"- GET /things/{{id}}, because of Thing, {cause}" in said
print("all is well")
