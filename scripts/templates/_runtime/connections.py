"""The way to the server: its proxy, its certificates, and whose turn it is to go it."""

from __future__ import annotations

import ipaddress
import os
import ssl
import threading
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import anyio.lowlevel
import attrs
import httpcore
import httpx

from .body import Body

R = TypeVar("R")

MAX_REQUESTS = 16
"""How many requests a client has under way at a time; more wait for their turn."""

MAX_BORROWED = 100
"""The same over an `http_client`, whose own limits come first; as httpx's are by default."""

KEEPALIVE = 55.0
"""How long a connection is kept, in seconds. Polls come every 30; servers close after a minute."""

PORTS = {"http": 80, "https": 443}

HTTPCORE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


@attrs.frozen
class Request:
    """A request as it goes out, built once for all attempts at a call."""

    method: str
    target: str
    """The path on the server with the query, percent-encoded."""
    headers: list[tuple[bytes, bytes]]
    content: bytes
    timeout: httpx.Timeout


@attrs.frozen
class Answer:
    """An answer as it came in."""

    status_code: int
    reason: str
    headers: httpx.Headers
    body: Body


@attrs.frozen
class Route:
    """How a client reaches its server."""

    base_url: httpx.URL
    origin: httpcore.Origin
    proxy: httpx.URL | None
    tls: ssl.SSLContext | None

    @property
    def host(self) -> bytes:
        """The value of the header `Host`."""
        return self.base_url.netloc

    @property
    def by_proxy(self) -> dict[str, Any]:
        """What a pool of httpcore must know of the proxy."""
        assert self.proxy
        url = str(self.proxy.copy_with(userinfo=b""))
        options: dict[str, Any] = {"proxy_url": url, "ssl_context": self.tls}
        if self.proxy.username or self.proxy.password:
            options["proxy_auth"] = (self.proxy.username.encode(), self.proxy.password.encode())
        if self.proxy.scheme == "https":
            options["proxy_ssl_context"] = self.tls
        return options


def route_to(url: httpx.URL) -> Route:
    """Find the way to a server, with the proxy and the certificates that the environment names."""
    proxy = proxy_for(url)
    is_encrypted = "https" in {url.scheme, proxy.scheme if proxy else ""}
    origin = httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"
    ).origin
    return Route(url, origin, proxy, tls_context() if is_encrypted else None)


def tls_context() -> ssl.SSLContext:
    """Return the certificates to trust, as httpx finds them; read once for all clients."""
    given = {name: os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    for name, path in given.items():
        if path and not os.path.exists(path):
            raise ValueError(f"The environment variable {name} names {path!r}, which is not there.")
    try:
        return _tls_context(*given.values())
    except OSError as error:  # ssl.SSLError is one.
        raise ValueError(f"The certificates of SSL_CERT_FILE cannot be read: {error}") from None


@cache
def _tls_context(*_: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


def proxy_for(url: httpx.URL) -> httpx.URL | None:
    """Return the proxy that the environment names for a server, if any."""
    proxies: Mapping[str, str] = urllib.request.getproxies()
    found = next((kind for kind in (url.scheme, "all") if proxies.get(kind)), None)
    if found is None or _is_direct(url, proxies.get("no", "")):
        return None
    given = proxies[found] if "://" in proxies[found] else f"http://{proxies[found]}"
    name = _variable(f"{found}_proxy")
    try:
        proxy = httpx.URL(given)
    except httpx.InvalidURL as error:
        raise ValueError(f"{name} is not the URL of a proxy: {error}") from None
    if proxy.scheme not in {"http", "https", "socks5", "socks5h"} or not proxy.host:
        raise ValueError(f"{name} is not of the form http://host:port or socks5://host:port.")
    if proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ValueError(f"{name} asks for SOCKS: pip install 'httpx[socks]'")
    return proxy


def _variable(name: str) -> str:
    """Say where a setting comes from."""
    for spelling in (name, name.upper()):
        if os.environ.get(spelling):
            return f"The environment variable {spelling}"
    return f"The system's setting {name}"


def _is_direct(url: httpx.URL, exceptions: str) -> bool:
    """Whether `NO_PROXY` has the server: its name, its domain, its address or its network."""
    if not exceptions:  # Then the system's settings count, where it has any.
        return bool(urllib.request.proxy_bypass(url.host))
    host = f"[{url.host}]" if ":" in url.host else url.host
    host = f"{host}:{url.port or PORTS.get(url.scheme)}"
    for entry in filter(None, map(str.strip, exceptions.split(","))):
        scheme, _, plain = entry.rpartition("://")
        if scheme in {"", "all", url.scheme} and _names(plain.removeprefix("*."), url.host, host):
            return True
    return False


def _names(entry: str, host: str, host_and_port: str) -> bool:
    try:
        network = ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError as error:
        if "/" in entry:
            name = _variable("no_proxy")
            raise ValueError(f"{name} has {entry!r}, which is no network: {error}") from None
        name = f".{entry.lstrip('.').lower()}"
        return entry == "*" or f".{host}".endswith(name) or f".{host_and_port}".endswith(name)
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:  # It has a name.
        return False


class Rooms(Generic[R]):
    """One of something for each process and each event loop in it, made when first asked for.

    A child of a fork shares the sockets of its parent, and a loop cannot use those of another.
    """

    def __init__(self, make: Callable[[], R]) -> None:
        self._make = make
        self._by_process: dict[int, tuple[threading.RLock, WeakKeyDictionary[object, R]]] = {}

    @contextmanager
    def _mine(self) -> Generator[WeakKeyDictionary[object, R]]:
        """Give those of this process. The parent's stay: to close them would touch its loop."""
        process = os.getpid()
        if process not in self._by_process:
            self._by_process.setdefault(process, (threading.RLock(), WeakKeyDictionary()))
        lock, rooms = self._by_process[process]
        with lock:
            yield rooms

    def here(self, loop: object) -> R:
        """Return the one of a loop, in this process."""
        with self._mine() as rooms:
            if loop not in rooms:
                rooms[loop] = self._make()
            return rooms[loop]

    def take_out(self, loop: object) -> R | None:
        """Return the one of a loop, if there is one, and forget it."""
        with self._mine() as rooms:
            return rooms.pop(loop, None)

    def of_closed_loops(self) -> list[R]:
        """Return those of loops that are closed, and forget them: nobody else would ever do so."""
        with self._mine() as rooms:
            closed = [loop for loop in rooms if getattr(loop, "is_closed", bool)()]
            return [rooms.pop(loop) for loop in closed]


class Process:
    """Stands for the event loop where there is none."""


_PROCESS = Process()


def this_process() -> object:
    """Return what `Rooms` of a sync client are asked for with."""
    return _PROCESS


def this_loop() -> object:
    """Return what `Rooms` of an async client are asked for with: the running loop."""
    token = anyio.lowlevel.current_token()
    return getattr(token, "native_token", token)
