# Made by scripts/regenerate from the spec and scripts/templates/models/{model}.py.jinja. Edit those.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from .._codec import as_object, nulls_of, optional, to_json, to_object
from ..errors import ResponseDecodeError
from .forecast import Forecast

_forecast = optional(Forecast.from_dict)


@attrs.define(kw_only=True)
class NqlForecastOutcome:
    """A forecast under the name of its kind."""

    forecast: Forecast | None = None
    """The forecast itself."""
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
                forecast=_forecast(take(key := "Forecast", None)),
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
            {"Forecast": to_json(self.forecast)}, self._nulls, self.additional_properties
        )
