"""The steps from a document to what `render` writes, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .document import Document, at, checked
from .flat import Flattener
from .operation import Operation
from .operations import noting, read_operations
from .paging import paging_of
from .reader import Reader
from .sdk import OUR_ERRORS, STATUS_ERRORS, about, error_fields, example
from .tags import Tags
from .waits import wait_of


def read(document: Document) -> dict[str, Any]:
    """Return the package that a document asks for, as templates know it: `sdk`."""
    document = checked(document)
    reader = Reader(Flattener(document))
    reader.run((document.get("components") or {}).get("schemas") or {})
    found, security = read_operations(reader)
    Tags(reader).run()
    models, problems = reader.models, reader.problems
    operations = list(_made(found, reader))
    models.keep([*reader.components(), *(name for one in operations for name in one.classes)])
    _extend(operations, reader)
    waits = [one.wait for one in operations if one.wait]
    models.link()
    with at("info, servers or x-sdk"):
        said = about(document)
    ends = [error for wait in waits for error in wait.errors]
    public = {
        "client": ["AsyncClient", "CallOptions", "Client", "Response"],
        "errors": sorted([*OUR_ERRORS, f"{said['name']}Error", *ends]),
    }
    ours = {name for names in public.values() for name in names}
    model_names = sorted(name for _, names in models.exports() for name in names)
    # Names of the package itself hide those of the models.
    public["models"] = [name for name in model_names if name not in ours]
    return said | {
        "auth": security.header,
        "missing": list(dict.fromkeys(map(str, problems))),
        "example": example(operations, waits),
        "status_errors": STATUS_ERRORS,
        "error_fields": error_fields(operations, models, waits),
        "operations": operations,
        "waits": waits,
        "commands": [wait for wait in waits if not any(one.required for one in wait.others)],
        "models": models,
        "shown": ["*"] if public["models"] == model_names else public["models"],
        "public": public,
    }


def _made(operations: list[Operation], reader: Reader) -> Iterator[Operation]:
    """Leave out the classes that cannot be made; yield the operations that need none of them."""
    causes = reader.models.leave_out(reader.broken)
    reader.problems += causes.values()
    for one in operations:
        if broken := [causes[name] for name in sorted(one.classes & set(causes))]:
            reader.problems.append(broken[0].within(one.place))
        else:
            yield one


def _extend(operations: list[Operation], reader: Reader) -> None:
    """Add the waits that the document asks for, and its iterators over pages.

    What cannot be met is a problem, and the operation itself as good without.
    """
    models, problems = reader.models, reader.problems
    taken = {*OUR_ERRORS, *(one.name for one in operations)}
    for one in operations:
        with noting(problems, f"{one.place}: x-paging"):
            if hints := one.content.get("x-paging"):
                one.paging = paging_of(one, hints, models, taken)
                taken.add(one.paging.name)
        with noting(problems, f"{one.place}: x-long-running"):
            if hints := one.content.get("x-long-running"):
                one.wait = wait_of(one, hints, models, taken)
                noun = one.wait.noun
                taken |= {f"wait_for_{noun}", f"wait_for_{noun}s", *one.wait.errors}
