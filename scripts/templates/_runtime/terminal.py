"""What the command line shows: results on stdout, all else on stderr."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from shutil import get_terminal_size
from textwrap import indent
from typing import Any, TextIO, cast

from .cli import NAME, on_one_line, printable, write
from .log import logger
from .mismatch import shortened
from .waiting import LongRunning

BETWEEN_WARNINGS = 60.0
"""How long after an error in a wait the next one is shown, in seconds."""

BETWEEN_TICKS = 1.0
"""How often the time goes on that is shown, in seconds."""

BOLD, RED, GREEN, CYAN = 1, 31, 32, 36


class Terminal(logging.Handler):
    """Where things are shown, and what is known of those that are waited for."""

    def __init__(
        self, options: argparse.Namespace, record: LongRunning[Any], server: object
    ) -> None:
        super().__init__()
        self.record, self._options = record, options
        self._began = time.monotonic()
        self._next_warnings: dict[str, float] = {}
        self._states: dict[str, str] = {}
        self._lock = threading.Lock()  # The log and the ticker come from other threads.
        self._is_live = False
        self._status = ""
        """The line at the end of the terminal that shows how far it is."""
        if options.verbose:
            logger.setLevel(logging.DEBUG)
        self._is_verbose = logger.level != logging.NOTSET  # A variable may ask for the log, too.
        name = f"{NAME}: {str(server).replace('%', '%%')}:"
        before = "%(asctime)s %(levelname)s" if self._is_verbose else name
        self.setFormatter(logging.Formatter(f"{before} %(message)s"))
        if not options.quiet:
            logging.root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a line of the log; unless it is asked for, a warning of each kind a minute."""
        kind, now = str(record.msg), time.monotonic()
        if self._is_verbose or now >= self._next_warnings.get(kind, 0.0):
            self._next_warnings[kind] = now + BETWEEN_WARNINGS
            self._print(sys.stderr, f"{printable(self.format(record))}\n")

    def show(self, item: object) -> None:
        """Print something on stdout: bytes as they are, else a description."""
        if isinstance(item, bytes):
            self._print(sys.stdout, item if item.endswith(b"\n") else item + b"\n")
            return
        lines = list[str]()
        try:
            lines.extend(self._described(item))
        except RecursionError:  # Nobody reads what is so deeply nested.
            lines.append("  (the rest is too deeply nested to be shown: see --json)")
        self._print(sys.stdout, "".join(f"{line}\n" for line in lines))

    def _described(self, item: Any) -> Iterator[str]:
        """Describe something line by line; why it has failed comes first."""
        record, command = self.record, self._options.command
        is_bad = record.is_final(item) and not record.is_success(item)
        style = RED if is_bad else GREEN if record.is_success(item) else CYAN
        state = on_one_line(record.state_of(item))
        yield f"{_styled(f'{record.noun} {record.id_of(item)}', BOLD)}: {_styled(state, style)}"
        began, ended = record.began_of(item), record.ended_of(item)
        if began and ended:
            yield f"  took {timedelta(seconds=round((ended - began).total_seconds()))}"
        fields = item.to_dict()
        if is_bad:
            fields = {command.reasons: fields.get(command.reasons)} | fields
        for key in command.headline:
            fields.pop(key, None)
        yield from _fields(fields)

    def update(self, item: Any) -> None:
        """Take in a new state and say it; if it is a bad end, why."""
        item_id, state = str(self.record.id_of(item)), on_one_line(self.record.state_of(item))
        is_final = self.record.is_final(item)
        with self._lock:
            self._states[item_id] = state
        if not self._options.quiet or (is_final and not self.record.is_success(item)):
            reasons = "; ".join(self.record.reasons_of(item)) if is_final else ""
            because = f": {on_one_line(shortened(reasons))}" if reasons else ""
            self._print(sys.stderr, f"{item_id} {state} after {self._elapsed}{because}\n")

    @contextmanager
    def live(self) -> Generator[None]:
        """Show on a terminal how far it is, until the block ends."""
        if self._options.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield
            return
        is_over = threading.Event()

        def tick() -> None:
            while not is_over.wait(BETWEEN_TICKS):
                self._print(sys.stderr, "")

        self._is_live = True
        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            self._is_live = False
            is_over.set()
            ticker.join()
            self._print(sys.stderr, "")

    def _print(self, stream: TextIO, data: str | bytes) -> None:
        """Print above the line that shows how far it is, and bring that up to date."""
        with self._lock:
            if self._status:
                write(sys.stderr, f"\r{'':{len(self._status)}}\r")
            write(stream, data)
            self._status = self._progress() if self._is_live and _is_in_front() else ""
            write(sys.stderr, self._status)

    def _progress(self) -> str:
        counts = Counter(self._states.values())
        states = ", ".join(f"{count:,} {state}" for state, count in counts.items())
        return f"{self._elapsed}  {states}"[: get_terminal_size().columns - 1]

    @property
    def _elapsed(self) -> timedelta:
        return timedelta(seconds=int(time.monotonic() - self._began))


def _styled(text: str, style: int) -> str:
    """Style a text for stdout, as no-color.org and force-color.org ask for."""
    is_able = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    is_wanted = os.environ.get("FORCE_COLOR") or is_able
    return f"\x1b[{style}m{text}\x1b[m" if is_wanted and not os.environ.get("NO_COLOR") else text


def _is_in_front() -> bool:
    """Whether the terminal is this command's alone: with `&`, somebody types there."""
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except (AttributeError, OSError):  # Windows has no such thing.
        return True


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
