"""The token, kept out of everything that somebody may read."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import quote

T = TypeVar("T")

PIECE = 65536


def basic(token: str) -> str:
    """Return what a header says of a user and a password, `user:password` (RFC 7617)."""
    return f"Basic {b64encode(token.encode()).decode()}"


def _spelled(text: str) -> set[str]:
    """Return a text as others may write it."""
    in_code = {repr(text)[1:-1], json.dumps(text)[1:-1], text.replace("/", "\\/")}
    return {text, quote(text, safe=""), basic(text).partition(" ")[2], *in_code}


class Secret:
    """A token, and what finds it in the words of others."""

    def __init__(self, token: str) -> None:
        self.token = token
        # What follows a scheme or a user is secret by itself. No real key is shorter than 8; one
        # that is may stand in any text by chance.
        parts = [token, *(token.partition(mark)[2] for mark in " :")]
        spellings = {spelling for part in parts if len(part) >= 8 for spelling in _spelled(part)}
        self._spellings = [spelling.lower() for spelling in spellings]
        self._found = re.compile("|".join(map(re.escape, spellings)), re.I).sub
        self._is_long = bool(spellings)

    def redact(self, value: T) -> T:
        """Take the token out of text, and out of any JSON: some servers repeat what they refuse."""
        return cast("T", self._redacted(value)) if self._is_long else value

    def _may_be_in(self, text: str) -> bool:
        """Look piece by piece: in a body of megabytes, a fraction of the time of the pattern."""
        overlap = max(map(len, self._spellings))
        pieces = (text[at : at + PIECE + overlap].lower() for at in range(0, len(text), PIECE))
        return any(spelling in piece for piece in pieces for spelling in self._spellings)

    def _redacted(self, value: Any) -> Any:
        match value:
            case str():
                return self._found("[token]", value) if self._may_be_in(value) else value
            case bytes():
                return self._found("[token]", value.decode("latin-1")).encode("latin-1")
            case list():
                return [self._redacted(item) for item in cast("Sequence[Any]", value)]
            case dict():
                items = cast("Mapping[str, Any]", value).items()
                return {self._redacted(key): self._redacted(item) for key, item in items}
            case _:
                return value
