"""What is left of unsupported.yaml, and what is said of it; run by test_specs.py."""

from __future__ import annotations

import unsupported
from stand_in import Answer, Server
from unsupported import Client

with (
    Server(lambda _: Answer(200, {"a": "b"})) as server,
    Client("token", base_url=server.url) as client,
):
    assert client.fine().a == "b"
calls = {name for name in dir(Client) if not name.startswith("_")}
assert calls == {
    *(
        "base_url",
        "close",
        "fine",
        "get_waits",
        "max_retries",
        "request",
        "same_server",
        "timeout",
        "total_timeout",
    ),
    *("with_options", "with_raw_response"),
}
said = " ".join((unsupported.__doc__ or "").split())
for missing in (
    "GET /odd-security: its security is no list of schemes",
    "Listed: its properties are no mapping",
    "GET /nowhere: it asks for nowhere: there is no such scheme",
    "GET /digest: it asks for digest: http digest is not supported",
    "GET /other-server: it has a server of its own, https://other.example",
    "GET /second-server: it has a server of its own, https://second.example",
    "GET /uploads: it has a server of its own, https://uploads.example",
    "GET /waits: x-long-running: not every answer has the field 'a.b'",
    "POST /array-form: a body of type multipart/form-data that is no object",
    "POST /piped: the style of 'a' in a form",
    "POST /commas: the style of 'a' in a form",
    "POST /opened: the style of 'o' in a form",
    "POST /xml-field: application/xml as the type of 'o' in a form",
    "POST /part-headers: the encoding of 'a' in a form with files",
    "POST /xml-part: application/xml as the type of 'o', which is an object",
    "POST /pictures: a body of type image/*, which is more than one",
    "GET /cookie: the cookie parameter 'c'",
    "GET /pipes: the style of 'f'",
    "GET /deep: the type of 'f'",
    "GET /dangling: #/components/schemas/Nowhere leads nowhere in this document",
    "GET /dangling-parameter: #/components/parameters/Nowhere leads nowhere in this document",
    "GET no-slash: its path has no / at its front",
    "GET /bad-path/{id}: its path and its parameters do not both have id",
    "GET /broken, because of UsesMixed.m, because of Mixed: it must be integer and string at once",
    "GET /remote: other.yaml#/X leads nowhere in this document",
    "GET /alike: another operation would be called get_job, too",
    "PUT /alike: another operation would be called get_job, too",
    "GET /same: another operation would be called same, too",
    "PUT /same: another operation would be called same, too",
    "GET /nameless-parameter: it makes no sense (KeyError('name'))",
    "Mixed: it must be integer and string at once",
    "the path /capitals: there is no method GET, query",
    "GET /endless: it refers to itself without end",
    "Loop: it refers to itself without end",
    "Itself: it refers to itself without end",
    "Ping: it refers to itself alone",
    "Pong, because of Ping: it refers to itself alone",
    "Endless.ball: it refers to itself without end",
    "Typo.a: type: ",
    "Twice.a: it must be integer and string at once",
    "PointsWithin.a, because of Twice properties a: it must be integer and string at once",
    "Twice.b: #/components/schemas/Nowhere leads nowhere",
    "Tagged: 'x' is mapped to Tag, which is told by y",
    "Lacking: the mapping of its discriminator has no Tag",
    "Odd: the `not` of Rest.kind lists x; the others are told by y",
    "Lost: #/components/schemas/Nowhere leads nowhere",
):
    assert f"- {missing}" in said, missing
print("all is well")
