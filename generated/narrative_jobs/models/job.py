# Made by scripts/regenerate from the spec and scripts/templates/models/{union}.py.jinja. Edit those.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from .._codec import as_object, as_str
from ..errors import ResponseDecodeError
from .materialize_view_job import MaterializeViewJob
from .nql_forecast_job import NqlForecastJob
from .other_job import OtherJob

Job: TypeAlias = MaterializeViewJob | NqlForecastJob | OtherJob
"""A job, told apart by its `type`."""


def job_from_dict(payload: Mapping[str, Any]) -> Job:
    """Decode a JSON object into the right class of `Job`, by its `type`.

    Raises `ResponseDecodeError` (a `ValueError`) where `payload` is not what the spec says; it
    tells the path of the field, what was expected there, and what came.
    """
    fields = as_object(payload)
    key = "type"
    try:
        tag = as_str(fields[key])
    except KeyError:
        raise ResponseDecodeError.missing(key, payload) from None
    except ResponseDecodeError as error:
        raise error.within(key, payload) from None
    match tag:
        case "materialize-view":
            return MaterializeViewJob.from_dict(payload)
        case "nql-forecast":
            return NqlForecastJob.from_dict(payload)
        case _:
            return OtherJob.from_dict(payload)
