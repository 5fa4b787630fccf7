"""The token, kept out of everything that somebody may read."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

PIECE = 65536
"""How many characters are looked through at a time; a token is shorter."""


def basic(token: str) -> str:
    """Return what a header says of a user and a password, `user:password` (RFC 7617)."""
    return f"Basic {b64encode(token.encode()).decode()}"


def _spelled(text: str) -> str:
    """Return a pattern of a text as others may write it: as in JSON, in code, in a URL, in HTML."""
    ways = r"(?:\\{{,7}}{}|%{:02x}|\\[ux]0{{,2}}{:x}|&#?\w{{1,7}};)"
    return "".join(c if c.isalnum() else ways.format(re.escape(c), ord(c), ord(c)) for c in text)


def redactor(token: str) -> Callable[[Any], Any]:
    """Return what takes a token out of text, and out of JSON: some servers repeat what they refuse.

    What follows a scheme or a user is secret by itself. No real key is shorter than 8; one that is
    may stand in any text by chance.
    """
    secrets = [token, *(token.partition(mark)[2] for mark in " :")]
    texts = [text for one in secrets if len(one) >= 8 for text in (one, basic(one)[6:])]
    pattern = "|".join(map(_spelled, texts))
    words = [max(re.split(r"[\W_]", text), key=len).lower() for text in texts]

    def redact(value: Any) -> Any:
        match value:
            case str():
                # Looked for piece by piece, which is quick and takes no room: a body may be large.
                parts = (value[at : at + 2 * PIECE].lower() for at in range(0, len(value), PIECE))
                if not any(word in part for part in parts for word in words):
                    return value
                # In any case, as databases write a UUID.
                return re.sub(pattern, "[token]", value, flags=re.IGNORECASE)
            case bytes():
                return redact(value.decode("latin-1")).encode("latin-1")
            case list():
                return [redact(item) for item in cast("Sequence[Any]", value)]
            case dict():
                items = cast("Mapping[str, Any]", value).items()
                return {redact(key): redact(item) for key, item in items}
            case _:
                return value

    return redact
