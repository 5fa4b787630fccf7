"""What must come of the types of unions.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import pytest
from stand_in import Answer, Server
from unions import (
    Circle,
    Client,
    Cold,
    Drawer,
    Either,
    First,
    Folder,
    Holder,
    HolderInlineType2,
    Leaf,
    Mapped,
    Paint,
    ResponseDecodeError,
    Second,
    Square,
    Sum,
    Triangle,
    TwoPart,
    Warm,
    entry_from_dict,
    half_from_dict,
    half_numbered_from_dict,
    input_from_dict,
    loose_from_dict,
    mapped_from_dict,
    numbered_from_dict,
    outer_from_dict,
    part_from_dict,
    stream_from_dict,
    tree_from_dict,
    wider_from_dict,
    woods_from_dict,
)

CIRCLE, SQUARE = {"kind": "circle", "radius": 1.5}, {"kind": "box", "side": 2}
SENT: dict[str, Any] = {
    "mapped": SQUARE,
    "implicit": {"kind": "Square", "side": 3, "radius": 4},
    "nested": {"sides": [1, 2]},
    "loose": {"kind": "?", "side": 1},
    "free": {"unheard": "of"},
    "either": [CIRCLE],
    "scalars": "2024-01-02T03:04:05Z",
    "inline": {"b": 2},
    "nullable": None,
    "many": [CIRCLE, SQUARE],
    "by_name": {"x": CIRCLE},
    "tagged_inline": {"kind": "square", "side": 1},
    "node": {"op": "Sum", "terms": [{"op": "Leaf", "value": 1}, {"op": "Sum"}]},
}
answers: list[Any] = [SENT, SENT | {"nested": SQUARE, "free": {"sides": [], "more": 1}}]
with (
    Server(lambda _: Answer(200, answers.pop(0))) as server,
    Client("token", base_url=server.url) as client,
):
    holder, other = client.get_holder(), client.get_holder()

assert isinstance(holder.mapped, Square)
assert isinstance(holder.implicit, Square)
assert isinstance(holder.nested, Triangle)
assert isinstance(other.nested, Square), "by its kind, within the union in the union"
assert isinstance(holder.loose, Square)
assert holder.free == {"unheard": "of"}
assert isinstance(other.free, Triangle), "it knows more of the fields than a mapping"
assert isinstance(holder.either, list)
assert holder.scalars == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
assert isinstance(holder.inline, HolderInlineType2)
many: list[Mapped] | None = holder.many
assert many == [Circle(kind="circle", radius=1.5), Square(kind="box", side=2)]
assert isinstance(holder.tagged_inline, Square)
assert isinstance(holder.node, Sum)
assert holder.node.terms == [Leaf(value=1), Sum()]
assert holder.to_dict() == SENT
mistakes: dict[str, dict[str, Any]] = {
    "mapped.kind": {"mapped": {"kind": "cone"}},
    "many[1].side": {"many": [CIRCLE, {"kind": "box", "side": "x"}]},
    "node.terms[0].value": {"node": {"op": "Sum", "terms": [{"op": "Leaf", "value": None}]}},
    "by_name.x.radius": {"by_name": {"x": {"kind": "circle"}}},
    "scalars": {"scalars": []},
}
for path, wrong in mistakes.items():
    with pytest.raises(ResponseDecodeError) as caught:
        Holder.from_dict(wrong, strict=True)
    assert caught.value.path == path, (caught.value.path, path)
    lenient = Holder.from_dict(wrong)
    assert lenient.to_dict() == wrong

with pytest.raises(ResponseDecodeError, match=r"^kind: expected one of 'circle', 'square', 'box'"):
    mapped_from_dict({"kind": "cone"})
for odd in ({"kind": 1}, {"kind": None}, {}, {"kind": "cone"}):
    lenient = Holder.from_dict({"mapped": odd, "many": [CIRCLE, odd], "by_name": {"x": odd}})
    assert (lenient.mapped, lenient.many, lenient.by_name) == (None, None, None)
    assert lenient.additional_properties["many"] == [CIRCLE, odd]

# Where no member fits in full, that one is taken which has what it needs and the least that is odd.
best = loose_from_dict({"kind": "x", "radius": 1, "sides": "three"})
assert best == Circle(kind="x", radius=1, additional_properties={"sides": "three"})
inner = {"op": "Sum", "terms": [{"op": "Leaf", "value": 1}, {"op": "Root"}]}
lenient = Holder.from_dict({"node": {"op": "Sum", "terms": [inner]}})
assert isinstance(lenient.node, Sum)
assert lenient.node.terms == [Sum(additional_properties={"terms": inner["terms"]})]
either = Either.from_dict({"value": {"a": "x", "b": 1, "c": 2, "d": "y"}}).value
assert isinstance(either, Second), "it finds one field odd, the other two"
assert either.to_dict() == {"a": "x", "b": 1, "c": 2, "d": "y"}
assert isinstance(Either.from_dict({"value": {"a": 1, "d": 2}}).value, First), "it fits in full"
with pytest.raises(ResponseDecodeError, match="value: expected one of several types"):
    Either.from_dict({"value": {"a": "x", "b": 1, "c": 2, "d": "y"}}, strict=True)
assert isinstance(Holder.from_dict({"maybe": {"sides": []}}).maybe, Triangle)
assert Holder.from_dict({"maybe": None}).to_dict() == {"maybe": None}
assert tree_from_dict([1, [2, []]]) == woods_from_dict([1, [2, []]]) == [1, [2, []]]
folder = Folder.from_dict({"up": {"of": {}}, "left": {"of": {}}, "right": 3}, strict=True)
assert isinstance(folder.up, Drawer)
assert isinstance(folder.additional_properties["left"], Drawer)
assert Folder().additional_properties == {}

# A value that an enum lists tells a member; one that none lists is taken all the same.
for sent, kind in (
    ("text", "TextPart"),
    ("image", "ImagePart"),
    (1, "OnePart"),
    (2, "TwoPart"),
    (True, "Yes"),
    (False, "No"),
    ("new", "TextPart"),
    (3, "OnePart"),
):
    part = part_from_dict({"type": sent}, strict=True)
    assert (type(part).__name__, part.to_dict()) == (kind, {"type": sent})
for sent, index in (("text", 7), ("image", 8)):
    outer = part_from_dict({"inner": {"type": sent}})
    assert type(outer).__name__ == f"PartType{index}"
assert isinstance(numbered_from_dict({"type": 2}), TwoPart)
for sent, kind in (("a", "A"), ("b", "B"), ("other", "Other"), ("c", "C"), ("e", "D")):
    assert type(outer_from_dict({"type": sent, "x": "y"})).__name__ == kind
SAID, CALLED = {"type": "message", "role": "user"}, {"type": "call", "name": "f"}
TOLD: list[tuple[Any, Any, str]] = [
    (input_from_dict, SAID, "Said"),
    (input_from_dict, {"type": "message", "role": "assistant"}, "Answered"),
    (input_from_dict, CALLED, "Called"),
    (half_from_dict, CALLED, "Called"),
    (half_from_dict, "x", "str"),
    (half_numbered_from_dict, {"type": 1}, "OnePart"),
    (half_numbered_from_dict, {"type": "text"}, "TextPart"),
    (wider_from_dict, SAID, "Said"),
    (wider_from_dict, {"type": "text"}, "TextPart"),
    (entry_from_dict, CALLED, "Called"),
    (entry_from_dict, [CALLED], "list"),
    (stream_from_dict, {"event": "start", "at": 1}, "Started"),
    (stream_from_dict, {"event": "stop", "at": 1}, "Stopped"),
]
for decode, given, kind in TOLD:
    assert type(decode(given, strict=True)).__name__ == kind, given
ID = "12345678-1234-5678-1234-567812345678"
assert Paint.from_dict({"colour": "red"}).colour is Warm.RED
assert Paint.from_dict({"colour": "blue"}).colour is Cold.BLUE
assert Paint.from_dict({"colour": ID}).colour == UUID(ID)
assert Paint.from_dict({"colour": "green"}).colour == "green"
print("all is well")
