"""The way to the server: its proxy, its certificates, and whose turn it is to go it."""

from __future__ import annotations

import ipaddress
import os
import ssl
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple

import httpcore
import httpx

KEEPALIVE = 55.0
"""How long a connection is kept, in seconds. Polls come every 30; servers close after a minute."""

PORTS = {"http": 80, "https": 443}


class Request:
    """A request as it goes out; whatever shows the variables of a traceback shows nothing of it."""

    def __init__(
        self,
        method: str,
        target: str,  # The path on the server with the query, percent-encoded.
        headers: list[tuple[bytes, bytes]],
        content: bytes,
        timeout: httpx.Timeout,
    ) -> None:
        self.method, self.target, self.headers = method, target, headers
        self.content, self.timeout = content, timeout


class Answer(NamedTuple):
    """An answer as it came in."""

    status_code: int
    reason: str
    headers: httpx.Headers
    content: bytes
    """The body, decompressed as far as it can be."""
    problem: str = ""
    """Why the rest of it is of no use, if so."""


class Route(NamedTuple):
    """How a client reaches its server."""

    base_url: httpx.URL
    origin: httpcore.Origin
    proxy: httpx.Proxy | None
    tls: ssl.SSLContext | None

    @property
    def is_by_socks(self) -> bool:
        """Whether the proxy speaks SOCKS."""
        return self.proxy is not None and self.proxy.url.scheme.startswith("socks")


def route_to(url: httpx.URL) -> Route:
    """Find the way to a server, with the proxy and the certificates that the environment names."""
    proxy = proxy_for(url)
    is_encrypted = "https" in {url.scheme, proxy.url.scheme if proxy else ""}
    origin = httpcore.Origin(url.raw_scheme, url.raw_host, url.port or PORTS[url.scheme])
    named = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return Route(url, origin, proxy, tls_context(*named) if is_encrypted else None)


@cache
def tls_context(*_: str | None) -> ssl.SSLContext:
    """Return the certificates to trust, as httpx finds them; read once for all clients."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one.
        raise ValueError(f"The certificates of SSL_CERT_FILE cannot be read: {error}") from None


def proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a server, if any."""
    proxies: Mapping[str, str] = urllib.request.getproxies()
    kind = next((kind for kind in (url.scheme, "all") if proxies.get(kind)), "")
    if not kind or _is_direct(url, proxies.get("no", "")):
        return None
    name, given = f"The proxy in {kind.upper()}_PROXY, or in the system's settings,", proxies[kind]
    try:
        proxy = httpx.Proxy(given if "://" in given else f"http://{given}")
        if not proxy.url.host or (proxy.url.port or 1) >= 2**16:
            raise ValueError
    except (httpx.InvalidURL, ValueError):  # What they say may quote half a password.
        raise ValueError(
            f"{name} is not of the form http://host:port or socks5://host:port, before the host "
            "with a percent-encoded user:password@ where it needs one."
        ) from None
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ValueError(f"{name} asks for SOCKS: pip install 'httpx[socks]'")
    return proxy


def _is_direct(url: httpx.URL, exceptions: str) -> bool:
    """Whether `NO_PROXY`, or what the system has for it, excepts a server."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    server = f"{host}:{url.port or PORTS[url.scheme]}"
    if urllib.request.proxy_bypass(server):
        return True
    for entry in exceptions.lower().replace(",", " ").split():
        domain = entry.rpartition("://")[2].removeprefix("*").lstrip(".")
        is_named = any(f".{name}".endswith(f".{domain}") for name in (host, server))
        if not domain or is_named or _has(domain, url.host):
            return True
    return False


def _has(entry: str, host: str) -> bool:
    """Whether an entry of `NO_PROXY` is the address of a host, or a network that it is in."""
    address, slash, size = entry.strip("[]").partition("/")
    if slash and ":" not in address:
        address += ".0" * (3 - address.count("."))  # People write 10/8, and so does macOS.
    try:
        network = ipaddress.ip_network(f"{address}{slash}{size}", strict=False)
    except ValueError as error:
        if slash:
            raise ValueError(f"NO_PROXY has {entry!r}, which is no network: {error}") from None
        return False
    with suppress(ValueError):  # The host may have a name.
        return ipaddress.ip_address(host) in network
    return False


def this_process() -> object:
    """Return what stands for the event loop where there is none."""
    return this_process


def this_loop() -> object:
    """Return the running event loop."""
    from anyio.lowlevel import current_token  # A program without a loop need not load it.

    token = current_token()
    return getattr(token, "native_token", token)
