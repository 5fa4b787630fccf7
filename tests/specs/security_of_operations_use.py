"""The scheme that all operations of security_of_operations.yaml share; test_specs.py runs this."""

from __future__ import annotations

from security_of_operations import Client
from stand_in import Answer, Server

with Server(lambda _: Answer(204)) as server, Client("secret", base_url=server.url) as client:
    client.a()
    client.b()
    assert [request.headers["X-Key"] for request in server.requests] == ["secret"] * 2
print("all is well")
