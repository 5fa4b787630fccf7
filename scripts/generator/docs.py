"""What the docstring of an operation says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .operation import Operation
from .sdk import StatusError
from .text import Text, sentence


def operation_doc(operation: Operation, errors: Iterable[StatusError]) -> Text:
    """Return the docstring of an operation."""
    said, named = operation.content, {str(one.code): one.name for one in errors}
    answers = [one.description for one in operation.answers if one.status.startswith("2")]
    answer = next(filter(None, answers), "")
    fields = [*operation.positional, *operation.keywords]
    arguments: dict[str, str] = {one.name: one.description for one in fields}
    if operation.item_id:
        noun = said["x-long-running"]["noun"]
        arguments[operation.positional[-1].name] += f" Or the {noun} itself."
    statuses = {
        named[one.status]: f"{one.description.removesuffix('.')} ({one.status})."
        for one in operation.answers
        if one.status in named
    }
    others = {
        "APIStatusError": "The API answered with another unexpected status.",
        "APIConnectionError": "The API could not be reached, or took too long.",
        "ResponseDecodeError": "The answer does not match the spec.",
    }
    parts = [
        sentence(said.get("summary") or ""),
        said.get("description") or ("" if said.get("summary") else f"Call `{operation.place}`."),
        "Deprecated." if said.get("deprecated") else "",
        _section("Args", arguments | {"options": "As in `with_options`, for this call alone."}),
        f"Returns:\n    {' '.join(answer.split())}" if answer else "",
        _section("Raises", {"ValueError": "An argument is invalid."} | statuses | others),
        f"Source: `{operation.place}`.",
    ]
    return Text("\n\n".join(part for part in parts if part))


def _section(title: str, items: Mapping[str, str]) -> str:
    lines = [f"    {name}: {' '.join(text.split())}" for name, text in items.items()]
    return "\n".join([f"{title}:", *lines])
