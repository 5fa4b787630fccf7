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
        All.from_dict(wrong)
    assert caught.value.path == path, (caught.value.path, path)
print("all is well")
