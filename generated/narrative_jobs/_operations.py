# Made by scripts/regenerate from the spec and scripts/templates/_operations.py.jinja. Edit those.
"""The operations of the API, each as a function from arguments to the call to make."""

from __future__ import annotations

from uuid import UUID

from . import models
from ._transport import Call, uuid_argument


def get_job(job_id: str | UUID) -> Call[models.Job]:
    """Build the call of `GET /jobs/{job_id}`."""
    return Call(
        method="GET",
        template="/jobs/{job_id}",
        url="/jobs/" + uuid_argument("job_id", job_id),
        decoders={"200": models.job_from_dict},
    )
