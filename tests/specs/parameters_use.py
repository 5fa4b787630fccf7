"""What the server must see of parameters.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from parameters import Client, Kind
from stand_in import Answer, Server

ID = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
WHEN = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC)

with Server(lambda _: Answer(204)) as server, Client("token", base_url=server.url) as client:
    get = client.get_things_id_parts_part_no_when_kind
    get(
        UUID(ID),
        7,
        WHEN,
        Kind.A_B,
        page=3,
        required_text="a&b=c",
        required_nullable=None,
        fixed="on",
        x_shared="mine",
    )
    get(
        ID,
        7,
        WHEN,
        "made up",
        page=3,
        required_text="ä",
        required_nullable=0,
        fixed="on",
        x_shared="mine",
        defaulted="",
        flag=True,
        ratio=0.25,
        nullable="n",
        kinds=[Kind.SMALL, Kind.VERY_LARGE],
        level=3,
        day=datetime.date(2024, 2, 29),
        since=WHEN,
        days=[datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)],
        ids=[ID],
        filter_name="f",
        any_="x",
        either=datetime.date(2024, 3, 1),
        id_query="q",
        url="u",
        client="c",
        self_="s",
        body="b",
        from_="f",
        foo_bar="1",
        foo_bar_query="2",
        field_2fa=False,
        accept_language="de",
        x_level=5,
        id_header="h",
        class_="k",
    )
    for an_id, header, said in (
        ("x", "", "id: expected a UUID, got 'x'"),
        (ID, "a\nb", r"X-Shared: 'a\\nb' cannot stand in a header"),
        (ID, "ü", "X-Shared: 'ü' cannot stand in a header"),
    ):
        with pytest.raises(ValueError, match=said):
            get(
                an_id,
                7,
                WHEN,
                "k",
                page=1,
                required_text="",
                required_nullable=1,
                fixed="on",
                x_shared=header,
            )
    least, most = server.requests
    client.get_said("x", "y")
    assert server.requests[-1].path == "/said/x/y", "no parameter of a path can be left out"
    assert 'a: What "A" is. At least 1 character. Deprecated.\n' in str(Client.get_said.__doc__)
    assert "id: The id of the thing.\n" in str(get.__doc__)
    assert "b: The parameter `b`. Deprecated.\n" in str(Client.get_said.__doc__)

path = f"/things/{ID}/parts/7/2024-02-29T12%3A30%3A00Z"
assert urlsplit(least.path).path == f"{path}/a%2Fb"
assert parse_qsl(urlsplit(least.path).query) == [
    ("page", "3"),
    ("required-text", "a&b=c"),
    ("fixed", "on"),
]
assert urlsplit(most.path).path == f"{path}/made%20up"
assert parse_qsl(urlsplit(most.path).query, keep_blank_values=True) == [
    ("page", "3"),
    ("required-text", "ä"),
    ("defaulted", ""),
    ("flag", "true"),
    ("ratio", "0.25"),
    ("nullable", "n"),
    ("required-nullable", "0"),
    ("kinds", "small"),
    ("kinds", "very large"),
    ("level", "3"),
    ("day", "2024-02-29"),
    ("since", "2024-02-29T12:30:00Z"),
    ("days", "2024-01-01,2024-01-02"),
    ("ids[]", ID),
    ("filter[name]", "f"),
    ("any", "x"),
    ("either", "2024-03-01"),
    ("fixed", "on"),
    ("id", "q"),
    ("url", "u"),
    ("client", "c"),
    ("self", "s"),
    ("body", "b"),
    ("from", "f"),
    ("fooBar", "1"),
    ("foo_bar", "2"),
    ("2fa", "false"),
]
found = [most.headers[name] for name in ("X-Shared", "Accept-Language", "X-Level", "id", "class")]
assert found == ["mine", "de", "5", "h", "k"]
assert "id" not in least.headers
print("all is well")
