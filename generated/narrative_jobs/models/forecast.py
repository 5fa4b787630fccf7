# Made by scripts/regenerate from the spec and scripts/templates/models/{model}.py.jinja. Edit those.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from .._codec import as_object, as_opt_int, nulls_of, to_object
from ..errors import ResponseDecodeError


@attrs.define(kw_only=True)
class Forecast:
    """What a query would cost and yield."""

    cost: int | None = None
    """The cost, CPM-based, for every row that the forecast covers."""
    rows: int | None = None
    """How many rows the query would yield."""
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
                cost=as_opt_int(take(key := "cost", None)),
                rows=as_opt_int(take(key := "rows", None)),
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
            {"cost": self.cost, "rows": self.rows}, self._nulls, self.additional_properties
        )
