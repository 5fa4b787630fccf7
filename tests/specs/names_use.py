"""What must come of the names of names.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import inspect
from typing import Any

import names
from names import AsyncClient, Client, Everything, errors, models
from stand_in import Answer, Server

SENT: dict[str, Any] = {
    "class": "1",
    "from": "2",
    "None": "3",
    "list": ["4"],
    "self": "5",
    "fooBar": "6",
    "foo_bar": "7",
    "foo-bar": "8",
    "": "9",
    "@type": "10",
    "type": "11",
    "to_dict": "12",
    "additional_properties": "13",
    "_nulls": "14",
    "datetime": "2024-01-02T03:04:05Z",
    "date": "2024-01-02",
    "Client": {"a": "x"},
    "dup1": {"one": "1"},
    "dup2": {"two": "2"},
    "dup3": {"three": "3"},
    "c1": {"a": "a"},
    "Inner": {"b": "b"},
    "b4": {"a": "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"},
    "d1": {"x": "1"},
    "d2": {"x": "2"},
    "d3": {"x": "3"},
    "additional_property": [1],
    "codec": ["a"],
    "null": "2024-01-02",
    "true": "2024-01-01",
    "when": "2024-01-01",
    "µs": 7,
    "ﬁeld": "8",
    "field": "9",
    "m²": {"a": "10"},
    "deep": {"a_rather_long_name_1": {"a_rather_long_name_2": {}}},
    "unheard": "of",
}
with (
    Server(lambda _: Answer(200, SENT)) as server,
    Client("token", base_url=server.url) as client,
):
    found = client.class_("a/b")
    assert server.requests[0].path == "/class/a%2Fb"
    assert client.request("GET", "/any") == SENT
with (
    Server(lambda _: Answer(204)) as server,
    Client("token", base_url=server.url) as client,
):
    client.timeout_()
    client.request_(headers={"X-A": "1"})
    client.options(timeout_=7, headers_="h", max_retries_="r", options_="o", timeout=3)
    assert [request.path for request in server.requests] == [
        *("/j", "/k", "/l?timeout=7&headers=h&max_retries=r&options=o"),
    ]

assert isinstance(found, Everything)
assert found.to_dict() == SENT
assert (found.μs, found.field_2, found.field) == (7, "8", "9")
assert found.m2 == models.M2(a="10")
assert max(map(len, models.__all__)) < 100
assert (found.class_, found.from_, found.none, found.list_, found.self_) == (
    *("1", "2", "3", ["4"], "5"),
)
assert (found.foo_bar, found.foo_bar_2, found.foo_bar_3) == ("7", "6", "8"), "its own name"
assert (found.type_2, found.type, found.to_dict_) == ("10", "11", "12")
assert found.additional_properties == {"unheard": "of"}
assert isinstance(found.client, models.Client)
assert len({Client.__module__, models.Client.__module__}) == 2
assert found.dup1 == models.FooBar2(one="1")
assert found.dup2 == models.FooBar(two="2")
assert found.dup3 == models.FooBar3(three="3")
assert found.c1 == models.EverythingInner(a="a")
assert found.inner == models.EverythingInner2(b="b")
assert isinstance(found.b4, models.AnyModel | models.UUIDModel)
assert found.d1 == models.FooBarBaz(x="1")
assert found.d2 == models.GenInt(x="2")
assert found.d3 == models.XY(x="3")
assert not {"FooBarBaz2", "GenInt2", "XY2"} & set(models.__all__)
assert (found.additional_property_, found.codec_, found.when) == ([1], ["a"], "2024-01-01")
assert (str(found.null), found.true_) == ("2024-01-02", "2024-01-01")
assert names.APIError is errors.APIError
assert issubclass(errors.APIError, Exception)
assert not issubclass(models.APIError, Exception)
calls = {name for name in dir(Client) if not name.startswith("_")}
assert {"get_thing", "get_other_thing", "get_job_list_now", "with_options_", "base_url_"} <= calls
assert {"basic_", "form_body_", "logger_", "as_text_"} <= calls
assert {"httpx_", "list_", "type_", "wait_for_one", "field_1st", "send"} <= calls
for one in Client, AsyncClient:
    hints = inspect.signature(one.r)
    assert hints.return_annotation == "models.Tasks | models.AsyncThing"
    assert "anyio" in hints.parameters
print("all is well")
