"""What the package made of zoo.yaml does; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from stand_in import Answer, Request, Server
from zoo import (
    Cat,
    Client,
    Dog,
    Egg,
    EggGoneBadError,
    IsNone,
    Kind,
    NotFoundError,
    Size,
    models,
)
from zoo.models import Client as ClientModel

CAT: dict[str, Any] = {"kind": "cat", "name": "Tom", "from": None, "size": 7}
DOG: dict[str, Any] = {"kind": "Dog", "name": "Rex", "from": "2020-02-29", "extra": "x"}

answers = [
    Answer(200, [{**CAT, "friends": [DOG, CAT]}, {**DOG, "parent": DOG, "grid": [[1, None]]}]),
    Answer(201, b"5"),
    Answer(202),
    Answer(204),
    Answer(200, {"a": 1.5}),
    Answer(404, {"detail": "none such", "args": "mine"}),
    Answer(200, [{"kind": "cow", "name": "x", "from": None}]),
]
with (
    Server(lambda _: answers.pop(0)) as server,
    Client("token", base_url=server.url, max_retries=0) as client,
):
    cat, dog = client.list_animals(
        class_="a/b",
        list_=[1, 2],
        joined=["x", "y"],
        since=datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
        is_tame=False,
        kind=Kind.A_B,
        x_trace_id="t",
    )
    assert isinstance(cat, Cat)
    assert isinstance(dog, Dog)
    assert [type(friend) for friend in cat.friends or []] == [Dog, Cat]
    assert (cat.size, dog.grid) == (7, [[1, None]])
    assert dog.parent is not None
    assert dog.parent.additional_properties == {"extra": "x"}
    assert dog.parent.from_ == datetime.date(2020, 2, 29)
    assert cat.to_dict() == {**CAT, "friends": [DOG, CAT]}
    tom = Cat(name="Tom", from_=None, size=Size.VALUE_10, is_none=IsNone(a="b"))
    assert client.close_(body=tom) == 5
    assert client.close_(body=tom) is None
    client.delete_animals_animal_id_day("../x y", datetime.date(2020, 1, 2))
    assert client.path_argument_(7, "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c", body={"a": 1}) == {
        "a": 1.5
    }
    with pytest.raises(NotFoundError) as caught:
        client.list_animals(class_="x")
    assert (caught.value.detail, caught.value.args) == ("none such", (str(caught.value),))
    with pytest.raises(ValueError, match=r"\[0\]\.kind: expected one of 'cat', 'Dog', got 'cow'"):
        client.list_animals(class_="x")
    seen = [(request.method, request.path) for request in server.requests]
    eggs = {1: "hatched", 2: "gone-bad"}

    def look(request: Request) -> Answer:
        number = int(request.path.partition("?")[0].rsplit("/", 1)[-1])
        return Answer(200, {"number": number, "stage": eggs[number], "succeeded": 3})

    with Server(look) as nest, Client("token", base_url=nest.url) as watcher:
        egg = watcher.wait_for_egg("a b", 1, closely=True)
        assert (egg.number, egg.succeeded, egg.raise_for_state) == (1, 3, None)
        assert egg == Egg(number=1, stage="hatched", succeeded=3)
        assert not hasattr(egg, "is_final")  # Fields of an egg have the names of what it would say.
        with pytest.raises(EggGoneBadError, match=r"egg 2 ended as gone-bad"):
            watcher.wait_for_egg("a b", 2, closely=True)
        ends = watcher.wait_for_eggs("a b", [1, 2], closely=False)
        assert {egg.number: egg.stage for egg in ends} == eggs
        assert nest.requests[0].path == "/parks/a%20b/eggs/1?closely=true"
    posted = server.requests[1]
    patched = server.requests[4]
    assert posted.headers["X-Key"] == "token"

assert seen[:5] == [
    (
        "GET",
        "/animals?class=a%2Fb&list=1&list=2&joined=x%2Cy&since=2020-01-02T00%3A00%3A00Z"
        "&is-tame=false&kind=a-b",
    ),
    ("POST", "/animals"),
    ("POST", "/animals"),
    ("DELETE", "/animals/..%2Fx%20y/2020-01-02"),
    ("PATCH", "/animals/7/2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"),
], seen
assert json.loads(posted.body) == {
    "kind": "cat",
    "name": "Tom",
    "from": None,
    "size": 10,
    "IsNone": {"a": "b"},
}
assert posted.headers["Content-Type"] == "application/json"
assert patched.headers["Content-Type"] == "application/merge-patch+json"
assert [kind.value for kind in Kind] == ["furry", "a-b", "a b", "1st", "", "ümlaut", "None"]
assert models.Client is ClientModel
assert ClientModel.from_dict({"Response": "x"}).response == "x"
assert str(client.base_url) == server.url
print("all is well")
