# Made by scripts/regenerate from the spec and scripts/templates/models/{model}.py.jinja. Edit those.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from .._codec import as_object, as_str, nulls_of, to_object
from ..errors import ResponseDecodeError


@attrs.define(kw_only=True)
class Error:
    """Why the API refused or failed. A gateway in front of it may send HTML or nothing instead."""

    error: str
    """A code, such as `Unauthorized`."""
    error_description: str
    """The reason, in a sentence."""
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
                error=as_str(take(key := "error")),
                error_description=as_str(take(key := "error_description")),
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
            {"error": self.error, "error_description": self.error_description},
            self._nulls,
            self.additional_properties,
        )
