"""What must come of the answers of responses.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import responses
from responses import APIStatusError, Client, Item, NotFoundError, Other, ResponseDecodeError
from stand_in import Answer, Request, Server

ITEM, OTHER = {"id": 1}, {"name": "n"}
ANSWERS: dict[str, Any] = {
    "/array": [ITEM, ITEM],
    "/union": OTHER,
    "/text": "words",
    "/number": 1.5,
    "/nullable": None,
    "/moment": "2024-01-02T03:04:05Z",
    "/enum": "b",
    "/map": {"x": ITEM},
    "/grid": [[1, 2.5], []],
    "/free": {"a": 1},
    "/any": [1, {"b": 2}],
    "/bare": {"a": 1},
    "/inline": {"x": 1},
    "/unwritten": ITEM,
    "/problem": ITEM,
    "/range": 7,
    "/only-default": 8,
    "/two-kinds": 9,
    "/ok": b"<p>deleted</p>",
    "/unsaid": {"made": 1},
    "/vendor": 10,
}
left = [
    Answer(200, ITEM),
    Answer(201, [ITEM]),
    Answer(202),
    Answer(404, OTHER),
    Answer(418, OTHER),
    Answer(200, {"id": "x"}),
]


def answer(request: Request) -> Answer:
    if request.path == "/empty":
        return Answer(200 if request.method == "HEAD" else 204, b"")
    if request.path == "/by-status":
        return left.pop(0)
    found = ANSWERS[request.path]
    text = {"words": b'"words"', "b": b'"b"', "2024-01-02T03:04:05Z": b'"2024-01-02T03:04:05Z"'}
    if found is None:
        return Answer(200, b"null")
    return Answer(206 if request.path == "/range" else 200, text.get(str(found), found))


with (
    Server(answer) as server,
    Client("Bearer token", base_url=server.url, max_retries=0) as client,
):
    items: list[Item] = client.get_array()
    assert items == [Item(id=1), Item(id=1)]
    one: Item | Other | str = client.get_union()
    assert one == Other(name="n")
    assert client.get_text() == "words"
    assert client.get_number() == 1.5
    assert server.requests[-1].headers["Authorization"] == "Bearer token"
    nothing: bool | None = client.get_nullable()
    assert nothing is None
    assert client.get_moment() == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert client.get_enum() == "b"
    assert client.get_map() == {"x": Item(id=1)}
    assert client.get_grid() == [[1, 2.5], []]
    assert client.get_free() == {"a": 1}
    assert client.get_any() == [1, {"b": 2}]
    assert client.get_bare() == {"a": 1}
    client.delete_empty()
    client.head_empty()
    assert client.get_unwritten() == ITEM
    assert client.get_inline().x == 1
    assert client.get_problem() == Item(id=1)
    assert client.get_range() == 7
    assert client.get_only_default() == 8
    assert client.get_two_kinds() == 9
    assert client.with_raw_response.delete_ok().content == b"<p>deleted</p>"
    client.post_unsaid()
    assert client.get_vendor() == 10
    accepts = [request.headers["Accept"] for request in server.requests[-3:]]
    assert accepts == [*["application/json"] * 2, "application/json; version=2, application/json"]
    by_status: Item | list[Item] | None = client.post_by_status()
    assert by_status == Item(id=1)
    assert client.post_by_status() == [Item(id=1)]
    assert client.post_by_status() is None
    with pytest.raises(NotFoundError) as missing:
        client.post_by_status()
    assert (missing.value.body, missing.value.name) == (OTHER, "n")
    with pytest.raises(APIStatusError, match="418"):
        client.post_by_status()
    with pytest.raises(ResponseDecodeError, match="id: expected an integer, got 'x'"):
        client.post_by_status()
said = str(Client.post_unsaid.__doc__).replace("\n        ", "\n")
for kept in ("| a | b |\n|---|---|\n| 1 | 2 |", "1. one\n2. two", "```\nx = 1\ny = 2\n```"):
    assert f"\n\n{kept}\n\n" in said
assert "\n\nTwo kinds \\ of it:\n\n- one\n- two\n" in str(responses.__doc__)
assert str(Client.delete_ok.__doc__).startswith("Call `DELETE /ok`.\n\n")
print("all is well")
