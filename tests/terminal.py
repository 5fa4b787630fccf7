"""A terminal to run a command on, and what stands on its screen, for the tests."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from signal import Signals
from typing import IO, NamedTuple

import pyte


class Screen(NamedTuple):
    """What came of a command."""

    code: int
    is_cursor_shown: bool
    raw: str
    """All that it wrote on the terminal."""
    out: str
    """What came on stdout, where that was a pipe."""
    lines: list[str]
    """What stands on the screen at the end and what has left it at its top, without empty lines."""


def run_on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    size: tuple[int, int] = (100, 100),
    stdout: IO[bytes] | int | None = None,
    watch: Callable[[pyte.Screen, bytes], bytes | Signals] = lambda screen, raw: b"",
) -> Screen:
    """Run a command on a terminal of so many columns and rows.

    `watch` sees the screen and all that was written, after each change; what it gives is typed, or
    sent to the command as a signal.
    """
    columns, rows = size
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave if stdout is None else stdout,
        stderr=slave,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    screen = pyte.HistoryScreen(columns, rows, history=10_000)
    stream, raw = pyte.ByteStream(screen), b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:  # It is over.
            break
        raw += data
        stream.feed(data)
        match watch(screen, raw):
            case Signals() as signal:
                process.send_signal(signal)
            case typed:
                os.write(master, typed)
    out, _ = process.communicate(timeout=10)
    os.close(master)
    above = ["".join(row[n].data for n in range(columns)) for row in screen.history.top]
    lines = [line.rstrip() for line in [*above, *screen.display]]
    text = out.decode() if out else ""
    return Screen(
        process.returncode,
        not screen.cursor.hidden,
        raw.decode(),
        text,
        [line for line in lines if line],
    )
