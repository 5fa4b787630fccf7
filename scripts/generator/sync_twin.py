"""Ordinary Python out of asynchronous Python, in the manner of unasync: by a table of words."""

from __future__ import annotations

import io
import tokenize

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
    "cancelling": "reading",
    "shielded": "unshielded",
    "Tasks": "Threads",
    "handle_async_request": "handle_request",
    "this_loop": "this_process",
    "called_async": "called",
    "checked_async_callback": "checked_callback",
    # Modules.
    "async_connections": "sync_connections",
    "async_client": "sync_client",
    "async_polling": "sync_polling",
}
"""What each word becomes; another loses `Async` at its front. Text in quotes stays as it is."""


def sync_twin(code: str) -> str:
    """Return the code that does the same without `await`."""
    lines = code.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    for token in reversed(tokens):
        word = WORDS.get(token.string, token.string.removeprefix("Async"))
        if token.type == tokenize.NAME and word != token.string:
            line, (row, start), end = token.line, token.start, token.end[1]
            line = lines[row - 1]
            rest = line[end:] if word else line[end:].lstrip()
            lines[row - 1] = line[:start] + word + rest
    return "".join(lines)
