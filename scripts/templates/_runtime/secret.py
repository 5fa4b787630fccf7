"""The token, kept out of everything that somebody may read."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote


def basic(token: str) -> str:
    """Return what a header says of a user and a password, `user:password` (RFC 7617)."""
    return f"Basic {b64encode(token.encode()).decode()}"


def _spelled(text: str) -> set[str]:
    """Return a text as others may write it."""
    in_url = quote(text, safe="")
    in_code = {repr(text)[1:-1], json.dumps(text)[1:-1], text.replace("/", "\\/")}
    in_small_digits = re.sub("%..", lambda found: found[0].lower(), in_url)
    return {text, in_url, in_small_digits, basic(text).partition(" ")[2], *in_code}


class Secret:
    """A token, and what finds it in the words of others."""

    def __init__(self, token: str) -> None:
        # What follows a scheme or a user is secret by itself. No real key is shorter than 8; one
        # that is may stand in any text by chance.
        parts = [token, *(token.partition(mark)[2] for mark in " :")]
        spellings = {spelling for part in parts if len(part) >= 8 for spelling in _spelled(part)}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def redact(self, value: Any) -> Any:
        """Take the token out of text, and out of any JSON: some servers repeat what they refuse."""
        match value:
            case str():
                for spelling in self._spellings:
                    value = value.replace(spelling, "[token]")
                return value
            case bytes():
                return self.redact(value.decode("latin-1")).encode("latin-1")
            case list():
                return [self.redact(item) for item in cast("Sequence[Any]", value)]
            case dict():
                items = cast("Mapping[str, Any]", value).items()
                return {self.redact(key): self.redact(item) for key, item in items}
            case _:
                return value
