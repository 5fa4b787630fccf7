"""An API whose jobs live as a test says, for the tests on engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from stand_in import Answer, Request, Server

KEY = "the-key-that-nobody-may-see"
JOB = {
    "type": "materialize-view",
    "created_at": "2023-10-31T11:19:13Z",
    "updated_at": "2023-10-31T11:19:13Z",
}
Step = str | int | dict[str, Any] | Callable[[], None]
"""A state, a status, fields of a job, or what is done before the next step."""


class API(Server):
    """Answers for each job with the next step of its life, and with the last one ever after."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.keys = {KEY}
        self.lives: dict[str, list[Step]] = {}

    def job(self, *life: Step) -> str:
        """Return the id of a new job that lives like this."""
        job_id = str(UUID(int=len(self.lives) + 1))
        self.lives[job_id] = list(life)
        return job_id

    def looks(self, job_id: str) -> int:
        """Say how often somebody has looked at a job."""
        return sum(request.path.endswith(job_id) for request in self.requests)

    def _answer(self, request: Request) -> Answer:
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.keys:
            return Answer(401, {"error": "Unauthorized", "error_description": "No such key."})
        job_id = request.path.rsplit("/", 1)[1]
        step = _next(self.lives.get(job_id, [404]))
        if isinstance(step, int):
            said = {"error": "Refused", "error_description": "So the test wants it."}
            return Answer(step, said, {"Retry-After": "0"})
        fields = {"state": step} if isinstance(step, str) else step
        job = json.dumps({**JOB, "job_id": job_id, **fields})
        return Answer(200, job.replace("Infinity", "1e400"), {"Content-Type": "application/json"})


def _next(life: list[Step]) -> str | int | dict[str, Any]:
    while callable(step := life[0]):
        step()
        del life[0]
    if len(life) > 1:
        del life[0]
    return step


def ended(state: str, *reasons: str, **fields: Any) -> dict[str, Any]:
    """Return the fields of a job that has ended."""
    failures: Sequence[dict[str, Any]] = [{"message": reason} for reason in reasons]
    return {"state": state, "ended_at": "2023-10-31T11:25:08Z", "failures": failures, **fields}
