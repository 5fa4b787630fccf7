"""A terminal to run a command on, and what stands on its screen, for the tests."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple

import pyte


class Screen(NamedTuple):
    """What came of a command."""

    code: int
    raw: str
    """All that it wrote on the terminal."""
    out: str
    """What came on stdout, where that was a pipe."""
    lines: list[str]
    """What stands on the screen at the end, without empty lines."""


def run_on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    size: tuple[int, int] = (100, 100),
    stdout: IO[bytes] | int | None = None,
    watch: Callable[[pyte.Screen, bytes], bytes] = lambda screen, raw: b"",
) -> Screen:
    """Run a command on a terminal of so many columns and rows.

    `watch` sees the screen and all that was written, after each change; what it gives is typed.
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
    screen = pyte.Screen(columns, rows)
    stream, raw = pyte.ByteStream(screen), b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:  # It is over.
            break
        raw += data
        stream.feed(data)
        if typed := watch(screen, raw):
            os.write(master, typed)
    out, _ = process.communicate(timeout=10)
    os.close(master)
    lines = [line.rstrip() for line in screen.display]
    text = out.decode() if out else ""
    return Screen(process.returncode, raw.decode(), text, [line for line in lines if line])
