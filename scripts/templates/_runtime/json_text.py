"""JSON as it goes over the wire."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NoReturn

from .errors import MismatchError, excerpt


def load(content: bytes) -> Any:
    """Return the JSON value that a body is; raise `MismatchError` that says where it is none."""
    try:
        return json.loads(content, parse_constant=_refused)
    except UnicodeDecodeError as error:
        why = f"byte {error.start} is not {error.encoding.upper()}"
    except RecursionError:
        why = "it is too deeply nested"
    except ValueError as error:
        place = error if isinstance(error, json.JSONDecodeError) else _strange_number(content)
        why = f"{place.msg} at line {place.lineno}, column {place.colno}"
    text = content.decode(errors="replace")
    raise MismatchError(f"expected JSON, got {excerpt(text)}: {why}", "JSON", "another text")


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _strange_number(content: bytes) -> json.JSONDecodeError:
    """Say where the number is that Python reads or that JSON has, but not both."""
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    digits = (sys.get_int_max_str_digits() or 10**9) + 1
    strange = rf'"(?:[^"\\]++|\\.)*+"|(NaN|-?Infinity|-?\d{{{digits},}})'
    found = next(one for one in re.finditer(strange, text, re.DOTALL) if one[1])
    why = f"{found[1]} is not JSON"
    if found[1][-1].isdigit():
        count = len(found[1].lstrip("-"))
        why = f"an integer of {count} digits is more than Python reads"
    return json.JSONDecodeError(why, text, found.start(1))
