"""A nullable path parameter: an integer; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from nullable_path_parameter import Client
from stand_in import Answer, Server

with Server(lambda _: Answer(200, {})) as server, Client("t", base_url=server.url) as client:
    client.get_thing(5)
    assert server.requests[0].path == "/things/5"
assert Client.get_thing.__annotations__["number"] == "int"
print("all is well")
