"""What basic authentication sends, and what nobody reads; test_specs.py runs this."""

from __future__ import annotations

import base64

import pytest
from basic import Client, NotFoundError
from stand_in import Answer, Request, Server


def answer(request: Request) -> Answer:
    return Answer(404, {"error": f"who is {request.headers['Authorization']}?"})


with Server(answer) as server, Client("user:a long password", base_url=server.url) as client:
    with pytest.raises(NotFoundError) as caught:
        client.get_things()
    sent = server.requests[0].headers["Authorization"]
assert sent == f"Basic {base64.b64encode(b'user:a long password').decode()}"
assert caught.value.body == {"error": "who is Basic [token]?"}
assert "user:password" in (Client.__doc__ or "")
print("all is well")
