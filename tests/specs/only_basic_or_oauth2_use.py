"""Oauth2 sends a bearer token; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from only_basic_or_oauth2 import Client
from stand_in import Answer, Server

with Server(lambda _: Answer(200, {})) as server, Client("t", base_url=server.url) as client:
    client.get_things()
    assert server.requests[0].headers["Authorization"] == "Bearer t"
print("all is well")
