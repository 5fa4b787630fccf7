"""The steps from a document to what `render` writes, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .document import Document, at, checked
from .extensions import extend
from .flat import Flattener
from .operation import Operation
from .operations import read_operations
from .reader import Reader
from .sdk import OUR_ERRORS, STATUS_ERRORS, about, error_fields, example
from .tags import Tags


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
    extend(operations, reader, {*OUR_ERRORS, *(one.name for one in operations)})
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
