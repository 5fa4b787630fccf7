"""The token, kept out of everything that somebody may read."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote


def basic(token: str) -> str:
    """Return what a header says of a user and a password, `user:password` (RFC 7617)."""
    return f"Basic {b64encode(token.encode()).decode()}"


def _spelled(text: str) -> set[str]:
    """Return a text as others may write it, in letters of either case."""
    in_code = {repr(text)[1:-1], json.dumps(text)[1:-1], text.replace("/", "\\/")}
    return {text, quote(text, safe=""), basic(text).partition(" ")[2], *in_code}


def redactor(token: str) -> Callable[[Any], Any]:
    """Return what takes a token out of text, and out of JSON: some servers repeat what they refuse.

    What follows a scheme or a user is secret by itself. No real key is shorter than 8; one that is
    may stand in any text by chance.
    """
    parts = [token, *(token.partition(mark)[2] for mark in " :")]
    spellings = {spelling for part in parts if len(part) >= 8 for spelling in _spelled(part)}
    longest_first = sorted(spellings, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first)) or "(?!)"  # The latter is nowhere.

    def redact(value: Any) -> Any:
        match value:
            case str():
                # As databases write a UUID. Compiled when first needed: it takes some time.
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
