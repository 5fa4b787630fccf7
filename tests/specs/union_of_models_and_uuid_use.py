"""What a union of models and a UUID takes; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from uuid import UUID

from union_of_models_and_uuid import A, B, Thing, thing_from_dict

ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
thing: Thing = thing_from_dict(ID)
assert thing == UUID(ID)
assert thing_from_dict({"a": "x"}) == A(a="x")
assert thing_from_dict({"b": "x"}) == B(b="x")
print("all is well")
