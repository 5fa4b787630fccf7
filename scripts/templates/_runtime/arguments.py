"""What the clients' arguments are held to, before any request goes out."""

from __future__ import annotations

import inspect
import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from numbers import Integral
from typing import NamedTuple, SupportsFloat, TypeAlias, cast

import httpx

from .async_connections import AsyncConnection, AsyncOwnConnection
from .connections import Route
from .errors import ErrorClasses, excerpt, shortened

Seconds: TypeAlias = float | timedelta
"""A time in seconds, or as a `timedelta`."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110, 5.1)."""

CENTURY = 3e9
"""A longer time is as good as this one, beyond which the clocks of the system overflow."""


class API(NamedTuple):
    """What a client must know of its API."""

    project: str
    """The distribution, as one installs it."""
    version: str
    """Its version."""
    key_variable: str
    """The environment variable with the token."""
    environment_variable: str
    """The environment variable with the name of a server."""
    log_variable: str
    """The environment variable with the level of the log."""
    servers: Mapping[str, str]
    """The base URL of each server by its name; the first is the default."""
    auth_header: str
    """The header that carries the token."""
    auth_value: Callable[[str], str]
    """What makes the value of that header from the token."""
    errors: ErrorClasses

    def checked_token(self, token: object) -> str:
        """Check the API key, by default a variable's; it stays out of every message."""
        token = os.environ.get(self.key_variable) if token is None else token
        if token is None or token == "":
            raise ValueError(
                "There is no API key: pass it as token=..., or put it into the environment "
                f"variable {self.key_variable}."
            )
        if not isinstance(token, str) or not is_header(token) or token != token.strip():
            raise ValueError(
                "The API key is malformed: it is no string, or it has a space at its ends, or a "
                "line break or another character that cannot stand in a header."
            )
        prefix = self.auth_value("")
        if prefix and token.lower().startswith(prefix.lower()):
            raise ValueError(f"The API key begins with {prefix!r}, which the client adds.")
        return token

    def checked_server(self, environment: object, base_url: object) -> object:
        """Return the URL of the server that is named, by default by a variable, else the first."""
        if base_url is not None:
            if environment is not None:
                raise ValueError("Pass environment or base_url, not both: each names the server.")
            return base_url
        name = environment or os.environ.get(self.environment_variable) or next(iter(self.servers))
        server = self.servers.get(str(name), name)
        if server is name and "://" not in str(name):
            known = ", ".join(repr(name) for name in self.servers)
            raise ValueError(
                f"There is no environment {excerpt(name)}: pass one of {known} or a URL, or put it "
                f"into the environment variable {self.environment_variable}."
            )
        return server

    def checked_headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Check further headers; a value may be a secret too, and stays out of the message."""
        if not hasattr(headers, "items"):
            raise ValueError(f"headers must be a mapping, not of type {type(headers).__name__}")
        ours = {"host", "content-length", "transfer-encoding", self.auth_header.lower()}
        for name, value in headers.items():
            if not is_header(name) or not _NAME.fullmatch(name) or not is_header(value):
                said = "is no name, or its value is not printable ASCII text"
                raise ValueError(f"The header {excerpt(name)} {said}.")
            if name.lower() in ours:
                raise ValueError(f"The header {name} is made from the request or the token.")
        return headers


def checked_base_url(base_url: object, *, allow_insecure_http: bool) -> httpx.URL:
    """Check that a URL is one that paths can be appended to, and that a token may be sent to."""
    try:
        url = httpx.URL(cast("str", base_url))
        url.host.encode("idna")
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise ValueError(f"The base URL is malformed: {shortened(str(error))}") from None
    if url.userinfo or set("?#") & set(str(url)):
        raise ValueError("The base URL must have no user, password, query or fragment.")
    shown = f"The base URL {excerpt(str(url))}"
    if url.scheme not in {"http", "https"} or not url.host or not 0 < (url.port or 1) < 2**16:
        raise ValueError(f"{shown} is not of the form https://host[:port][/path]")
    if url.scheme == "http" and not (allow_insecure_http or _is_loopback(url.host)):
        advice = "use https://, or pass allow_insecure_http=True"
        raise ValueError(f"{shown} would send the API key unencrypted: {advice}")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def checked_timeout(timeout: Seconds | httpx.Timeout | None) -> httpx.Timeout:
    """Check the time-out of the parts of a request."""
    if isinstance(timeout, httpx.Timeout):
        for part, seconds in timeout.as_dict().items():
            checked_span(f"timeout ({part})", seconds)
        return timeout
    return httpx.Timeout(checked_span("timeout", timeout))


def checked_span(name: str, value: Seconds | None) -> float | None:
    """Check a time; return it in seconds."""
    rule = f"{name} must be a number of seconds above 0, or None"
    return None if value is None else checked_seconds(value, rule)


def checked_seconds(given: object, rule: str) -> float:
    """Return a time in seconds, given as a number of any library or as a `timedelta`."""
    value = given.total_seconds() if isinstance(given, timedelta) else given
    # That of numpy counts as an integer, in any unit.
    is_span = isinstance(value, bool) or type(value).__name__ == "timedelta64"
    seconds = math.nan
    if isinstance(value, SupportsFloat) and not is_span:
        with suppress(OverflowError, TypeError, ValueError):
            seconds = float(value)
    if not 0.0 < seconds < math.inf:
        raise ValueError(f"{rule}, not {excerpt(given)}")
    return min(seconds, CENTURY)


def checked_count(name: str, value: object, least: int = 0) -> int:
    """Check a number of things."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        given = excerpt(value)
        raise ValueError(f"{name} must be a whole number, {least} or more, not {given}")
    return int(value)


def checked_async_callback(name: str, value: object) -> None:
    """Take a function of the caller's as it is: it is awaited where it is async."""


def checked_callback(name: str, value: object) -> None:
    """Check that a function of the caller's is not async."""
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(type(value).__call__):
        raise ValueError(f"{name} is async, which AsyncClient alone awaits: pass a plain function")


def is_header(text: object) -> bool:
    """Whether text can stand in a header."""
    return isinstance(text, str) and text.isascii() and text.isprintable()


def checked_transport(
    transport: object, http_client: object, project: str
) -> Callable[[Route], AsyncConnection]:
    """Check the choice of a transport, and that it is there; return what connects."""
    if transport == "httpx":
        return AsyncOwnConnection
    if transport != "aiohttp":
        raise ValueError(f"transport must be 'httpx' or 'aiohttp', not {excerpt(transport)}")
    if http_client is not None:
        raise ValueError("Pass http_client or transport, not both: a client has its own.")
    try:
        from .aiohttp import Session
    except ImportError as error:
        extra = f"pip install '{project}[aiohttp]'"
        raise ValueError(f"transport='aiohttp' needs an extra: {extra}") from error
    return Session
