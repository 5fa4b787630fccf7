# Made by scripts/regenerate from the spec and scripts/templates/models/{enum}.py.jinja. Edit those.
from enum import StrEnum


class JobState(StrEnum):
    """How far a job has come.

    The default is `pending`.

    The API may send a value that is not listed here. It reads as a plain `str`.
    """

    FAILED = "failed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    PENDING = "pending"
    RUNNING = "running"
