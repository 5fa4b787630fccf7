"""What a path with a query of its own sends; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from query_in_path import Client
from stand_in import Answer, Server

with Server(lambda _: Answer(200, {})) as server, Client("t", base_url=server.url) as client:
    client.get_things()
    client.get_things(limit=5)
    paths = [request.path for request in server.requests]
    assert paths == ["/things?beta=true", "/things?beta=true&limit=5"], paths
print("all is well")
