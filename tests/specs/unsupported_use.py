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
    "POST /multipart:",
    "GET /file: the answer 200 is not JSON",
    "GET /csv: the answer 200 is not JSON",
    "GET /xml: Cannot parse response for status code 200 (Unsupported content_type",
    "GET /cookie: the cookie parameter 'c'",
    "GET /deep: the style of 'f'",
    "GET /dangling: Cannot parse response",
    "GET /dangling-parameter: #/components/parameters/Nowhere leads nowhere",
    "GET /bad-path/{id}: Incorrect path templating",
    "GET /broken:",
    "GET /upload:",
    "GET /remote:",
    "/components/schemas/Mixed Enum values must all be the same type",
    "/components/schemas/UsesMixed: Could not find reference",
    "schema HasFile: f: a file is no JSON",
    "schema Loop2: it refers to itself alone",
    "schema Both: properties beside oneOf or anyOf",
):
    assert f"- {missing}" in said or missing in said, missing
print("all is well")
