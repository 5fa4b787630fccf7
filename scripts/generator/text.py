"""Text of a document on its way into Python: each goes through a filter, or the run stops."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from openapi_python_client import strings

WIDTH = 100
"""The length of a line in the package."""


class Text(str):
    """Text that somebody else wrote; a template that prints it without a filter stops the run."""

    __slots__ = ()


def sentence(said: object) -> str:
    """Return a text so that another sentence may follow it."""
    text = str(said).strip()
    return f"{text}." if text and text[-1] not in ".!?:" else text


def literal(value: str | int | Sequence[str]) -> str:
    """Return a value as a Python literal."""
    return repr(value)


def in_docstring(text: str) -> str:
    """Return text on one line, for the midst of a docstring."""
    return strings.safe_for_docstring(" ".join(text.split())).replace('"', "'")


def docstring(text: str, indent: int, *more: str) -> str:
    """Return a docstring: text of the document, and paragraphs of ours."""
    safe = strings.safe_for_docstring(text).strip()
    paragraphs = [*re.split(r"\n\s*\n", safe), *more]
    filled = "\n\n".join(_filled(part, WIDTH - indent) for part in paragraphs if part)
    body = f'"""{textwrap.indent(filled, " " * indent).lstrip()}'
    if "\n" in body:
        return f'{body}\n{" " * indent}"""'
    return f'{body}{"." if body.endswith(chr(34)) else ""}"""'


def _filled(paragraph: str, width: int) -> str:
    """Fill a paragraph as one, or line by line where it is a list, a table or code."""
    lines = paragraph.split("\n")
    if not any(re.match(r"\s*([-*+]|\d+[.)]) |\||```|    ", line) for line in lines):
        lines = [" ".join(paragraph.split())]
    return "\n".join(
        textwrap.fill(
            line,
            width,
            subsequent_indent=" " * _hang(line, is_item=len(lines) > 1),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    )


def _hang(line: str, *, is_item: bool) -> int:
    """Return how far the further lines of an item are indented."""
    indent = len(line) - len(line.lstrip())
    return indent + (4 if line.startswith("    ") else 2 if is_item else 0)
