"""Waiting in Airflow: what the classes in `airflow.py` do, whatever they wait for."""

# Nobody has Airflow installed beside the type checkers.
# mypy: disable-error-code=import-not-found, allow-subclassing-any
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import datetime
import math
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from airflow.configuration import conf
from airflow.sdk import BaseSensorOperator, Connection, PokeReturnValue
from airflow.triggers.base import BaseTrigger, TriggerEvent

from .errors import APIError
from .waiting import LongRunning
from .watches import may_pass

try:
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # It lay elsewhere in Airflow 3.1.
    from airflow.exceptions import AirflowFailException

C = TypeVar("C")

DEFERRABLE: bool = conf.getboolean("operators", "default_deferrable", fallback=False)
"""Whether a sensor that is not told hands over to a trigger, as Airflow's configuration says."""

_shared: dict[Hashable, tuple[Any, int]] = {}
"""The clients of the triggers that run, and by how many each is used."""


def options_of(connection: Connection) -> dict[str, Any]:
    """Return what a connection says to a client: the API key, and the server if it names one.

    Raises:
        ValueError: It holds no key.
    """
    if not connection.password:
        raise ValueError(f"The connection {connection.conn_id!r} has no API key as its password.")
    return {"token": connection.password, "environment": connection.host or None}


@asynccontextmanager
async def shared(make: Callable[..., C], options: dict[str, Any]) -> AsyncIterator[C]:
    """Give the client of this event loop, key and server, which is closed with its last user."""
    place = (asyncio.get_running_loop(), *options.values())
    client, users = _shared.get(place) or (make(**options), 0)
    _shared[place] = client, users + 1
    try:
        yield client
    finally:
        client, users = _shared.pop(place)
        if users > 1:
            _shared[place] = client, users - 1
        else:
            await client.aclose()


class WaitTrigger(BaseTrigger):
    """Waits in the triggerer, through outages of any length, until Airflow's own `timeout`.

    Its event tells a worker to look, and what the API refused, if it did. Nothing else is in it,
    because events are stored in clear and logged.
    """

    poll_interval: float
    wait: Callable[[], Awaitable[None]]
    """Returns when it has ended."""

    def pause(self, _waited: float = 0.0) -> float:
        """Return the interval less up to a quarter at random, since many begin together."""
        return self.poll_interval * random.uniform(0.75, 1.0)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event."""
        refusal: APIError | None = None
        while True:
            try:
                await self.wait()
            except APIError as error:
                if may_pass(error, was_seen=True):  # By the worker, if not yet here.
                    await asyncio.sleep(self.pause())
                    continue
                refusal = error
            break
        said = f"{type(refusal).__name__}: {refusal}" if refusal else None
        yield TriggerEvent({"refusal": said})


class WaitSensor(BaseSensorOperator):
    """Looks in a worker, and lets a trigger wait in between."""

    kind: LongRunning[Any]
    """What the spec says of what it waits for."""
    look: Callable[[], Any]
    """Returns it as it is now."""
    trigger: Callable[[], WaitTrigger]
    """Returns what waits for it in the triggerer."""

    def __init__(self, *, deferrable: bool = DEFERRABLE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.fired: dict[str, Any] = {}
        self.ends: float | None = None

    def poke(self, context: Any) -> bool | PokeReturnValue:
        """Return whether it has ended in success, with its dict. A bad end is not tried again."""
        try:
            item = self.look()
        except APIError as error:
            if not (self.deferrable and may_pass(error, was_seen=bool(self.fired))):
                raise
            self.log.warning("A trigger waits until this has passed: %s", error)
        else:
            if bad_end := self.kind.end_error(item):
                raise AirflowFailException(str(bad_end)) from bad_end
            if self.kind.is_final(item):
                return PokeReturnValue(is_done=True, xcom_value=for_xcom(item.to_dict()))
            if refusal := self.fired.get("refusal"):
                raise RuntimeError(f"The triggerer could not wait for it: {refusal}")
        if self.deferrable:
            # The clock of the day, because another machine may take up from here.
            ends = self.ends or time.time() + self.timeout
            left = datetime.timedelta(seconds=ends - time.time())
            self.defer(
                trigger=self.trigger(), method_name="resume", kwargs={"ends": ends}, timeout=left
            )
        return False

    def resume(self, context: Any, event: dict[str, Any], ends: float | None = None) -> Any:
        """Look again, in a worker, after the trigger has fired."""
        self.fired, self.ends = event, ends
        return self.execute(context)


def for_xcom(value: Any) -> Any:
    """Return JSON as Airflow and Postgres can carry it.

    A number that is too large for them is a text, and so is U+FFFD for a character that is none.
    """
    match value:
        case dict():
            return {for_xcom(key): for_xcom(item) for key, item in value.items()}
        case list():
            return [for_xcom(item) for item in value]
        case str():
            return re.sub("[\0\ud800-\udfff]", "\ufffd", value)
        case int() if value.bit_length() >= 64:
            return str(value)
        case float() if math.isinf(value):  # As 1e400 is read.
            return str(value)
        case _:
            return value
