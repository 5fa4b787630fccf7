"""What is said of the extensions in refused_extensions.yaml; test_specs.py runs this."""

from __future__ import annotations

import pytest
import refused_extensions
from refused_extensions import Client, FineBadError, MomentBadError
from stand_in import Answer, Server

RUN = {"id": "a", "status": "bad", "tags": [], "meta": {}, "began": "2024-01-02T03:04:05Z"}
with Server(lambda _: Answer(200, RUN)) as server, Client("t", base_url=server.url) as client:
    assert client.noun_class("a").status == "bad"
    with pytest.raises(FineBadError):
        client.wait_for_fine("a")
    with pytest.raises(MomentBadError):
        client.wait_for_moment("a")
names = [name for name in dir(Client) if name.startswith(("iter_", "wait_for_"))]
assert names == [
    *("iter_things", "wait_for_fine", "wait_for_fines", "wait_for_moment", "wait_for_moments"),
    *("wait_for_thing", "wait_for_things"),
]
said = " ".join((refused_extensions.__doc__ or "").split())
word = "is a word of Python, or of every error"
for missing in (
    *(
        f"noun-{noun}/{{id}}: x-long-running: the noun '{noun}' {word}"
        for noun in ("import", "class", "async", "message", "str", "models", "within")
    ),
    "two-errors/{id}: x-long-running: another error is called RunEndedError",
    "time-out/{id}: x-long-running: another error is called RunWaitTimeoutError",
    "api-error/{id}: x-long-running: another error is called BadRequestError",
    "both/{id}: x-long-running: bad is both a success and a failure",
    "many-ids/{id}: x-long-running: 'tags' is no text",
    "object-state/{id}: x-long-running: 'meta' is no text",
    "date-id/{id}: x-long-running: it has no parameter 'id' that is a text or an integer",
    "list-things: x-paging: something else is called iter_things, too",
    "cursor: x-paging: 'after' is no integer",
    "texts: x-paging: 'count' is no integer",
):
    assert f"- GET /{missing}" in said, missing
print("all is well")
