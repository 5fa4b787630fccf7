"""Draw the command line at work, as scripts/picture.svg."""

from __future__ import annotations

import io
import os
import re
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text
from stand_in import TOKEN, Server, jobs_of_the_spec
from terminal import run_on_terminal

PICTURE = Path(__file__).with_suffix(".svg")
COLUMNS = 92
IDS = ["7c1d4f7e-0b51-4b8e-9d5c-6a54f8e3c0aa", "2a5b9ad7-dc8f-47bb-8e62-843a38f8054c"]


def text_of(screen: pyte.Screen) -> Text:
    """Give what stands on a screen, in its colours."""

    def style(char: Any) -> str:
        colour = "yellow" if char.fg == "brown" else char.fg
        return f"bold {colour}" if char.bold else colour

    lines = []
    for row in range(screen.cursor.y + 1):
        chars = [screen.buffer[row][column] for column in range(COLUMNS)]
        runs = [("".join(c.data for c in run), look) for look, run in groupby(chars, style)]
        lines.append(Text.assemble(*runs))
        lines[-1].rstrip()
    return Text("\n").join(lines)


def main() -> int:
    """Run the command, and draw it as it is while one job has ended and the other runs."""
    shown: list[Text] = []

    def watch(screen: pyte.Screen, _: bytes) -> bytes:
        if not shown and any("0:00:03  running" in line for line in screen.display):
            shown.append(text_of(screen))
        return b""

    with Server(jobs_of_the_spec(pace=2.5, soon="0.5")) as server:
        environment = os.environ | {
            "NARRATIVE_API_KEY": TOKEN,
            "NARRATIVE_ENVIRONMENT": server.url,
            "TERM": "xterm-256color",
        }
        command = [sys.executable, "-m", "narrative_jobs", "wait", *IDS]
        result = run_on_terminal(command, environment, size=(COLUMNS, 40), watch=watch)
    if result.code or not shown:
        print(result.raw, file=sys.stderr)
        return 1
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    console.print(Text(f"$ narrative-jobs wait {' '.join(IDS)}", "bold"))
    console.print(shown[0], end="")
    # Without the web font: the fonts at hand will do.
    code_format = re.sub(r"@font-face {{.*?}}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    console.save_svg(
        str(PICTURE), title="narrative-jobs", code_format=code_format, unique_id="narrative-jobs"
    )
    print(f"drew scripts/{PICTURE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
