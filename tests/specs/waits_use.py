"""How long the things of waits.yaml take, and how they end; test_specs.py runs this."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from typing import Any

import pytest
from stand_in import Answer, Request, Server
from waits import (
    AttemptTrueError,
    BuildAbortedError,
    BuildCrashedError,
    CheckUpIllError,
    CheckUpSkippedError,
    Client,
    GetSyncResponse200,
    ItemBadError,
    NotFoundError,
    Run,
    RunEndedError,
    RunFailedError,
    RunInternalErrorError,
    RunSkippedError,
    RunWaitTimeoutError,
    SyncCrashedError,
    SyncTimedOutError,
)

sent: list[dict[str, Any]] = []


def state(life_cycle: str, result: str | None = None, **more: Any) -> dict[str, Any]:
    inner = {"life_cycle_state": life_cycle, "state_message": "so it is"}
    return {
        "run_id": 2**53 + 1,
        "state": inner | ({"result_state": result} if result else {}),
        **more,
    }


def answer(request: Request) -> Answer:
    return Answer(200, sent.pop(0) if len(sent) > 1 else sent[0])


with (
    Server(answer) as server,
    Client("token", base_url=server.url, max_retries=0) as client,
):
    sent[:] = [{}, state("PENDING"), state("RUNNING"), state("TERMINATED", "SUCCESS")]
    run: Run = client.wait_for_run(2**53 + 1, poll_interval=0.01, include_history=False)
    assert run.state is not None
    assert run.state.result_state == "SUCCESS"
    assert (run.is_final, run.succeeded) == (True, True)
    path = f"/runs/get?run_id={2**53 + 1}&include_history=false"
    assert {request.path for request in server.requests} == {path}
    client.get_run(run)
    assert server.requests[-1].path == f"/runs/get?run_id={2**53 + 1}"

    def by_id(request: Request) -> Answer:
        number = int(request.path.partition("run_id=")[2])
        return Answer(200, state("TERMINATED", "SUCCESS") | {"run_id": number})

    with Server(by_id) as other, Client("token", base_url=other.url) as several:
        numbers = [run.run_id for run in several.wait_for_runs([7, 8, 7], poll_interval=0.01)]
        assert sorted(numbers, key=str) == [7, 8], "their paths are the same"

    ends: dict[type[RunEndedError], dict[str, Any]] = {
        RunFailedError: state("TERMINATED", "FAILED", start_time=1000, end_time=61_000),
        RunSkippedError: state("SKIPPED"),
        RunInternalErrorError: state("INTERNAL_ERROR"),
        RunEndedError: state("TERMINATED", "ODD"),
    }
    for error, payload in ends.items():
        sent[:] = [payload]
        with pytest.raises(error, match="so it is") as caught:
            client.wait_for_run(2**53 + 1, poll_interval=0.01, max_wait=5)
        assert type(caught.value) is error
        assert caught.value.run_id == 2**53 + 1
    sent[:] = [state("RUNNING", start_time=1_700_000_000_000, end_time=0)]
    with pytest.raises(RunWaitTimeoutError, match="it was RUNNING"):
        client.wait_for_run(2**53 + 1, max_wait=0.05, poll_interval=0.01)
    sent[:] = [state("TERMINATED", start_time=1_700_000_000_000, end_time=1_700_000_060_000)]
    with pytest.raises(RunEndedError, match="ended as TERMINATED after 0:01:00: so it is"):
        client.wait_for_run(2**53 + 1, poll_interval=0.01, max_wait=5)
    assert client.get_run(2**53 + 1).duration == datetime.timedelta(minutes=1)

    inner = {"id": "a", "status": "Busy", "began": "2024-01-02T03:04:05Z"}
    sent[:] = [{"data": inner}, {"data": inner | {"status": "Done"}}]
    sync: GetSyncResponse200 = client.wait_for_sync("a", poll_interval=0.01)
    assert sync.data.status == "Done"
    over = inner | {"ended": "2024-01-02T03:05:05Z", "error": {"message": "no disk"}}
    for status, sync_error in (("CRASHED", SyncCrashedError), ("TimedOut", SyncTimedOutError)):
        sent[:] = [{"data": over | {"status": status}}]
        with pytest.raises(sync_error, match=f"sync a ended as {status} after 0:01:00: no disk"):
            client.wait_for_sync("a", max_wait=5)
    sent[:] = [{"data": over | {"began": "soon", "error": None, "status": "CRASHED"}}]
    with pytest.raises(SyncCrashedError, match=r"^sync a ended as CRASHED$"):
        client.wait_for_sync("a", max_wait=5)
    sent[:] = [{"data": inner | {"id": "b"}}]
    with pytest.raises(ValueError, match=r"data\.id: expected 'a', which was asked for"):
        client.get_sync("a")

    sent[:] = [{"number": 7, "status": 1}, {"number": 7, "status": 2, "kind": 1}]
    assert client.wait_for_build(7, poll_interval=0.01).succeeded
    for number, build_error in ((4, BuildCrashedError), (8, BuildAbortedError)):
        sent[:] = [{"number": 7, "status": number}]
        with pytest.raises(build_error, match=build_error.__name__[5:-5].upper()):
            client.wait_for_build(7, max_wait=5)

    sent[:] = [{"id": "a", "status": 0}, {"id": "a", "status": 1, "conclusion": "fine"}]
    assert client.wait_for_check_up("a", poll_interval=0.01, max_wait=5).succeeded
    for end in ({"status": 2}, {"status": 1, "conclusion": "ill"}):
        sent[:] = [{"id": "a", **end}]
        with pytest.raises(
            (CheckUpSkippedError, CheckUpIllError), match=r"ended as (SKIPPED|ill)$"
        ):
            client.wait_for_check_up("a", max_wait=5)

    sent[:] = [{"id": "a"}, {"id": "a", "done": False}, {"id": "a", "done": True}]
    assert client.wait_for_deploy("a", poll_interval=0.01, max_wait=5).done
    span = {"id": "a", "done": True, "began": "2024-01-02"}
    for ended in ("2024-01-03T00:00:00Z", 1_704_240_000, 1_704_240_000_000):
        for reasons in ("x; y", ["x", "y"]):
            sent[:] = [span | {"ended": ended, "error": reasons}]
            with pytest.raises(AttemptTrueError, match=r"as true after 1 day, 0:00:00: x; y$"):
                client.wait_for_attempt("a", max_wait=5)

with (
    Server(lambda _: Answer(404, {"why": "gone", "deploy": "x"})) as server,
    Client("token", base_url=server.url, max_retries=0) as client,
):
    with pytest.raises(NotFoundError) as missing:
        client.wait_for_deploy("a")
    assert (missing.value.why, missing.value.deploy) == ("gone", None)

with (
    Server(answer) as server,
    Client("token", base_url=server.url, max_retries=0) as client,
):
    item_id = "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"
    bad = {"id": item_id, "kind": "b", "st": "bad", "errs": ["x", "y"], "meta": {"t0": 1000.5}}
    sent[:] = [{"id": item_id, "kind": "a", "st": "new"}, bad]
    with pytest.raises(ItemBadError, match=r"ended as bad: x; y$"):
        client.wait_for_item(item_id, client="c", poll_interval=0.01, max_wait=5)
    assert server.requests[-1].path == f"/items?id={item_id}&client=c"

    sent[:] = [state("TERMINATED", "SUCCESS")]
    environment = {**os.environ, "WAITS_API_KEY": "t", "WAITS_ENVIRONMENT": server.url}
    command = [sys.executable, "-m", "waits", "wait-run", str(2**53 + 1)]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(f"run {2**53 + 1}: SUCCESS"), shown
    usage = subprocess.run([*command[:3], "--help"], capture_output=True, text=True, check=True)
    assert usage.stdout.startswith("usage: waits ")
    assert " wait-check-up " in usage.stdout
print("all is well")
