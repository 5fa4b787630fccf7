"""The body of an answer as it arrives."""

from __future__ import annotations

import zlib

from .mismatch import MismatchError, excerpt

MOST_CODINGS = 4
"""How many codings in a row are read."""

PIECE = 65536
"""How much is unpacked at a time, in bytes."""

GZIP = b"\x1f\x8b"


class Body:
    """The body of an answer: decompressed at its end, and never larger than a limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        codings = [coding.strip() for coding in reversed(self._encoding.split(","))]
        self._codings = [coding for coding in codings if coding not in {"", "identity"}]
        self._limit = limit
        self._most = limit + PIECE  # What is packed may be a little larger than what it holds.
        self._size = 0
        self._parts: list[bytes] = []
        self.error: MismatchError | None = None
        """Why the rest is of no use, once that is so."""

    def add(self, chunk: bytes) -> None:
        """Take the next bytes from the wire."""
        self._parts.append(chunk[: self._most - self._size])
        self._size += len(chunk)
        if self._size > self._most:
            self._fail(self._too_much)

    def finish(self) -> bytes:
        """Return what has come, decompressed as far as it can be."""
        data = b"".join(self._parts)
        if {*self._codings} <= {"gzip", "x-gzip", "deflate"} and len(self._codings) <= MOST_CODINGS:
            for coding in self._codings:
                data = self._unpacked(data, coding)
        else:
            self._fail(f"expected a body in gzip, or as it is, got {excerpt(self._encoding)}")
        if len(data) > self._limit:
            self._fail(self._too_much)
        return data[: self._limit]

    def _unpacked(self, data: bytes, coding: str) -> bytes:
        """Take off one coding: gzip of one or more members (RFC 1952), zlib or raw deflate."""
        inner = zlib.decompressobj(_window(data, coding))
        parts: list[bytes] = []
        at = size = 0
        try:
            while at < len(data) and size <= self._most:
                piece = data[at : at + PIECE]
                parts.append(inner.decompress(piece, self._most - size + 1))
                size += len(parts[-1])
                at += len(piece) - len(inner.unconsumed_tail) - len(inner.unused_data)
                if inner.eof:
                    if not data.startswith(GZIP, at):
                        break  # What follows the last member is not ours.
                    inner = zlib.decompressobj(zlib.MAX_WBITS + 16)
        except zlib.error as error:
            self._fail(f"expected a body in {self._encoding}: {error}")
        if size > self._most:
            self._fail(self._too_much)
        elif data and not inner.eof:
            self._fail(f"expected a body in {self._encoding}, got half of it")
        return b"".join(parts)

    @property
    def _too_much(self) -> str:
        return f"expected a body of at most {self._limit:,} bytes (max_response_bytes), got more"

    def _fail(self, problem: str) -> None:
        self.error = self.error or MismatchError(problem)


def _window(data: bytes, coding: str) -> int:
    """Tell zlib what begins here; what HTTP calls deflate has a header, or has none."""
    is_zlib = data[:1] and data[0] & 15 == 8 and int.from_bytes(data[:2]) % 31 == 0
    is_raw = coding == "deflate" and not is_zlib and not data.startswith(GZIP)
    return -zlib.MAX_WBITS if is_raw else zlib.MAX_WBITS + 32
