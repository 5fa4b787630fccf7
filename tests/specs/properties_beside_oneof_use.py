"""Properties beside oneOf: two classes, each with them; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from properties_beside_oneof import ThingType1, ThingType2, thing_from_dict

assert thing_from_dict({"id": 1, "a": "x"}) == ThingType1(id=1, a="x")
assert thing_from_dict({"id": 1, "b": "x"}) == ThingType2(id=1, b="x")
print("all is well")
