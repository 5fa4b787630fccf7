"""What must come of the objects of models.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import pytest
from models import All, Leaf, Numbers, ResponseDecodeError, Tree, Words

ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
TREE: dict[str, Any] = {
    "name": "root",
    "children": [{"name": "leaf", "parent": {"name": "x"}}],
    "by": {"k": {"name": "v"}},
    "parent": None,
}
SENT: dict[str, Any] = {
    "leaf": {"id": ID, "note": "n", "own": "o", "middle": 1, "mixed": True, "beside": "b"},
    "tree": TREE,
    "ping": {"pong": {"ping": {}, "pings": [{"pong": {"ping": {}}}]}},
    "words": "two-words",
    "numbers": -1,
    "word": None,
    "maybe_word": "unheard of",
    "words_list": ["", "日本"],
    "one": 1,
    "yes": True,
    "text": 'it\'s "quoted" \\ back',
    "nothing": None,
    "titled": {"x": 1},
    "dict": {"a": TREE},
    "closed": {"a": "b", "more": 1},
    "typed_rest": {"a": "b", "day": "2024-01-02"},
    "aliased": TREE,
    "with_sibling": TREE,
    "wrapped": TREE,
    "read_only": "r",
    "old": "o",
    "defaults": {"i": 1, "l": []},
    "binary": "AA==",
    "odd": "?",
    "big": 2**63,
    "any": [1],
    "always": {},
    "whatever": [{}],
    "tuple": [1, "a"],
}
found = All.from_dict(SENT)
assert found.to_dict() == SENT
assert found.leaf == Leaf(id=UUID(ID), note="n", own="o", middle=1, mixed=True, beside="b")
assert isinstance(found.aliased, Tree)
assert found.tree is not None
assert found.tree.children is not None
assert found.tree.children[0].parent == Tree(name="x")
assert found.words is Words.TWO_WORDS_2
assert found.numbers is Numbers.VALUE_NEGATIVE_1
assert found.maybe_word == "unheard of"
assert found.typed_rest is not None
assert found.typed_rest.additional_properties == {"day": datetime.date(2024, 1, 2)}
assert found.closed is not None
assert found.closed.additional_properties == {"more": 1}
assert found.defaults is not None
assert found.defaults.s is None, "a default is the server's business"
assert len({member.name for member in Words}) == len(Words) == 19
mistakes: dict[str, dict[str, Any]] = {
    "leaf.own": {"leaf": {"id": ID, "note": "n"}},
    "one": {"one": True},
    "dict.a.children[0].name": {"dict": {"a": {"name": "x", "children": [{}]}}},
    "typed_rest.day": {"typed_rest": {"day": "soon"}},
    "ping.pong.pings[0].pong.ping": {"ping": {"pong": {"ping": {}, "pings": [{"pong": {}}]}}},
}
for path, wrong in mistakes.items():
    with pytest.raises(ResponseDecodeError) as caught:
        All.from_dict(wrong, strict=True)
    assert caught.value.path == path, (caught.value.path, path)
    assert caught.value.payload is wrong
    assert All.from_dict(wrong).to_dict() == wrong

lenient = All.from_dict(
    {
        "one": 2,
        "words_list": ["1st", 1],
        "dict": {"a": {"name": "x", "children": [{}]}},
        "typed_rest": {"a": 1, "day": "2024-01-02", "night": "soon", "none": None},
        "ping": {"pong": {"ping": {}, "pings": [{"pong": {}}]}},
    }
)
assert (lenient.one, lenient.words_list) == (None, None), "an odd item makes the field odd"
assert lenient.additional_properties == {"one": 2, "words_list": ["1st", 1]}
assert lenient.dict_ == {"a": Tree(name="x", additional_properties={"children": [{}]})}
assert lenient.typed_rest is not None
assert lenient.typed_rest.a is None
assert lenient.typed_rest.additional_properties == {
    "a": 1,
    "day": datetime.date(2024, 1, 2),
    "night": "soon",
    "none": None,
}
assert lenient.ping is not None
assert lenient.ping.pong is not None
assert lenient.ping.pong.pings is not None
assert lenient.ping.pong.pings[0].additional_properties == {"pong": {}}, "it lacks what it needs"

tree: dict[str, Any] = {"name": "leaf", "parent": 0}
for _ in range(60):  # Each level is odd in one field. To read a level twice would take for ever.
    tree = {"name": "x", "children": [tree, tree | {"by": 1}][:1], "parent": 0, "by": []}
assert Tree.from_dict(tree).to_dict() == tree

deep: dict[str, Any] = {"name": "leaf"}
for _ in range(5000):
    deep = {"name": "x", "parent": deep}
read = Tree.from_dict(deep)
for _ in range(50):
    assert read.parent is not None
    read = read.parent
print("all is well")
