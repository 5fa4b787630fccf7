"""What a client sends for the schemes of security.yaml; test_specs.py runs this."""

from __future__ import annotations

import security
from security import Client
from stand_in import Answer, Server

with Server(lambda _: Answer(204)) as server, Client("secret", base_url=server.url) as client:
    client.as_all()
    client.either()
    client.none()
    client.not_needed()
    assert {request.headers["X.Api.Key"] for request in server.requests} == {"secret"}
    assert not any("Authorization" in request.headers for request in server.requests)
assert "token: The API key, just as the header `X.Api.Key` says it.\n" in str(Client.__doc__)

said = " ".join((security.__doc__ or "").split())
for name, why in {
    "both": "it asks for key and user: a client sends that of key alone",
    "other": "it asks for user: a client sends that of key alone",
    "query": "it asks for in-query: apikey query is not supported",
    "missing": "it asks for missing: there is no such scheme",
}.items():
    assert f"- GET /{name}: {why}" in said, name
    assert not hasattr(Client, name)
assert said.count("- GET ") == 4
print("all is well")
