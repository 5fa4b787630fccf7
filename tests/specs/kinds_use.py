"""What must come of the schemas of kinds.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import pytest
from kinds import (
    All,
    AllNswag,
    AllNullEnum,
    AllSizes,
    AllTextOrCountType1,
    AllTextOrCountType2,
    Animal,
    Apple,
    BesideBase,
    BesidePlain,
    BothBase,
    BothByA,
    Branch,
    Cat,
    Dog,
    Narrow,
    Owner,
    Pear,
    Plain,
    Reason,
    ResponseDecodeError,
    Tree,
    Value,
    animal_from_dict,
    kinded_from_dict,
    tree_from_dict,
    value_from_dict,
)

ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
OWNER, PLAIN, BASE = {"name": "n"}, {"size": 1}, {"kind": "k", "size": 1.5}
VALID: dict[str, list[Any]] = {
    "id": [1],
    "said": ["fraud", "other", None],
    "null_ref": [OWNER, None],
    "null_sibling": [OWNER, None],
    "null_enum": ["a", None],
    "null_union": [OWNER, 1, True, None],
    "narrowed": [{"kind": "narrow", "size": 1, "owner": {"size": 1, "extra": True}, "note": None}],
    "both": [{"a": "x", "size": 1}, {"kind": "k", "size": 1}],
    "wrapped": [{"a": "x", "size": 1}, {"kind": "k", "size": 1}],
    "beside": [{"id": 1, "size": 1}, {"id": 1, **BASE}],
    "value": ["x", 1.5, ["x", [1, {"a": ["y"]}]], {"a": {"b": "c"}}, [None], None],
    "grid": [[], [[], [[]]]],
    "tree": [PLAIN, [PLAIN, [PLAIN]], {"tree": [PLAIN, {"tree": PLAIN}]}],
    "ping": [1, ["a", [1, ["b"]]]],
    "sizes": ["1", "10"],
    "ratio": [0.5, 1],
    "titled": ["x", "y"],
    "pair": [[1, "a"]],
    "properties": [
        {"properties": {"a": OWNER, "b": None}, "items": "i", "allOf": "a", "$ref": "#"}
    ],
    "moments": [OWNER, PLAIN, "2024-01-02T03:04:05Z", ID],
    "const_or": [OWNER, "all", ["a"]],
    "animal": [{"type": "cat", "name": "n", "lives": 9}, {"type": "dog", "name": "n"}],
    "fruit": [{"name": "n", "kernels": 3}, {"name": "n", "length": 1.5}],
    "heir": [{"type": "cat", "name": "n", "lives": 9}],
    "kinded": [{"kind": "a1", "a": 1}, {"kind": "a2"}, {"kind": "b", "b": 1}, {"kind": "c"}],
    "untyped": [{"a": [1]}],
    "either_required": [{"a": "x"}],
    "formats": ["::1"],
    "any_of_one": [OWNER],
    "ref_with_type": [OWNER],
    "deep_ref": [{"deep": 1}],
    "empty_parts": [1],
    "number_or": [1, "x", None],
    "free": [{"a": [1]}],
    "maps": [{"a": OWNER, "b": "x", "c": None}],
    "nothing": [None],
    "mixed": ["auto", 1, 2.5, True, None],
    "text_or_count": ["a", 1],
    "drf": ["a1", "", "x", None],
    "rates": [1.5],
    "nswag": [1],
    "flag": [True],
    "whole": [0, 1.5],
    "version": ["1.5", "beta"],
    "unlisted": ["x"],
    "shapes": [{"a": 1}],
    "exactly": [{"a": [1]}],
    "typed_choice": ["2024-01-02", 1, None],
    "typed_later": ["2024-01-02"],
    "only_null": [None],
    "stop": ["x", ["x"]],
    "fruit_or_kind": [{"kind": "b", "b": 1}, {"size": 1}],
    "or_null": [PLAIN, None],
    "empty": ["x", [1]],
    "empty_fields": [{"a": 1}],
    "empty_items": [[1, "a"]],
}
for key, values in VALID.items():
    for value in values:
        read = All.from_dict({key: value}, strict=True)
        assert read.to_dict() == {key: value}, (key, value)
        assert getattr(read, key) is not None or value is None, (key, value)
names = {field.name for field in attrs.fields(All)} - {"additional_properties", "_nulls"}
assert set(VALID) == names, "each field has its payloads"

INVALID: dict[str, Any] = {
    "id": "1",
    "narrowed": {"kind": "narrow"},
    "beside": {"size": 1},
    "both": {"a": "x"},
    "value": {"a": True},
    "grid": [1],
    "tree": [1],
    "ping": [[1.5]],
    "titled": "z",
    "pair": [1.5],
    "animal": {"type": "cow", "name": "n"},
    "heir": {"type": "cat"},
    "maps": {"a": 1},
    "text_or_count": 1.5,
    "typed_choice": "x",
    "only_null": "x",
}
for key, value in INVALID.items():
    with pytest.raises(ResponseDecodeError, match=f"^{key}"):
        All.from_dict({key: value}, strict=True)
    assert All.from_dict({key: value}).to_dict() == {key: value}

one = All.from_dict({key: values[0] for key, values in VALID.items()}, strict=True)
assert (one.said, one.null_enum, one.sizes) == (Reason.FRAUD, AllNullEnum.A, AllSizes.VALUE_1)
assert isinstance(one.both, BothByA)
assert isinstance(All.from_dict({"wrapped": VALID["wrapped"][1]}).wrapped, BothBase)
assert isinstance(one.beside, BesidePlain)
assert isinstance(All.from_dict({"beside": VALID["beside"][1]}).beside, BesideBase)
assert isinstance(one.narrowed, Narrow)
assert type(one.deep_ref).__name__ == "NarrowAllOf1PropertiesMore"
assert one.nswag is AllNswag.DONE
assert All.__annotations__["drf"] == "Kind | AllDrfType2 | str | None"
size: int = one.narrowed.size
day: datetime.date | int | None = one.typed_choice
assert isinstance(day, datetime.date)
count: AllTextOrCountType1 | str | AllTextOrCountType2 | int | None = one.text_or_count
assert one.narrowed.owner is not None
extra: bool | None = one.narrowed.owner.extra
animal: Animal = animal_from_dict(VALID["animal"][0])
assert isinstance(animal, Cat)
assert isinstance(animal_from_dict(VALID["animal"][1]), Dog)
assert [type(kinded_from_dict(kinded)).__name__ for kinded in VALID["kinded"]] == [
    *("KindA", "KindA", "KindB", "KindC"),
]
deep: Value = value_from_dict([None, "x"])
assert deep == [None, "x"]
tree: Tree = tree_from_dict({"tree": [PLAIN]})
assert tree == Branch(tree=[Plain(size=1)])
assert isinstance(one.fruit, Apple)
assert isinstance(All.from_dict({"fruit": VALID["fruit"][1]}).fruit, Pear)
assert one.null_ref == Owner(name="n")
assert "said: Why. Deprecated." in (All.__doc__ or "")
print("all is well")
