"""Times that are texts, and one reason alone; tests/generator/test_specs.py runs this."""

from __future__ import annotations

from typing import Any

import pytest
from long_running_text_times import Client, RunBadError
from stand_in import Answer, Server

TIMES = {
    "2024-01-02T03:04:05Z": "2024-01-02T03:05:05Z",
    "1704164645": "1704164705",
    "1704164645000": "1704164705000",
    "1704164645000000": "1704164705000000",
}
sent: list[dict[str, Any]] = []
with (
    Server(lambda _: Answer(200, sent[-1])) as server,
    Client("t", base_url=server.url) as client,
):
    for began, ended in TIMES.items():
        times = {"start": began, "end": ended}
        sent.append({"id": "a", "status": "bad", "error": {"message": "no disk"}, **times})
        with pytest.raises(RunBadError, match=r"^run a ended as bad after 0:01:00: no disk$"):
            client.wait_for_run("a")
print("all is well")
