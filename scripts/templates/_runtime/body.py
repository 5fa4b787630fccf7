"""The body of an answer as it arrives."""

from __future__ import annotations

import zlib

from .mismatch import MismatchError

_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class Body:
    """The body of an answer as it arrives: decompressed, and never larger than a limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        self._limit = limit
        # 47 reads the header of gzip and of zlib (what HTTP calls deflate) alike.
        self._unzip = zlib.decompressobj(47) if self._encoding in _PACKED else None
        self._parts: list[bytes] = []
        self._size = 0
        self.error: MismatchError | None = None
        """Why the rest is of no use, once that is so."""
        if self._encoding not in _PACKED | {"", "identity"}:
            self.error = MismatchError.unexpected(encoding, "a body in gzip, or as it is")

    def add(self, chunk: bytes) -> None:
        """Take the next bytes from the wire."""
        room = self._limit - self._size
        try:
            data = self._unzip.decompress(chunk, room + 1) if self._unzip else chunk
        except zlib.error as error:
            self.error = MismatchError(f"expected a body in {self._encoding}: {error}")
            return
        self._parts.append(data[:room])
        self._size += len(data)
        if self._size > self._limit:
            self.error = MismatchError(
                f"expected a body of at most {self._limit:,} bytes (max_response_bytes), got more"
            )

    def finish(self) -> bytes:
        """Give what has come, decompressed."""
        if self._unzip and self._size and not self._unzip.eof and not self.error:
            self.error = MismatchError(f"expected a body in {self._encoding}, got half of it")
        return b"".join(self._parts)
