"""A described enum of one value as the tag: that value tells the class."""

from __future__ import annotations

from discriminator_by_described_enum import Ball, Box, thing_from_dict

for payload, kind in (({"type": "box"}, Box), ({"type": "ball"}, Ball)):
    thing = thing_from_dict(payload)
    assert isinstance(thing, kind)
    assert thing.to_dict() == payload
print("all is well")
