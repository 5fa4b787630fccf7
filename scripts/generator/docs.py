"""What the docstring of an operation says."""

from __future__ import annotations

from collections.abc import Iterable

from .operation import Operation
from .sdk import StatusError
from .shapes import UUID_ARGUMENT
from .text import Text, sentence


def operation_doc(operation: Operation, errors: Iterable[StatusError]) -> Text:
    """Return the docstring of an operation."""
    said, named = operation.content, {str(one.code): one.name for one in errors}
    answers = [one.description for one in operation.answers if one.status.startswith("2")]
    answer = next(filter(None, answers), "")
    in_path = [one for one in operation.positional if one.said["in"] == "path"]
    checked = [one for one in in_path if one.type == UUID_ARGUMENT]
    raises = [
        *([("ValueError", f"`{checked[0].name}` is not a UUID.")] if checked else []),
        *(
            (named[one.status], f"{one.description.removesuffix('.')} ({one.status}).")
            for one in operation.answers
            if one.status in named
        ),
        ("APIStatusError", "The API answered with another unexpected status."),
        ("APIConnectionError", "The API could not be reached, or took too long."),
        ("ResponseDecodeError", "The answer does not match the spec."),
    ]
    arguments: list[tuple[str, str]] = [(one.name, one.description) for one in operation.positional]
    if arguments and operation.item_id:
        name, text = arguments[-1]
        arguments[-1] = name, f"{text} Or the {said['x-long-running']['noun']} itself."
    arguments += [(one.name, one.description) for one in operation.keywords]
    arguments.append(("options", "As in `with_options`, for this call alone."))
    parts = [
        sentence(said.get("summary") or ""),
        said.get("description") or ("" if said.get("summary") else f"Call `{operation.place}`."),
        "Deprecated." if said.get("deprecated") else "",
        _section("Args", arguments),
        f"Returns:\n    {' '.join(answer.split())}" if answer else "",
        _section("Raises", raises),
        f"Source: `{operation.place}`.",
    ]
    return Text("\n\n".join(part for part in parts if part))


def _section(title: str, items: Iterable[tuple[str, str]]) -> str:
    lines = [f"    {name}: {' '.join(text.split())}" for name, text in items]
    return "\n".join([f"{title}:", *lines]) if lines else ""
