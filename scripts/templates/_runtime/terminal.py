"""What the command line shows: results on stdout, all else on stderr."""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import attrs
import humanize
from rich.console import Console
from rich.live import Live
from rich.syntax import Syntax
from rich.text import Text

from .cli import NAME, Program, write
from .log import logger
from .mismatch import shortened
from .waiting import LongRunning

T = TypeVar("T")

MOST_IN_COLOUR = 100_000
"""The longest SQL, in characters, whose colours are worth the time."""

BETWEEN_WARNINGS = 60.0
"""How long after an error in a wait the next one is shown, in seconds."""


BETWEEN_REFRESHES = 0.25
"""How often the time goes on that is shown, in seconds."""


class Terminal(logging.Handler):
    """Where things are shown, and what is known of those that are waited for."""

    def __init__(
        self, program: Program, options: argparse.Namespace, record: LongRunning[Any]
    ) -> None:
        super().__init__(logging.DEBUG if options.verbose else logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.record = record
        self.server: object = None
        self._program, self._options = program, options
        self._console = _console(stderr=True)
        self._lock = threading.Lock()  # rich erases wrongly where two threads print at once.
        self._is_lively = sys.stderr.isatty() and not self._console.is_dumb_terminal
        self._shown = 0
        self._began = time.monotonic()
        self._next_warnings: dict[str, float] = {}
        self._states: dict[str, str] = {}
        self._active: set[str] = set()
        self._count = 0
        if options.verbose:
            logger.setLevel(logging.DEBUG)
            logger.addHandler(self)

    def complain(self, problem: object) -> None:
        """Say on one line what is wrong."""
        self.say(f"{NAME}: {' '.join(str(problem).split())}")

    def say(self, text: str) -> None:
        """Print a line on stderr, above what is live there."""
        if self._is_lively:
            with self._lock:
                self._console.print(Text(printable(text)), soft_wrap=True)
        else:
            write(sys.stderr, f"{printable(text)}\n")

    def emit(self, record: logging.LogRecord) -> None:
        """Show a line of the log; without `--verbose`, a warning of each kind a minute."""
        kind = str(record.msg)
        if self._options.verbose:
            self.say(self.format(record))
        elif time.monotonic() >= self._next_warnings.get(kind, 0.0):
            self._next_warnings[kind] = time.monotonic() + BETWEEN_WARNINGS
            self.complain(f"{self.server}: {record.getMessage()}")

    def show(self, item: object) -> None:
        """Print something on stdout: bytes as they are, else a description."""
        if isinstance(item, bytes):
            write(sys.stdout, item if item.endswith(b"\n") else item + b"\n")
            return
        console = _console()
        with console.capture() as capture:
            if self._shown:
                console.print()
            try:
                for line in self._described(item):
                    console.print(line, soft_wrap=not console.is_terminal)
            except RecursionError:  # Nobody reads what is so deeply nested.
                console.print("  (the rest is too deeply nested to be shown: see --json)")
        self._shown += 1
        write(sys.stdout, capture.get())

    def _described(self, item: Any) -> Iterator[Text]:
        """Describe something line by line; why it has failed comes first."""
        record, command = self.record, self._options.command
        is_bad = record.is_final(item) and not record.is_success(item)
        style = "red" if is_bad else "green" if record.is_success(item) else "cyan"
        state = (on_one_line(record.state_of(item)), style)
        yield Text.assemble((f"{record.noun} {record.id_of(item)}", "bold"), ": ", state)
        began, ended = record.began_of(item), record.ended_of(item)
        if began and ended:
            took = timedelta(seconds=round((ended - began).total_seconds()))
            with suppress(OverflowError):  # At the very ends of the calendar.
                yield Text(f"  took {humanize.precisedelta(took)}")
        pairs = [(name, value) for name, value in _pairs(item) if name not in command.headline]
        pairs.sort(key=lambda pair: not (is_bad and pair[0] == command.reasons))
        yield from _fields(pairs, self._program.sql)

    def update(self, item: Any) -> None:
        """Take in a new state. Say how one has ended, and on a pipe also every other state."""
        item_id, state = str(self.record.id_of(item)), on_one_line(self.record.state_of(item))
        is_final, reasons = self.record.is_final(item), ""
        self._states[item_id] = state
        if is_final:
            del self._states[item_id]
            self._active.discard(item_id.lower())
            reasons = "; ".join(reason for reason in self.record.reasons_of(item) if reason)
        is_news = not self._options.quiet and (is_final or not self._is_lively)
        if is_news or (is_final and not self.record.is_success(item)):
            because = f": {on_one_line(shortened(reasons))}" if reasons else ""
            self.say(f"{item_id} {state} after {self._elapsed}{because}")

    def follow(self, items: Iterator[T], ids: set[str]) -> Iterator[T]:
        """Yield each as it comes; until then show what changes, and what goes wrong."""
        self._count, self._active = len(ids), ids
        if not self._options.quiet and not self._options.verbose:
            logger.addHandler(self)
        if self._options.quiet or not self._is_lively:
            yield from items
            return
        done = object()
        while True:
            with self._live():
                item = next(items, done)
            if item is done:
                return
            yield cast("T", item)

    @contextmanager
    def _live(self) -> Generator[None]:
        """Keep the lines of what is still active up to date, and clear them in the end."""
        # A new one each time: rich moves the cursor up by the height that it once had.
        live = Live(
            console=self._console,
            get_renderable=self._lines,
            transient=True,
            auto_refresh=False,
        )
        is_over = threading.Event()

        def refresh() -> None:
            while not is_over.wait(BETWEEN_REFRESHES):
                with self._lock:
                    live.refresh()

        with self._lock:
            live.start(refresh=True)
            self._console.show_cursor()  # So that it is there, whatever signal ends this.
        ticker = threading.Thread(target=refresh, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            is_over.set()
            ticker.join()
            with self._lock:
                live.stop()

    @property
    def _elapsed(self) -> timedelta:
        return timedelta(seconds=int(time.monotonic() - self._began))

    def _lines(self) -> Text:
        room = max(self._console.height - 3, 0)
        states = list(self._states.items())
        text = Text(no_wrap=True, overflow="crop")
        for item_id, state in states[:room]:
            text.append(f"{cut(item_id, self._console.width - 12)}  ").append(f"{state}\n", "cyan")
        if len(states) > room > 0:
            text.append(f"and {len(states) - room:,} more\n")
        ended = self._count - len(self._active)
        return text.append(f"{self._elapsed}  {ended:,} of {self._count:,} ended", "dim")


def printable(text: str) -> str:
    """Show what would control the terminal, but for line breaks."""
    text = text.expandtabs()
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def on_one_line(text: str) -> str:
    """Show what would control the terminal, line breaks included."""
    return printable(text).replace("\n", "\\n")


def cut(text: str, room: int) -> str:
    """Shorten a text in its middle, if it has no room."""
    half = max(room, 8) // 2 - 1
    return text if len(text) <= 2 * half + 2 else f"{text[:half]}..{text[-half:]}"


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False)
    console.width = console.width or 80
    return console


def _fields(
    pairs: Iterable[tuple[str, object]], sql: frozenset[str], indent: str = "  "
) -> Iterator[Text]:
    """Describe what something holds, a field a line."""
    for name, value in pairs:
        label, deeper = f"{indent}{on_one_line(name)}:", f"{indent}  "
        if isinstance(value, datetime):
            yield Text(f"{label} {_time(value)}")
        elif isinstance(value, list):
            yield Text(label if value else f"{label} none")
            items = enumerate(cast("Sequence[object]", value), 1)
            yield from _fields(((str(number), item) for number, item in items), sql, deeper)
        elif isinstance(value, Mapping) or attrs.has(type(value)):
            yield Text(label)
            yield from _fields(_pairs(value), sql, deeper)
        elif name in sql or "\n" in str(value):
            yield Text(label)
            text = Text(printable(str(value)))
            if name in sql and len(text) < MOST_IN_COLOUR:
                text = Syntax("", "sql", theme="ansi_dark").highlight(text.plain)
            for line in text.split():
                yield Text.assemble(deeper, line)
        else:
            yield Text(f"{label} {printable(str(value))}")


def _pairs(value: Any) -> list[tuple[str, object]]:
    """Return what there is in a model or a mapping, by name."""
    if isinstance(value, Mapping):
        pairs = list(cast("Mapping[str, object]", value).items())
    else:
        fields = attrs.fields(cast("type[attrs.AttrsInstance]", type(value)))
        names = [field.name for field in fields if not field.name.startswith("_")]
        pairs = [(name, getattr(value, name)) for name in names[:-1]]
        pairs += getattr(value, names[-1]).items()  # `additional_properties` is the last.
    return [pair for pair in pairs if pair[1] is not None]


def _time(moment: datetime) -> str:
    try:
        age = humanize.naturaltime(datetime.now(UTC) - moment)
        return f"{age} ({moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"
    except OverflowError:
        return moment.isoformat()
