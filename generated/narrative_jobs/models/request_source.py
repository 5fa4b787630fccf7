# Made by scripts/regenerate from the spec and scripts/templates/models/{model}.py.jinja. Edit those.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from .._codec import as_object, as_opt_int, as_opt_str, nulls_of, to_object
from ..errors import ResponseDecodeError


@attrs.define(kw_only=True)
class RequestSource:
    """Who asked for a job."""

    type: str | None = None
    """The kind of requester, `api_user` for one."""
    company_id: int | None = None
    """The company that the requester belongs to."""
    user_id: int | None = None
    """The user who asked."""
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
                type=as_opt_str(take(key := "type", None)),
                company_id=as_opt_int(take(key := "company_id", None)),
                user_id=as_opt_int(take(key := "user_id", None)),
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
            {"type": self.type, "company_id": self.company_id, "user_id": self.user_id},
            self._nulls,
            self.additional_properties,
        )
