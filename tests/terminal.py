"""A terminal to run a command on, and what stands on its screen, for the tests."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyte


class Screen(NamedTuple):
    """What came of a command."""

    code: int
    raw: str
    """All that it wrote on the terminal."""
    lines: list[str]
    """What stands on the screen at the end and what has left it at its top, without empty lines."""


def run_on_terminal(
    command: Sequence[str], environment: Mapping[str, str], *, size: tuple[int, int]
) -> Screen:
    """Run a command on a terminal of so many columns and rows."""
    columns, rows = size
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
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
    code = process.wait(10)
    os.close(master)
    above = ["".join(row[n].data for n in range(columns)) for row in screen.history.top]
    lines = [line.rstrip() for line in [*above, *screen.display]]
    return Screen(code, raw.decode(), [line for line in lines if line])
