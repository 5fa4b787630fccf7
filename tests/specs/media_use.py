"""What goes over the wire for media.yaml; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import datetime
import io
from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from media import (
    Client,
    Echo,
    Filter,
    FilterCreated,
    Form,
    FormLinesItem,
    FormNested,
    Range,
    SearchRange,
    SendMaybeBody,
    SendPartsBody,
    SendStyledBody,
    Upload,
    UploadDetails,
)
from stand_in import Answer, Request, Server

ANSWERS = {
    "/raw": Answer(200, b"\x00\xff"),
    "/csv": Answer(200, "a;ü\n".encode("latin-1"), {"Content-Type": "text/csv; charset=latin-1"}),
    "/xml": Answer(200, b"<a/>", {"Content-Type": "application/xml"}),
    "/lines": Answer(
        200, b'{"name": "x"}\n{"name": "y"}\n', {"Content-Type": "application/x-ndjson"}
    ),
    "/picture": Answer(200, b"\x89PNG"),
    "/any": Answer(200, {"name": "x"}),
    "/binary": Answer(200, b"[1"),
    "/echo": Answer(200, {"picture": "y"}),
    "/in-json?text=t": Answer(200, {"text": "x"}),
}


def answer(request: Request) -> Answer:
    return ANSWERS.get(request.path, Answer(204))


def parts(request: Request) -> list[MIMEPart]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    return list(message.iter_parts())


with Server(answer) as server, Client("token", base_url=server.url) as client:
    form = Form(
        name="a b&c",
        tags=["x", "y"],
        when=datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        is_new=True,
        metadata={"k": "v", "l": "w"},
        nested=FormNested(a=1),
        lines=[FormLinesItem(a=1), FormLinesItem(a=2)],
        state="on",
    )
    client.send_form(body=form)
    client.send_maybe()
    client.send_maybe(body=SendMaybeBody(a="1"))
    client.send_free(body={"a": [1, 2], "b": None})
    client.send_files(
        body=Upload(
            file=("a.txt", io.BytesIO(b"text")),
            others=[b"1", b"2"],
            title="ü",
            labels=["x", "y"],
            details=UploadDetails(a=1),
        )
    )
    with pytest.raises(ValueError, match=r"^body must be bytes or text, not 7$"):
        client.send_raw(body=7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^body must be an object, not \[\]$"):
        client.send_maybe(body=[])  # type: ignore[arg-type]
    raw: bytes = client.send_raw(body=b"\x00\x01")
    csv: str = client.get_csv()
    assert (raw, csv) == (b"\x00\xff", "a;ü\n")
    assert client.get_xml() == "<a/>"
    assert client.get_lines().splitlines()[1] == '{"name": "y"}'
    picture: bytes | str = client.get_picture()
    assert picture == b"\x89PNG"
    assert client.get_any() == Form(name="x")
    client.search(
        filter_=Filter(created=FilterCreated(gte=datetime.date(2024, 1, 2)), name="n"),
        range_=SearchRange(from_=1, to=2),
        more={"x": "y"},
        expand=["a", "b"],
        x_ids=[1, 2],
    )
    client.get_many(["a/b", "c"])
    requests = server.requests

assert requests[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
assert requests[0].body == (
    b"name=a+b%26c&tags=x&tags=y&when=2024-01-02T00%3A00%3A00Z&is_new=true"
    b"&metadata%5Bk%5D=v&metadata%5Bl%5D=w&nested=%7B%22a%22%3A+1%7D"
    b"&lines=%7B%22a%22%3A+1%7D&lines=%7B%22a%22%3A+2%7D&state=on"
)
assert (requests[1].body, "Content-Type" in requests[1].headers) == (b"", False)
assert (requests[2].body, requests[3].body) == (b"a=1", b"a=1&a=2")
sent = [(part.get_param("name", header="Content-Disposition"), part) for part in parts(requests[4])]
assert [(name, part.get_filename()) for name, part in sent] == [
    ("file", "a.txt"), ("others", "upload"), ("others", "upload"), ("title", None),
    ("labels", None), ("labels", None), ("details", None),
]  # fmt: skip
texts = [part.get_payload(decode=True) for _, part in sent]
assert texts == [b"text", b"1", b"2", "ü".encode(), b"x", b"y", b'{"a": 1}']
assert sent[-1][1].get_content_type() == "application/json"
assert requests[5].headers["Content-Type"] == "application/octet-stream"
assert requests[5].body == b"\x00\x01"
accepts = [request.headers["Accept"] for request in requests[5:11]]
assert accepts[1:5] == [
    "text/csv; charset=utf-8",
    "application/xml",
    "application/x-ndjson",
    "image/png, application/json",
]
assert requests[11].path == (
    "/search?filter%5Bcreated%5D%5Bgte%5D=2024-01-02&filter%5Bname%5D=n&from=1&to=2&x=y"
    "&expand%5B0%5D=a&expand%5B1%5D=b"
)
assert requests[11].headers["X-Ids"] == "1,2"
assert requests[12].path == "/many/a%2Fb,c"

with Server(answer) as server, Client("token", base_url=server.url) as client:
    span = Range(from_=1, to=2)
    client.send_styled(body=SendStyledBody(scope=["a", "b"], plain=span, name="n"))
    client.send_parts(
        body=SendPartsBody(
            file=b"\x00\xff",
            image=("x.bin", io.BytesIO(b"png")),
            either=("x.jpeg", b"jpeg"),
            pages=[b"1", b"2"],
            scans=[b"3"],
            table="a;b",
            encoded="aGk=",
            note="*n*",
            range=span,
        )
    )
    client.send_any(body=span)
    client.send_bytes(body=b"1")
    styled, modern, *others = server.requests
    echo = client.echo(body=Echo(picture=b"x", other=b"z"))
    assert echo == Echo(picture="y"), "in JSON it is text"
    found_in_json: str | None = client.get_in_json(text="t").text
    assert found_in_json == "x", "in JSON there is no file, whatever the format says"
    assert server.requests[-2].headers["Accept"] == "text/json"
    client.send_same(body=Upload(file=b"x"))
    sent_as = server.requests[-1].headers["Content-Type"]
    assert sent_as.startswith("multipart/form-data"), "JSON holds no files"
    assert client.send_binary(body=b"{}") == b"[1"
    assert server.requests[-1].headers["Content-Type"] == "application/json"
assert [(one.headers["Content-Type"], one.body) for one in others] == [
    ("application/json", b'{"from": 1, "to": 2}'),
    ("application/octet-stream", b"1"),
]
assert styled.body == (b"scope=a&scope=b&plain=%7B%22from%22%3A+1%2C+%22to%22%3A+2%7D&name=n")
found = [
    (
        part.get_param("name", header="Content-Disposition"),
        part.get_filename(),
        part["Content-Type"] and part.get_content_type(),
        part.get_payload(decode=True),
    )
    for part in parts(modern)
]
assert found == [
    ("file", "upload", "application/octet-stream", b"\x00\xff"),
    ("image", "x.bin", "image/png", b"png"),
    ("either", "x.jpeg", "image/jpeg", b"jpeg"),
    ("pages", "upload", "application/pdf", b"1"),
    ("pages", "upload", "application/pdf", b"2"),
    ("scans", "upload", "application/octet-stream", b"3"),
    ("table", None, "text/csv", b"a;b"),
    ("encoded", None, None, b"aGk="),
    ("note", None, "text/markdown", b"*n*"),
    ("range", None, "application/vnd.range+json", b'{"from": 1, "to": 2}'),
]
print("all is well")
