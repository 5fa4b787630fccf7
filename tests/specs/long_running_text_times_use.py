"""Times that are texts, and one reason alone; tests/generator/test_specs.py runs this."""

from __future__ import annotations

import pytest
from long_running_text_times import Client, RunBadError
from stand_in import Answer, Server

BEGAN, ENDED = "2024-01-02T03:04:05Z", "2024-01-02T03:05:05Z"
RUN = {"id": "a", "status": "bad", "start": BEGAN, "end": ENDED, "error": {"message": "no disk"}}
with (
    Server(lambda _: Answer(200, RUN)) as server,
    Client("t", base_url=server.url) as client,
    pytest.raises(RunBadError, match=r"^run a ended as bad after 0:01:00: no disk$"),
):
    client.wait_for_run("a")
print("all is well")
