"""What the server must see of bodies.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
import json
from uuid import UUID

from bodies import (
    Account,
    Client,
    Order,
    OrderLinesItem,
    OrderState,
    Refund,
    SendInlineBody,
)
from stand_in import Answer, Server

ID = UUID("2a5b9ad7-dc8f-47bb-8e62-843a38f8054c")
order = Order(
    id=ID,
    when=datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
    note=None,
    lines=[OrderLinesItem(count=2), OrderLinesItem()],
    state=OrderState.DONE,
)
ORDER = {
    "id": str(ID),
    "when": "2024-01-02T00:00:00Z",
    "note": None,
    "lines": [{"count": 2}, {}],
    "state": "done",
}

with Server(lambda _: Answer(204)) as server, Client("token", base_url=server.url) as client:
    client.send_object(body=order)
    client.send_inline(body=SendInlineBody(a=1, body="b"))
    client.send_array(body=[order, order])
    client.send_union(body=Refund(amount=1.5))
    client.send_nullable(body=order)
    client.send_nullable()
    client.send_optional()
    client.send_optional(body=Refund(amount=2))
    client.send_free(body={"a": [1, {"b": None}]})
    client.send_any(body=[order, {"x": 1}, None])
    client.send_text(body="grün")
    client.send_map(body={"a": datetime.date(2024, 1, 2)})
    client.send_patch(body=["a"])
    seen = [(r.method, r.path, json.loads(r.body or b'"none"')) for r in server.requests]
    kinds = [r.headers.get("Content-Type") for r in server.requests]

assert seen == [
    ("POST", "/object", ORDER),
    ("POST", "/inline", {"a": 1, "body": "b"}),
    ("PUT", "/array", [ORDER, ORDER]),
    ("POST", "/union", {"amount": 1.5}),
    ("PATCH", "/nullable", ORDER),
    ("PATCH", "/nullable", "none"),
    ("POST", "/optional", "none"),
    ("POST", "/optional", {"amount": 2}),
    ("POST", "/free", {"a": [1, {"b": None}]}),
    ("POST", "/any", [ORDER, {"x": 1}, None]),
    ("POST", "/text", "grün"),
    ("POST", "/map", {"a": "2024-01-02"}),
    ("PATCH", "/patch", ["a"]),
]
assert kinds[:5] == ["application/json"] * 5
assert kinds[5:7] == [None, None]
assert kinds[-3:-1] == ["application/json; charset=utf-8", "application/vnd.api+json"]
assert kinds[-1] == "application/json", "plain JSON goes before other JSON"
assert "body: The body of the request.\n" in str(Client.send_text.__doc__)
assert "body: What is new. At most 3 items.\n" in str(Client.send_patch.__doc__)

answer = {"kind": "account", "id": str(ID), "made": "2024-01-02", "name": "x"}
with Server(lambda _: Answer(200, answer)) as server, Client("t", base_url=server.url) as client:
    account = client.send_account(body=Account(name="x", password="p"))
    sent = json.loads(server.requests[0].body)
assert sent == {"kind": "account", "name": "x", "password": "p"}
assert (account.id, account.made, account.password) == (ID, datetime.date(2024, 1, 2), None)
print("all is well")
