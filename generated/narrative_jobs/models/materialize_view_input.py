# Made by scripts/regenerate from the spec and scripts/templates/models/{model}.py.jinja. Edit those.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from .._codec import as_object, as_opt_bool, as_opt_int, as_opt_str, nulls_of, to_object
from ..errors import ResponseDecodeError


@attrs.define(kw_only=True)
class MaterializeViewInput:
    """What a materialized view is computed from."""

    nql: str | None = None
    """The statement as it was asked for, in NQL."""
    dataset_id: int | None = None
    """The dataset that holds the view."""
    stats_enabled: bool | None = None
    """Whether statistics of the view are computed too."""
    compiled_select: str | None = None
    """The statement as it was compiled to SQL, as the page's sample names it."""
    compiled_sql: str | None = None
    """The statement as it was compiled to SQL, as the page's schema names it."""
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
                nql=as_opt_str(take(key := "nql", None)),
                dataset_id=as_opt_int(take(key := "dataset_id", None)),
                stats_enabled=as_opt_bool(take(key := "stats_enabled", None)),
                compiled_select=as_opt_str(take(key := "compiled_select", None)),
                compiled_sql=as_opt_str(take(key := "compiled_sql", None)),
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
                "nql": self.nql,
                "dataset_id": self.dataset_id,
                "stats_enabled": self.stats_enabled,
                "compiled_select": self.compiled_select,
                "compiled_sql": self.compiled_sql,
            },
            self._nulls,
            self.additional_properties,
        )
