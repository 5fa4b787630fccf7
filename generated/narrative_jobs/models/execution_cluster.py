# Made by scripts/regenerate from the spec and scripts/templates/models/{enum}.py.jinja. Edit those.
from enum import StrEnum


class ExecutionCluster(StrEnum):
    """The type of an execution cluster.

    - `dedicated` runs job on a dedicated cluster.
    - `shared` runs job on a shared cluster.

    The API may send a value that is not listed here. It reads as a plain `str`.
    """

    DEDICATED = "dedicated"
    SHARED = "shared"
