# Made by scripts/regenerate from the spec and scripts/templates/models/{model}.py.jinja. Edit those.
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Literal, Self
from uuid import UUID

import attrs

from .._codec import (
    Decoder,
    array_of,
    as_datetime,
    as_object,
    as_opt_datetime,
    as_opt_str,
    as_opt_uuid,
    as_uuid,
    const,
    nulls_of,
    optional,
    str_enum,
    to_json,
    to_object,
)
from ..errors import ResponseDecodeError
from .execution_cluster import ExecutionCluster
from .failure import Failure
from .job_state import JobState
from .materialize_view_input import MaterializeViewInput
from .materialize_view_result import MaterializeViewResult
from .request_source import RequestSource

_state = str_enum(JobState)
_type: Decoder[Literal["materialize-view"]] = const("materialize-view")
_request_source = optional(RequestSource.from_dict)
_failures = optional(array_of(Failure.from_dict))
_execution_cluster = optional(str_enum(ExecutionCluster))
_input = optional(MaterializeViewInput.from_dict)
_result = optional(MaterializeViewResult.from_dict)


@attrs.define(kw_only=True)
class MaterializeViewJob:
    """A job that computes a materialized view."""

    job_id: UUID
    """Unique identifier for the job."""
    state: JobState | str
    """How far the job has come."""
    created_at: datetime.datetime
    """The timestamp representing when the job was created."""
    updated_at: datetime.datetime
    """The timestamp representing when the job was updated."""
    type: Literal["materialize-view"]
    """The type associated with the job."""
    ended_at: datetime.datetime | None = None
    """The timestamp representing when the job finished; `null` until then."""
    request_source: RequestSource | None = None
    """Who asked for the job."""
    executor: str | None = None
    """The internal job executor tied to the job."""
    failures: list[Failure] | None = None
    """Causes of job failure."""
    idempotency_key: str | None = None
    """The unique ID associated with the job."""
    compute_pool_id: UUID | None = None
    """The compute pool associated with the job, if any."""
    execution_cluster: ExecutionCluster | str | None = None
    """The type of the execution cluster to run the job on."""
    input: MaterializeViewInput | None = None
    """What the view is computed from."""
    result: MaterializeViewResult | None = None
    """The output of a materialized view; `null` until the job has completed."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict[str, Any])
    """What the API sent beyond the fields above, by name."""

    _nulls: frozenset[str] = attrs.field(default=frozenset(), repr=False, eq=False, alias="_nulls")

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Decode a JSON object.

        Raises `ResponseDecodeError` (a `ValueError`) where `payload` is not what the spec says;
        it tells the path of the field, what was expected there, and what came.
        """
        rest = as_object(payload)
        take = rest.pop
        key = ""
        try:
            return cls(
                job_id=as_uuid(take(key := "job_id")),
                state=_state(take(key := "state")),
                created_at=as_datetime(take(key := "created_at")),
                updated_at=as_datetime(take(key := "updated_at")),
                type=_type(take(key := "type")),
                ended_at=as_opt_datetime(take(key := "ended_at", None)),
                request_source=_request_source(take(key := "request_source", None)),
                executor=as_opt_str(take(key := "executor", None)),
                failures=_failures(take(key := "failures", None)),
                idempotency_key=as_opt_str(take(key := "idempotency_key", None)),
                compute_pool_id=as_opt_uuid(take(key := "compute_pool_id", None)),
                execution_cluster=_execution_cluster(take(key := "execution_cluster", None)),
                input=_input(take(key := "input", None)),
                result=_result(take(key := "result", None)),
                additional_properties=rest,
                _nulls=nulls_of(payload),
            )
        except KeyError:
            raise ResponseDecodeError.missing(key, payload) from None
        except ResponseDecodeError as error:
            raise error.within(key, payload) from None

    def to_dict(self) -> dict[str, Any]:
        """Encode as a JSON object: the inverse of `from_dict`, key for key.

        A field that is `None` is left out, unless it came as `null`. Timestamps are written as
        RFC 3339 has them.
        """
        return to_object(
            {
                "job_id": to_json(self.job_id),
                "state": to_json(self.state),
                "created_at": to_json(self.created_at),
                "updated_at": to_json(self.updated_at),
                "type": self.type,
                "ended_at": to_json(self.ended_at),
                "request_source": to_json(self.request_source),
                "executor": self.executor,
                "failures": to_json(self.failures),
                "idempotency_key": self.idempotency_key,
                "compute_pool_id": to_json(self.compute_pool_id),
                "execution_cluster": to_json(self.execution_cluster),
                "input": to_json(self.input),
                "result": to_json(self.result),
            },
            self._nulls,
            self.additional_properties,
        )
