"""Waiting in Airflow: what the classes in `airflow.py` do, whatever they wait for."""

# Nobody has Airflow installed beside the type checkers.
# mypy: disable-error-code=import-not-found, allow-subclassing-any
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import datetime
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from airflow.configuration import conf
from airflow.sdk import BaseSensorOperator, Connection, PokeReturnValue
from airflow.triggers.base import BaseTrigger, TriggerEvent

from .errors import APIError
from .waiting import LongRunning

try:
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # It lay elsewhere in Airflow 3.1.
    from airflow.exceptions import AirflowFailException

C = TypeVar("C")

DEFERRABLE: bool = conf.getboolean("operators", "default_deferrable", fallback=False)
"""Whether a sensor that is not told hands over to a trigger, as Airflow's configuration says."""

_shared: dict[Hashable, tuple[Any, int]] = {}
"""The clients of the triggers that run, and by how many each is used."""


def key_and_server(connection: Connection, server: str) -> tuple[str, str]:
    """Return what a connection holds: the API key, and its server or else the one given.

    Raises:
        ValueError: It holds no key.
    """
    if not connection.password:
        raise ValueError(f"The connection {connection.conn_id!r} has no API key as its password.")
    return connection.password, connection.host or server


@asynccontextmanager
async def shared(make: Callable[..., C], key: str, server: str) -> AsyncIterator[C]:
    """Give the client of this event loop, key and server, which is closed with its last user."""
    place = asyncio.get_running_loop(), key, server
    client, users = _shared.get(place) or (make(key, environment=server), 0)
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

    async def wait(self) -> None:
        """Return when it has ended; raise what would meet every other look as well."""
        raise NotImplementedError

    def pause(self, _waited: float) -> float:
        """Return the interval less up to a quarter at random, since many begin together."""
        return self.poll_interval * random.uniform(0.75, 1.0)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event."""
        refusal = None
        try:
            await self.wait()
        except APIError as error:
            refusal = f"{type(error).__name__}: {error}"
        yield TriggerEvent({"refusal": refusal})


class WaitSensor(BaseSensorOperator):
    """Looks in a worker, and lets a trigger wait in between."""

    kind: LongRunning[Any]
    """What the spec says of what it waits for."""

    def __init__(self, *, deferrable: bool = DEFERRABLE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.refusal: str | None = None
        self.ends: float | None = None

    def look(self) -> Any:
        """Return the thing as it is now."""
        raise NotImplementedError

    def trigger(self) -> WaitTrigger:
        """Return what waits for it in the triggerer."""
        raise NotImplementedError

    def poke(self, context: Any) -> bool | PokeReturnValue:
        """Return whether it has ended in success, with its dict. A bad end is not tried again."""
        try:
            item = self.look()
        except APIError as error:
            if not (self.deferrable and error.is_transient):
                raise
            self.log.warning("A trigger waits until this has passed: %s", error)
        else:
            if bad_end := self.kind.end_error(item):
                raise AirflowFailException(str(bad_end)) from bad_end
            if self.kind.is_final(item):
                return PokeReturnValue(is_done=True, xcom_value=for_xcom(item.to_dict()))
            if self.refusal:
                raise RuntimeError(f"The triggerer could not wait for it: {self.refusal}")
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
        self.refusal, self.ends = event["refusal"], ends
        return self.execute(context)


def for_xcom(payload: dict[str, Any]) -> Any:
    """Return JSON as Airflow can carry it: an integer of more than 64 bits as its digits."""
    return json.loads(
        json.dumps(payload),
        parse_int=lambda digits: number if (number := int(digits)).bit_length() < 64 else digits,
    )
