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
    *("base_url", "close", "fine", "max_retries", "timeout", "total_timeout"),
    *("with_options", "with_raw_response"),
}
said = " ".join((unsupported.__doc__ or "").split())
for missing in (
    "POST /form: a body of type application/x-www-form-urlencoded, not JSON",
    "POST /multipart: a body of type multipart/form-data, not JSON",
    "GET /file: the answer 200 is application/octet-stream, not JSON",
    "GET /csv: the answer 200 is text/csv, not JSON",
    "GET /xml: the answer 200 is application/xml, not JSON",
    "GET /cookie: the cookie parameter 'c'",
    "GET /deep: the style of 'f'",
    "GET /dangling: #/components/schemas/Nowhere leads nowhere in this document",
    "GET /dangling-parameter: #/components/parameters/Nowhere leads nowhere in this document",
    "GET /bad-path/{id}: no parameter is called id",
    "GET /broken, because of UsesMixed, because of Mixed: enum values must all be the same type",
    "GET /upload, because of HasFile.f: a file is no JSON",
    "GET /remote: other.yaml#/X leads nowhere in this document",
    "Mixed: enum values must all be the same type",
    "HasFile.f: a file is no JSON",
    "Loop: it refers to itself alone",
    "Both: properties beside oneOf or anyOf",
):
    assert f"- {missing}" in said, missing
print("all is well")
