"""The body of an answer as it arrives."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain

from .mismatch import MismatchError

MOST_CODINGS = 4
"""How many codings in a row are read."""

PIECE = 65536
"""How much is unpacked at a time, in bytes."""

GZIP = b"\x1f\x8b"


class Unpacker:
    """Takes off one coding: gzip of one or more members (RFC 1952), zlib or raw deflate."""

    def __init__(self, coding: str) -> None:
        self.size = 0
        """How much has come out."""
        self._coding = coding
        self._head = b""
        self._inner = zlib.decompressobj()
        self._is_amid = False
        self._is_over = False
        """Whether the last member has come: what follows it is not ours."""
        self._members = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing at the end."""
        return not self._is_amid and (self._members > 0 or not self._head)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes give, some of it at a time; it may be nothing."""
        piece = b""
        while (data or len(piece) == PIECE) and not self._is_over:
            if not self._is_amid:
                self._head = data = self._head + data
                if len(data) < 2:
                    return  # More is to come.
                if self._members and data[:2] != GZIP:
                    self._head, self._is_over = b"", True
                    return
                self._inner, self._head = zlib.decompressobj(self._window(data)), b""
                self._is_amid = True
            piece = self._inner.decompress(data, PIECE)
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data, self._is_amid = self._inner.unused_data, False
                self._members += 1
            self.size += len(piece)
            yield piece

    def _window(self, data: bytes) -> int:
        """Tell zlib what begins here; what HTTP calls deflate has a header, or has none."""
        if data[0] & 15 == 8 and int.from_bytes(data[:2]) % 31 == 0:
            return zlib.MAX_WBITS
        is_raw = self._coding == "deflate" and data[:2] != GZIP
        return -zlib.MAX_WBITS if is_raw else zlib.MAX_WBITS + 16


class Body:
    """The body of an answer as it arrives: decompressed, and never larger than a limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        self._limit = limit
        codings = [coding.strip() for coding in self._encoding.split(",")]
        codings = [coding for coding in reversed(codings) if coding not in {"", "identity"}]
        self._parts: list[bytes] = []
        self._size = 0
        self._unpackers: list[Unpacker] = []
        self.error: MismatchError | None = None
        """Why the rest is of no use, once that is so."""
        if not {*codings} <= {"gzip", "x-gzip", "deflate"} or len(codings) > MOST_CODINGS:
            self.error = MismatchError.unexpected(encoding, "a body in gzip, or as it is")
        else:
            self._unpackers = [Unpacker(coding) for coding in codings]

    def add(self, chunk: bytes) -> None:
        """Take the next bytes from the wire."""
        if self.error:
            return
        parts: Iterator[bytes] = iter((chunk,))
        for unpacker in self._unpackers:
            parts = chain.from_iterable(map(unpacker.unpack, parts))
        try:
            for part in parts:
                if part:
                    self._parts.append(part[: self._limit - self._size])
                self._size += len(part)
                between = max((unpacker.size for unpacker in self._unpackers), default=0)
                if self._size > self._limit or between > self._limit + PIECE:
                    most = f"at most {self._limit:,} bytes (max_response_bytes)"
                    self.error = MismatchError(f"expected a body of {most}, got more")
                    return
        except zlib.error as error:
            self.error = MismatchError(f"expected a body in {self._encoding}: {error}")

    def finish(self) -> bytes:
        """Give what has come, decompressed."""
        if not self.error and not all(unpacker.is_whole for unpacker in self._unpackers):
            self.error = MismatchError(f"expected a body in {self._encoding}, got half of it")
        return b"".join(self._parts)
