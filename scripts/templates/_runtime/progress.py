"""What a model says of itself that an operation with `x-long-running` returns."""

from __future__ import annotations

import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from .model import ModelBase

if TYPE_CHECKING:
    from .waiting import LongRunning


class Progress(ModelBase):
    """Something in progress."""

    __slots__ = ()

    _operation: ClassVar[str]
    """The operation that returns it."""

    def _kind(self) -> LongRunning[Any]:
        """Return what the spec says of it; its module needs the models, and so it comes late."""
        module = import_module(f"{str(__package__).removesuffix('._runtime')}._long_running")
        return cast("LongRunning[Any]", getattr(module, self._operation))

    @property
    def is_final(self) -> bool:
        """Whether it has ended, so that its state will not change any more."""
        return self._kind().is_final(self)

    @property
    def succeeded(self) -> bool:
        """Whether it has ended in success."""
        return self._kind().is_success(self)

    @property
    def duration(self) -> datetime.timedelta | None:
        """The time from its beginning to its end; `None` until it has ended."""
        began, ended = self._kind().began_of(self), self._kind().ended_of(self)
        return ended - began if began and ended else None

    def raise_for_state(self) -> Self:
        """Return it, unless it has ended and not in success.

        Raises:
            Exception: The error that a wait for it raises where `check` is true.
        """
        error = self._kind().end_error(self)
        if error is not None:
            raise error
        return self
