# Made by scripts/regenerate from the spec and scripts/templates/__init__.py.jinja. Edit those.
"""A client of the Narrative I/O Jobs API.

Look up a job on Narrative's platform by its id.

Work on Narrative's platform (a query, a materialized view) runs as a job. Whoever starts it gets a
job id back, and asks this API for the job until the job ends.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from . import errors as errors
    from . import models as models
    from ._transport import Response
    from .client import AsyncClient, Client
    from .errors import (
        APIConnectionError,
        APIError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        InternalServerError,
        NarrativeError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        ResponseDecodeError,
    )
    from .models import (
        Error,
        ExecutionCluster,
        Failure,
        Forecast,
        Job,
        JobState,
        MaterializeViewInput,
        MaterializeViewJob,
        MaterializeViewResult,
        NqlForecastInput,
        NqlForecastJob,
        NqlForecastOutcome,
        NqlForecastResult,
        NqlForecastSuccess,
        OtherJob,
        RequestSource,
        job_from_dict,
    )

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncClient",
    "AuthenticationError",
    "BadRequestError",
    "Client",
    "Error",
    "ExecutionCluster",
    "Failure",
    "Forecast",
    "InternalServerError",
    "Job",
    "JobState",
    "MaterializeViewInput",
    "MaterializeViewJob",
    "MaterializeViewResult",
    "NarrativeError",
    "NotFoundError",
    "NqlForecastInput",
    "NqlForecastJob",
    "NqlForecastOutcome",
    "NqlForecastResult",
    "NqlForecastSuccess",
    "OtherJob",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestSource",
    "Response",
    "ResponseDecodeError",
    "__version__",
    "job_from_dict",
]

if not TYPE_CHECKING:
    # Nothing is loaded before it is asked for: a program that only names a type starts at once.
    _MODULES = {
        "AsyncClient": ".client",
        "Client": ".client",
        "Response": "._transport",
        "APIConnectionError": ".errors",
        "APIError": ".errors",
        "APIStatusError": ".errors",
        "APITimeoutError": ".errors",
        "AuthenticationError": ".errors",
        "BadRequestError": ".errors",
        "InternalServerError": ".errors",
        "NarrativeError": ".errors",
        "NotFoundError": ".errors",
        "PermissionDeniedError": ".errors",
        "RateLimitError": ".errors",
        "ResponseDecodeError": ".errors",
        "Error": ".models",
        "ExecutionCluster": ".models",
        "Failure": ".models",
        "Forecast": ".models",
        "Job": ".models",
        "JobState": ".models",
        "MaterializeViewInput": ".models",
        "MaterializeViewJob": ".models",
        "MaterializeViewResult": ".models",
        "NqlForecastInput": ".models",
        "NqlForecastJob": ".models",
        "NqlForecastOutcome": ".models",
        "NqlForecastResult": ".models",
        "NqlForecastSuccess": ".models",
        "OtherJob": ".models",
        "RequestSource": ".models",
        "job_from_dict": ".models",
    }

    def __getattr__(name: str) -> object:
        if name in {"errors", "models"}:
            return import_module(f".{name}", __name__)
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return __all__
