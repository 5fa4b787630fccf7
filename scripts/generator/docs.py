"""What the docstring of an operation says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .operation import Operation
from .shapes import UUID_ARGUMENT
from .text import Text, raw


def operation_doc(operation: Operation, named: Mapping[str, str]) -> Text:
    """Return the docstring of an operation; `named` are the errors of single statuses."""
    said = operation.content
    errors = {
        named[status]: f"{raw(text).removesuffix('.')} ({status})."
        for status, text in operation.answers
        if status in named
    }
    answers = [raw(text) for status, text in operation.answers if status.startswith("2")]
    answer = next(filter(None, answers), "")
    checked = [one for one in operation.path_fields if one.type.shape == UUID_ARGUMENT]
    raises = [
        *([("ValueError", f"`{checked[0].name}` is not a UUID.")] if checked else []),
        *errors.items(),
        ("APIStatusError", "The API answered with another unexpected status."),
        ("APIConnectionError", "The API could not be reached, or took too long."),
        ("ResponseDecodeError", "The answer does not match the spec."),
    ]
    arguments = [(one.name, raw(one.description)) for one in operation.positional]
    if arguments and operation.item_id:
        name, text = arguments[-1]
        arguments[-1] = name, f"{text} Or the {said['x-long-running']['noun']} itself."
    arguments += [(one.name, raw(one.description)) for one in operation.keywords]
    arguments.append(("options", "As in `with_options`, for this call alone."))
    parts = [
        said.get("summary", "").rstrip(".") + "." if said.get("summary") else "",
        said.get("description", ""),
        "Deprecated." if said.get("deprecated") else "",
        _section("Args", arguments),
        f"Returns:\n    {' '.join(answer.split())}" if answer else "",
        _section("Raises", raises),
        f"Source: `{operation.method} {raw(operation.path)}`.",
    ]
    return Text("\n\n".join(part for part in parts if part))


def _section(title: str, items: Iterable[tuple[str, str]]) -> str:
    lines = [f"    {name}: {' '.join(text.split())}" for name, text in items]
    return "\n".join([f"{title}:", *lines]) if lines else ""
