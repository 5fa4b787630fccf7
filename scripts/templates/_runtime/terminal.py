"""What the command line shows: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from textwrap import indent
from typing import Any, TextIO, cast

from .errors import shortened
from .log import logger
from .waiting import LongRunning

NAME = str(__package__).removesuffix("._runtime").rpartition(".")[2].replace("_", "-")
"""The command, which is named after the package."""

BETWEEN_WARNINGS = 60.0
"""How long after an error in a wait the next one is shown, in seconds."""

HARMLESS = "\n\u200c\u200d"
"""What text holds that is not to be seen: its lines, and what letters and emoji join by."""


def write(stream: TextIO, data: str | bytes) -> None:
    """Write to a standard stream; to nowhere, once its reader has had enough."""
    if isinstance(data, str):
        data = data.encode(stream.encoding, "backslashreplace")
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            raise  # Only the results have to be whole.


def complain(problem: object) -> None:
    """Say on one line what is wrong."""
    write(sys.stderr, f"{NAME}: {printable(' '.join(str(problem).split()))}\n")


def printable(text: str) -> str:
    """Show what would control the terminal, but for line breaks."""
    text = text.replace("\r\n", "\n").expandtabs()
    return "".join(c if c.isprintable() or c in HARMLESS else ascii(c)[1:-1] for c in text)


def on_one_line(text: str) -> str:
    """Show what would control the terminal, line breaks included."""
    return printable(text).replace("\n", "\\n")


class Terminal(logging.Handler):
    """Shows what is asked for, how it goes with it, and what the log says meanwhile."""

    def __init__(self, record: LongRunning[Any], server: object, *, is_quiet: bool) -> None:
        super().__init__()
        self.record, self._is_quiet = record, is_quiet
        self._began = time.monotonic()
        self._next_warnings: dict[str, float] = {}
        self._is_verbose = logger.level != logging.NOTSET
        name = f"{NAME}: {str(server).replace('%', '%%')}:"
        before = "%(asctime)s %(levelname)s" if self._is_verbose else name
        self.setFormatter(logging.Formatter(f"{before} %(message)s"))
        if not is_quiet:
            logging.root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a line of the log; unless it is asked for, a warning of each kind a minute."""
        kind, now = str(record.msg), time.monotonic()
        if self._is_verbose or now >= self._next_warnings.get(kind, 0.0):
            self._next_warnings[kind] = now + BETWEEN_WARNINGS
            write(sys.stderr, f"{printable(self.format(record))}\n")

    def show(self, item: object) -> None:
        """Print something on stdout: bytes as they are, else a description."""
        if isinstance(item, bytes):
            write(sys.stdout, item if item.endswith(b"\n") else item + b"\n")
            return
        lines = self._described(item)
        shown = [next(lines)]
        try:
            shown.extend(lines)
        except RecursionError:  # It is one of several.
            shown.append("  (the rest is too deeply nested to be shown: see --json)")
        write(sys.stdout, "".join(f"{line}\n" for line in shown))

    def update(self, item: Any) -> None:
        """Say a new state; if it is a bad end, also why, and even if nothing else is to be said."""
        is_bad, state = self._is_bad(item), on_one_line(self.record.state_of(item))
        if is_bad or not self._is_quiet:
            reasons = "; ".join(self.record.reasons_of(item)) if is_bad else ""
            because = f": {on_one_line(shortened(reasons))}" if reasons else ""
            after = timedelta(seconds=int(time.monotonic() - self._began))
            write(sys.stderr, f"{self.record.id_of(item)} {state} after {after}{because}\n")

    def _is_bad(self, item: Any) -> bool:
        return self.record.is_final(item) and not self.record.is_success(item)

    def _described(self, item: Any) -> Iterator[str]:
        """Describe something line by line; why it has failed comes first."""
        record = self.record
        yield f"{record.noun} {record.id_of(item)}: {on_one_line(record.state_of(item))}"
        if took := record.duration_of(item):
            yield f"  took {timedelta(seconds=round(took.total_seconds()))}"
        if self._is_bad(item):
            yield from (indent(printable(reason), "  ") for reason in record.reasons_of(item))
        yield from _fields(item.to_dict())


def _fields(value: Mapping[str, Any] | list[Any], margin: str = "  ") -> Iterator[str]:
    """Describe what is in JSON, a field or an item a line."""
    for name, item in enumerate(value, 1) if isinstance(value, list) else value.items():
        label, deeper = f"{margin}{on_one_line(str(name))}:", f"{margin}  "
        if item and isinstance(item, Mapping | list):
            yield label
            yield from _fields(cast("Mapping[str, Any] | list[Any]", item), deeper)
        elif item is not None:
            text = printable(item if isinstance(item, str) else json.dumps(item)).rstrip("\n")
            yield f"{label}\n{indent(text, deeper)}" if "\n" in text else f"{label} {text}"
