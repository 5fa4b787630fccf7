"""Ordinary Python out of asynchronous Python, in the manner of unasync: by a table of words."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping

WORDS = {
    "async": "",
    "await": "",
    "StopAsyncIteration": "StopIteration",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__anext__": "__next__",
    "aclose": "close",
    "asend": "send",
    "athrow": "throw",
    "aiter_raw": "iter_raw",
    "anyio": "time",  # It stands for `anyio.sleep` alone.
    "aiter_stream": "iter_stream",
    "AnyIOBackend": "SyncBackend",
    "shielded": "unshielded",
    "Tasks": "Threads",
    "handle_async_request": "handle_request",
    "this_loop": "this_process",
    "called_async": "called",
    "checked_async_callback": "checked_callback",
    # Modules.
    "async_connections": "sync_connections",
    "async_client": "sync_client",
}
"""What each word becomes; another loses `Async` at its front. Text in quotes stays as it is."""

KEYWORDS = {"async": "", "await": ""}
"""The same where names of the spec stand beside ours: a parameter may be called `anyio`."""


def sync_twin(code: str, words: Mapping[str, str] = WORDS) -> str:
    """Return the code that does the same without `await`; the classes of `models` stay."""
    lines = code.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    for token in reversed(tokens):
        word = words.get(token.string, token.string.removeprefix("Async"))
        if token.type == tokenize.NAME and word != token.string:
            (row, start), end = token.start, token.end[1]
            line = lines[row - 1]
            rest = line[end:] if word else line[end:].lstrip()
            is_of_the_spec = line[:start].endswith("models.")
            lines[row - 1] = line if is_of_the_spec else line[:start] + word + rest
    return "".join(lines)
