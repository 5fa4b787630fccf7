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
    return strings.safe_for_docstring(" ".join(text.split()))


def docstring(text: str, indent: int, *more: str) -> str:
    """Return a docstring: text of the document, and paragraphs of ours or of the document."""
    paragraphs = [
        strings.safe_for_docstring(one).strip() if isinstance(one, Text) else one
        for one in (Text(text), *more)
    ]
    lines = "\n\n".join(filter(None, paragraphs)).split("\n")
    filled = "\n".join(_filled(line, WIDTH - indent) for line in lines)
    body = f'"""{textwrap.indent(filled, " " * indent).lstrip()}'
    if "\n" in body:
        return f'{body}\n{" " * indent}"""'
    return f'{body}{"." if body.endswith(chr(34)) else ""}"""'


def _filled(line: str, width: int) -> str:
    """Fill a line; the rest of an item, of a list or of a section, is indented further."""
    indent = len(line) - len(line.lstrip())
    is_item = re.match(r"\s*([-*+]|\d+[.)]) ", line)
    hang = " " * (indent + (4 if line.startswith("    ") else 2 if is_item else 0))
    return textwrap.fill(
        line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
