"""A described inline member of a union: two classes; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from described_inline_union_member import Other, ThingType1, thing_from_dict

assert thing_from_dict({"options": {"a": 1}}) == ThingType1(options={"a": 1})
assert thing_from_dict({"size": 5}) == Other(size=5)
assert (ThingType1.__doc__ or "").startswith("Fails, for the text")
print("all is well")
