"""The body of an answer, and the codings that it may have."""

from __future__ import annotations

import zlib

MOST_CODINGS = 4
"""How many codings in a row are read."""

PIECE = 65536
"""How much is unpacked at a time, in bytes; packed, a body may be larger by as much."""

GZIP = b"\x1f\x8b"


def unpacked(data: bytes, encoding: str, limit: int) -> tuple[bytes, str]:
    """Return a body without its codings, as far as they can be read and up to so many bytes.

    And what is wrong with it, in words, if anything is.
    """
    names = [name.strip() for name in encoding.lower().split(",")]
    codings = [name for name in names if name not in {"", "identity"}]
    problem = ""
    if len(codings) > MOST_CODINGS or not {*codings} <= {"gzip", "x-gzip", "deflate"}:
        problem = f"expected a body in gzip, or as it is, got {encoding!r}"
    while codings and not problem and len(data) <= limit + PIECE:
        data, problem = _without(data, codings.pop(), limit + PIECE)
    if len(data) > limit and not problem:
        problem = f"expected a body of at most {limit:,} bytes (max_response_bytes), got more"
    return data[:limit], problem


def _without(data: bytes, coding: str, most: int) -> tuple[bytes, str]:
    """Take off one coding: gzip of one or more members (RFC 1952), zlib or raw deflate."""
    inner = zlib.decompressobj(_window(data, coding))
    found, at = bytearray(), 0
    try:
        while at < len(data) and len(found) <= most:
            piece = data[at : at + PIECE]
            found += inner.decompress(piece, most - len(found) + 1)
            at += len(piece) - len(inner.unconsumed_tail) - len(inner.unused_data)
            if inner.eof:
                if not data.startswith(GZIP, at):
                    break  # What follows the last member is not ours.
                inner = zlib.decompressobj(zlib.MAX_WBITS + 16)
    except zlib.error as error:
        return bytes(found), f"expected a body in {coding}: {error}"
    is_half = data and not inner.eof and len(found) <= most
    return bytes(found), f"expected a body in {coding}, got half of it" if is_half else ""


def _window(data: bytes, coding: str) -> int:
    """Tell zlib what begins here; what HTTP calls deflate has a header, or has none."""
    is_zlib = data[:1] and data[0] & 15 == 8 and int.from_bytes(data[:2]) % 31 == 0
    is_raw = coding == "deflate" and not is_zlib and not data.startswith(GZIP)
    return -zlib.MAX_WBITS if is_raw else zlib.MAX_WBITS + 32
