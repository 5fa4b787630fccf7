# Made by scripts/regenerate from the spec and scripts/templates/models/__init__.py.jinja. Edit those.
"""The types of the API: what goes over the wire, in Python's terms."""

from .error import Error
from .execution_cluster import ExecutionCluster
from .failure import Failure
from .forecast import Forecast
from .job import Job, job_from_dict
from .job_state import JobState
from .materialize_view_input import MaterializeViewInput
from .materialize_view_job import MaterializeViewJob
from .materialize_view_result import MaterializeViewResult
from .nql_forecast_input import NqlForecastInput
from .nql_forecast_job import NqlForecastJob
from .nql_forecast_outcome import NqlForecastOutcome
from .nql_forecast_result import NqlForecastResult
from .nql_forecast_success import NqlForecastSuccess
from .other_job import OtherJob
from .request_source import RequestSource

__all__ = [
    "Error",
    "ExecutionCluster",
    "Failure",
    "Forecast",
    "Job",
    "JobState",
    "MaterializeViewInput",
    "MaterializeViewJob",
    "MaterializeViewResult",
    "NqlForecastInput",
    "NqlForecastJob",
    "NqlForecastOutcome",
    "NqlForecastResult",
    "NqlForecastSuccess",
    "OtherJob",
    "RequestSource",
    "job_from_dict",
]
