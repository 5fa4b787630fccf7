"""JSON as it goes over the wire."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NoReturn

from .mismatch import MismatchError, excerpt

_NUMBERS = re.compile(r'"(?:[^"\\]++|\\.)*+"|(NaN|-?Infinity|-?\d{640,})', re.DOTALL)


def load(content: bytes) -> Any:
    """Return the JSON value that a body is; raise `MismatchError` that says where it is none."""
    try:
        return json.loads(content, parse_constant=_refused)
    except UnicodeDecodeError as error:
        why = f"byte {error.start} is not {error.encoding.upper()}"
    except json.JSONDecodeError as error:
        why = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        why = "it is too deeply nested"
    except ValueError as error:
        why = _strange_number(
            content.decode(json.detect_encoding(content), "surrogatepass"), str(error)
        )
    text = content.decode(errors="replace")
    mismatch = MismatchError(f"expected JSON, got {excerpt(text)}: {why}")
    mismatch.expected, mismatch.got = "JSON", "another text"
    raise mismatch


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _strange_number(text: str, why: str) -> str:
    """Say where the number is that Python reads or that JSON has, but not both."""
    limit = sys.get_int_max_str_digits()
    for found in _NUMBERS.finditer(text):
        number = found[1] or ""
        if number and not number[-1].isdigit():
            why = f"{number} is not JSON"
        elif len(number.lstrip("-")) > limit > 0:
            why = f"an integer of {len(number.lstrip('-'))} digits is more than Python reads"
        else:
            continue
        line = text.count("\n", 0, found.start()) + 1
        return (
            f"{why} at line {line}, column {found.start() - text.rfind(chr(10), 0, found.start())}"
        )
    return why
