"""A property named properties: a field; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from property_named_properties import Shape

payload = {"kind": "box", "properties": {"a": "b"}}
shape = Shape.from_dict(payload, strict=True)
properties: dict[str, str] | None = shape.properties
assert properties == {"a": "b"}
assert shape.to_dict() == payload
print("all is well")
