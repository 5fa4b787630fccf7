"""What basic authentication sends, and what nobody reads; test_specs.py runs this."""

from __future__ import annotations

import base64

import pytest
from basic import Client, NotFoundError
from stand_in import Answer, Request, Server


def answer(request: Request) -> Answer:
    sent = request.headers["Authorization"]
    return Answer(404, {"error": f"who is {sent}?", "detail": "'a long password' is wrong"})


with Server(answer) as server, Client("user:a long password", base_url=server.url) as client:
    with pytest.raises(NotFoundError) as caught:
        client.get_things()
    sent = server.requests[0].headers["Authorization"]
assert sent == f"Basic {base64.b64encode(b'user:a long password').decode()}"
said = {"error": "who is Basic [token]?", "detail": "'[token]' is wrong"}
assert caught.value.body == said
with pytest.raises(ValueError, match="The base URL '/' is not of the form https://host"):
    Client("user:password")  # The document names no server.
assert "user:password" in (Client.__doc__ or "")
print("all is well")
