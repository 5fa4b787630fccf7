"""An HTTP server on loopback, with real sockets, that does to a request what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

JOB = (Path(__file__).parent / "payloads" / "page-sample.json").read_bytes()
Wire = asyncio.StreamWriter
Fault = Callable[[Wire, str], Awaitable[None]]


def message(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Write an answer down."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def say(data: bytes, *, close: bool = False) -> Fault:
    """Send bytes, and perhaps hang up."""

    async def fault(wire: Wire, _: str) -> None:
        wire.write(data)
        await wire.drain()
        if close:
            wire.close()

    return fault


def reset_after(data: bytes) -> Fault:
    """Send bytes, and break the connection off."""

    async def fault(wire: Wire, _: str) -> None:
        if data:
            wire.write(data)
            await wire.drain()
            await asyncio.sleep(0.01)
        raw: socket.socket = wire.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.transport.abort()

    return fault


def drip(data: bytes, pause: float = 0.02) -> Fault:
    """Send bytes one at a time."""

    async def fault(wire: Wire, _: str) -> None:
        for byte in data:
            wire.write(bytes([byte]))
            await wire.drain()
            await asyncio.sleep(pause)

    return fault


def sound(write: Callable[[bytes], bytes], *, close: bool = False) -> Fault:
    """Answer with the job that was asked for, written in some way."""

    async def answer(wire: Wire, path: str) -> None:
        asked = path.rsplit("/", 1)[-1].encode()
        wire.write(write(JOB.replace(b"2a5b9ad7-dc8f-47bb-8e62-843a38f8054c", asked)))
        await wire.drain()
        if close:
            wire.close()

    return answer


async def stall(_: Wire, __: str) -> None:
    """Say nothing for a long time."""
    await asyncio.sleep(30)


async def stall_in_body(wire: Wire, _: str) -> None:
    """Begin an answer and never end it."""
    wire.write(message("200 OK", JOB[:50], length=len(JOB)))
    await wire.drain()
    await asyncio.sleep(30)


@cache
def bomb() -> bytes:
    """Pack 256 MiB of blanks into a quarter of a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * 1024**2) for _ in range(256)) + packer.flush()


async def endless(wire: Wire, _: str) -> None:
    """Promise a terabyte, and keep sending."""
    wire.write(message("200 OK", b"[", length=1 << 40))
    while not wire.is_closing():
        wire.write(b" " * 65536)
        await wire.drain()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(JOB)

FAULTS: dict[str, Fault] = {
    "ok": sound(lambda job: message("200 OK", job, "Content-Type: application/json")),
    "reset": reset_after(b""),
    "reset in headers": reset_after(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "reset in body": reset_after(message("200 OK", JOB[:50], length=len(JOB))),
    "hang up": say(b"", close=True),
    "hang up in body": say(message("200 OK", JOB[:50], length=len(JOB)), close=True),
    "length too long": say(message("200 OK", JOB, length=len(JOB) + 9), close=True),
    "length too short": say(message("200 OK", JOB[:50]), close=True),
    "length is no number": say(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n" + JOB, close=True),
    "stall": stall,
    "stall in body": stall_in_body,
    "garbage": say(b"\x00\xff\x13garbage\r\n\r\n", close=True),
    "html 502": say(message("502 Bad Gateway", b"<html>nginx</html>", "Content-Type: text/html")),
    "empty 503": say(message("503 Service Unavailable")),
    "408": say(message("408 Request Timeout")),
    "500": say(message("500 Internal Server Error", b'{"error": "E", "error_description": "D"}')),
    "520": say(b"HTTP/1.1 520 \r\nContent-Length: 0\r\n\r\n"),
    "429": say(message("429 Too Many Requests")),
    "429 in 2": say(message("429 Too Many Requests", b"", "Retry-After: 2")),
    "429 in an hour": say(message("429 Too Many Requests", b"", "Retry-After: 3600")),
    "404": say(message("404 Not Found", b'{"error": "NotFound", "error_description": "No."}')),
    "400": say(message("400 Bad Request")),
    "302": say(message("302 Found", b"", "Location: http://127.0.0.1:1/stolen")),
    "302 to nowhere": say(message("302 Found", b"", "Location: http://x:port/")),
    "302 by mail": say(message("302 Found", b"", "Location: mailto:a@b")),
    "404 in a charset": say(
        message(
            "404 Not Found",
            b'{"error": "NotFound", "error_description": "No."}',
            "Content-Type: application/json; charset=rot13",
        )
    ),
    "304": say(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "half a json": say(message("200 OK", JOB[:200])),
    "not a json": say(message("200 OK", b"<html>maintenance</html>")),
    "http/1.0": sound(lambda job: b"HTTP/1.0 200 OK\r\n\r\n" + job, close=True),
    "header of 50 KiB": sound(lambda job: message("200 OK", job, f"X-Pad: {'x' * 51_200}")),
    "chunked": sound(lambda job: CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(job), job)),
    "bad chunks": say(CHUNKED + b"zz\r\n" + JOB, close=True),
    "chunks cut short": say(CHUNKED + b"%x\r\n%b" % (len(JOB), JOB[:9]), close=True),
    "gzip": sound(lambda job: message("200 OK", gzip.compress(job), "Content-Encoding: gzip")),
    "deflate": sound(
        lambda job: message("200 OK", zlib.compress(job), "Content-Encoding: deflate")
    ),
    "half a gzip": say(message("200 OK", PACKED[:-20], "Content-Encoding: gzip")),
    "no gzip": say(message("200 OK", JOB, "Content-Encoding: gzip")),
    "brotli": say(message("200 OK", JOB, "Content-Encoding: br")),
    "drip": drip(message("200 OK", JOB)),
    "drip headers": drip(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: 1\r\n" * 500),
    "bomb": say(message("200 OK", bomb(), "Content-Encoding: gzip")),
    "endless": endless,
}


class FaultServer:
    """Plays a fault a request: the script's, in turn, and its last one ever after."""

    def __init__(
        self,
        *script: str,
        choose: Callable[[str], str] | None = None,
        faults: dict[str, Fault] | None = None,
    ) -> None:
        self._faults = {**FAULTS, **(faults or {})}
        self.requests: list[bytes] = []
        self.open = 0
        self.accepted = 0
        self._script = list(script)
        self._choose = choose or self._next
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _next(self, _: str) -> str:
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0, backlog=1024)
        self.port: int = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, wire: Wire) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        self.accepted += 1
        try:
            while not wire.is_closing():
                request = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(request)
                path = request.split(b" ", 2)[1].decode()
                await self._faults[self._choose(path)](wire, path)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            wire.close()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
